"""The acts of the archive over HTTP on a unix socket: one route, callers, faults as JSON.

Promises that the caller is who the kernel says he is, that his right is asked before a word of his
request is looked at, and that every fault arrives as reason, parameters and exit code. What can be
asked stands at the acts (`archiver.acts`); here is only how their arguments and answers travel.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web

from archiver import phrases
from archiver.acts import Act, File, Json, sound
from archiver.archive import Archive
from archiver.door import Guest, caller_of
from archiver.errors import ExitCode, Fault, SystemFault, UsageFault
from archiver.house import House, new_id
from archiver.machine import fault_of
from archiver.pools import Kind, Pools

log = logging.getLogger(__name__)

HOUSE = web.AppKey("house", House)
POOLS = web.AppKey("pools", Pools)
_ARCHIVE = web.RequestKey("archive", Archive)

P = ParamSpec("P")
T = TypeVar("T")

_CHUNK = 1 << 18
_FAREWELL = 3.0  # seconds for answers on their way when the daemon stops
_LONGEST_LINE = 1 << 19  # the longest argument of a command, each byte written as three
_GLANCE = 0.25  # seconds between two looks whether somebody still waits
_BODY_SECONDS = 60.0
_STATUS = {
    ExitCode.NOT_FOUND: 404,
    ExitCode.REFUSED: 403,
    ExitCode.USAGE: 400,
    ExitCode.LOCKED: 409,
    # About one document: what was asked is understood, but cannot be had of it.
    ExitCode.FINDINGS: 422,
}


def served(house: House, pools: Pools) -> web.AppRunner:
    """One archive, ready to be asked.

    Args:
        house: the archive.
        pools: threads in which it answers.
    """
    return web.AppRunner(
        _app(house, pools),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=_FAREWELL,
        # One request for each connection.
        keepalive_timeout=0.0,
        max_line_size=_LONGEST_LINE,
    )


def _app(house: House, pools: Pools) -> web.Application:
    app = web.Application(middlewares=[_faults_as_json], client_max_size=1 << 20)
    app[HOUSE] = house
    app[POOLS] = pools
    app.router.add_route("POST", "/acts/{act}", _act)
    return app


def farewell(fault: Fault) -> bytes:
    """A fault as bytes on the wire, for a connection that is not let in."""
    body = json.dumps(fault_json(fault)).encode()
    status = _STATUS.get(ExitCode(fault.exit_code), 500)
    head = f"HTTP/1.0 {status} -\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@web.middleware
async def _faults_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    guest = request.transport.get_protocol() if request.transport else None
    if isinstance(guest, Guest):
        guest.begun()
    try:
        return await handler(request)
    except Fault as fault:
        return _told(fault)
    except web.HTTPException as refused:
        return _told(UsageFault("bad_request", word=f"HTTP {refused.status}"))
    except TimeoutError:
        return _told(UsageFault("request_too_slow"))
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        return _told(_unforeseen(error))


def _unforeseen(error: Exception) -> Fault:
    """What a person is told of an error that nobody has translated: the system's, else a bug."""
    log.error("request failed", exc_info=error)
    return fault_of(error) if isinstance(error, OSError) else Fault("bug")


def _told(fault: Fault) -> web.StreamResponse:
    status = _STATUS.get(ExitCode(fault.exit_code), 500)
    return web.json_response(fault_json(fault), status=status)


def fault_json(fault: Fault) -> Json:
    """A fault as it travels."""
    return {
        "reason": fault.reason,
        "params": fault.params,
        "exit_code": int(fault.exit_code),
        "message": phrases.sentence(fault.reason, fault.params),
    }


def _archive(request: web.Request) -> Archive:
    """The archive as the person sees it who asks; the same for the whole request."""
    if _ARCHIVE not in request:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        caller = caller_of(transport.get_extra_info("socket"))
        request[_ARCHIVE] = Archive(request.app[HOUSE], caller)
    return request[_ARCHIVE]


async def _run(
    request: web.Request, kind: Kind, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Have work done in a thread of a kind, in the person's turn."""
    uid = _archive(request).caller.uid
    return await request.app[POOLS].run(kind, uid, work, *args, **kwargs)


async def _waited(
    request: web.Request, kind: Kind, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same for work that is given up when the person has gone, or the daemon stops."""
    patience = _archive(request).patience
    running = asyncio.ensure_future(_run(request, kind, work, *args, **kwargs))
    try:
        while not (await asyncio.wait({running}, timeout=_GLANCE))[0]:
            if request.app[POOLS].is_closing:
                raise SystemFault("daemon_gone")
            if request.transport is None or request.transport.is_closing():
                raise asyncio.CancelledError
        return running.result()
    finally:
        patience.end()
        running.cancel()


async def _act(request: web.Request) -> web.StreamResponse:
    """Do what is asked for by its path, and answer in the way of the act."""
    archive = _archive(request)
    part, act = await _run(request, "quick", archive.asked, str(request.match_info["act"]))
    async with contextlib.AsyncExitStack() as stack:
        if act.source is None:
            words = act.words(_parsed(await _body(request)))
        else:
            words = act.words(
                _parsed(request.query.get("words", "{}").encode(errors="surrogatepass"))
            )
            if act.before is not None:
                await _run(request, "quick", act.before, part, **words)
            words[act.source] = await stack.enter_async_context(_spooled(request))
        work = partial(act.method, part, **words)
        if act.progress is not None:
            return await _with_progress(request, act, work)
        run = _waited if act.while_wanted else _run
        answer = await run(request, act.pool, work)
    return await _sent(request, answer) if isinstance(answer, File) else web.json_response(answer)


async def _body(request: web.Request) -> bytes:
    """The words of a request, which must come without much delay.

    Raises:
        TimeoutError: they do not.
    """
    async with asyncio.timeout(_BODY_SECONDS):
        return await request.read()


def _parsed(content: bytes) -> Json:
    """A JSON object, all of whose words are text that can be written down."""
    try:
        parsed: Json = sound(msgspec.json.decode(content, type=dict[str, Any]))
        return parsed
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise UsageFault("bad_request", word="JSON") from None


async def _sent(request: web.Request, file: File) -> web.StreamResponse:
    """A file as the answer, with its name for people and what is worth telling."""
    with file.stream:
        response = web.StreamResponse(
            headers={
                "Content-Type": file.media_type,
                "Content-Length": str(file.size),
                "X-Name": quote(file.name),
                "X-Notice": file.notice or "",
            }
        )
        await response.prepare(request)
        while chunk := await _run(request, "bytes", file.stream.read, _CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response


@contextlib.asynccontextmanager
async def _spooled(request: web.Request) -> AsyncIterator[BinaryIO]:
    """What is sent, as a file in the stage; it is cleared of such files at the next start."""
    spool = request.app[HOUSE].config.places.stage / f"{new_id()}.part"
    try:
        await _receive(request, spool)
        with spool.open("rb") as source:
            yield source
    finally:
        spool.unlink(missing_ok=True)


async def _receive(request: web.Request, spool: Path) -> None:
    from archiver.store import durable

    with durable.storage_faults(spool), spool.open("xb") as target:
        while chunk := await asyncio.wait_for(request.content.read(_CHUNK), _BODY_SECONDS):
            await _run(request, "bytes", target.write, chunk)


async def _with_progress(
    request: web.Request, act: Act, work: Callable[..., Json]
) -> web.StreamResponse:
    """Answer with a line of JSON for each progress, and the result or fault as the last one."""
    told = str(act.progress)
    gone = threading.Event()
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[Json | None] = asyncio.Queue()

    def tell(line: Json | None) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    def report(done: int, total: int) -> None:
        if request.app[HOUSE].office is None or (act.while_wanted and gone.is_set()):
            raise SystemFault("daemon_gone")
        tell({"done": done, "total": total})

    def run() -> None:
        try:
            tell({"result": work(**{told: report})})
        except Fault as fault:
            tell({"fault": fault_json(fault)})
        except Exception as error:
            tell({"fault": fault_json(_unforeseen(error))})
        tell(None)

    running = asyncio.create_task(_run(request, act.pool, run))
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    try:
        await response.prepare(request)
        while (line := await lines.get()) is not None:
            await response.write(json.dumps(line).encode() + b"\n")
        await running
    finally:
        gone.set()
    await response.write_eof()
    return response
