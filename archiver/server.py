"""The façade over HTTP on a unix socket: routes, callers, faults as JSON.

Promises that the caller is who the kernel says he is, that his right is asked before a word of his
request is looked at, that no route does more than call one method of `Archive`, and that every
fault arrives as reason, parameters and exit code.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
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
from archiver.acts import ACTS, MOST, required, sound, too_large, words_of
from archiver.archive import Archive, File, Json, Progress
from archiver.door import Guest, caller_of
from archiver.errors import ExitCode, Fault, SystemFault, UsageFault
from archiver.house import House, new_id
from archiver.machine import fault_of
from archiver.pools import Kind, Pools
from archiver.rights import Act

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
_SHOWN = 20  # letters of what was no number
_STATUS = {
    ExitCode.NOT_FOUND: 404,
    ExitCode.REFUSED: 403,
    ExitCode.USAGE: 400,
    ExitCode.LOCKED: 409,
    # About one document: what was asked is understood, but cannot be had of it.
    ExitCode.FINDINGS: 422,
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
    for method, path, right, handler in _ROUTES:
        app.router.add_route(method, path, _asked(right, handler))
    app.router.add_route("POST", "/acts/{act}", _act)
    return app


def _asked(right: Act, handler: Handler) -> Handler:
    """A handler that is called for those only who have the right to what it does."""

    async def asked(request: web.Request) -> web.StreamResponse:
        await _run(request, "quick", _archive(request).require, right)
        return await handler(request)

    return asked


def farewell(fault: Fault) -> bytes:
    """A fault as bytes on the wire, for a connection that is not let in."""
    body = json.dumps(fault_json(fault)).encode()
    status = _STATUS.get(ExitCode(fault.exit_code), 500)
    head = f"HTTP/1.0 {status} -\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@web.middleware
async def _faults_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
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


async def _status(request: web.Request) -> web.StreamResponse:
    archive, limit = _archive(request), _number(request.query.get("limit", "50"))
    return web.json_response(await _run(request, "quick", archive.status, limit))


async def _search(request: web.Request) -> web.StreamResponse:
    query, limit = _query(request, "q", "*"), _number(request.query.get("limit", "20"))
    return web.json_response(await _run(request, "quick", _archive(request).search, query, limit))


async def _show(request: web.Request) -> web.StreamResponse:
    return web.json_response(await _run(request, "quick", _archive(request).show, _id(request)))


async def _text(request: web.Request) -> web.StreamResponse:
    return web.json_response(await _run(request, "quick", _archive(request).text, _id(request)))


async def _retry(request: web.Request) -> web.StreamResponse:
    return web.json_response(await _run(request, "desk", _archive(request).retry, _id(request)))


async def _dismiss(request: web.Request) -> web.StreamResponse:
    reason = await _reason(request)
    archive = _archive(request)
    return web.json_response(await _run(request, "desk", archive.dismiss, _id(request), reason))


async def _withdraw(request: web.Request) -> web.StreamResponse:
    reason = await _reason(request)
    archive = _archive(request)
    return web.json_response(await _run(request, "desk", archive.withdraw, _id(request), reason))


async def _review(request: web.Request) -> web.StreamResponse:
    archive, limit = _archive(request), _number(request.query.get("limit", "50"))
    return web.json_response(await _run(request, "quick", archive.review, limit))


async def _accept(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await _run(request, "desk", archive.accept, _id(request), words))


async def _set(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await _run(request, "desk", archive.set, _id(request), words))


async def _correct(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await _run(request, "desk", archive.correct, _id(request), words))


async def _split(request: web.Request) -> web.StreamResponse:
    archive, starts = _archive(request), [_number(word) for word in await _words(request)]
    return web.json_response(await _run(request, "desk", archive.split, _id(request), starts))


async def _merge(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    woven = request.query.get("woven") == "1"
    merged = await _run(request, "desk", archive.merge, words, woven=woven)
    return web.json_response(merged)


async def _reject(request: web.Request) -> web.StreamResponse:
    archive, reason = _archive(request), await _reason(request)
    return web.json_response(await _run(request, "desk", archive.reject, _id(request), reason))


async def _release(request: web.Request) -> web.StreamResponse:
    return web.json_response(await _run(request, "desk", _archive(request).release, _id(request)))


async def _picture(request: web.Request) -> web.StreamResponse:
    page = _number(str(request.match_info["page"]))
    file = await _waited(request, "pictures", _archive(request).picture, _id(request), page)
    return await _sent(request, file)


async def _replace(request: web.Request) -> web.StreamResponse:
    archive, name = _archive(request), _name(request)
    async with _spooled(request) as source:
        answer = await _run(request, "desk", archive.replace, _id(request), source, name)
    return web.json_response(answer)


async def _restore(request: web.Request) -> web.StreamResponse:
    archive = _archive(request)
    async with _spooled(request) as source:
        answer = await _run(request, "desk", archive.restore, _id(request), source)
    return web.json_response(answer)


async def _learn(request: web.Request) -> web.StreamResponse:
    archive, wait = _archive(request), request.query.get("wait") == "1"
    async with _spooled(request) as source:
        return web.json_response(await _run(request, "slow", archive.learn, source, wait))


async def _reindex(request: web.Request) -> web.StreamResponse:
    return await _with_progress(request, _archive(request).reindex)


async def _verify(request: web.Request) -> web.StreamResponse:
    return await _with_progress(request, _archive(request).verify, is_wanted_only=True)


async def _act(request: web.Request) -> web.StreamResponse:
    """A use case by its name."""
    archive, name = _archive(request), str(request.match_info["act"])
    await _run(request, "quick", archive.require, required(name))
    way = ACTS.get(name)
    if way is None:
        raise UsageFault("bad_request", word=sound(name))
    method = getattr(archive, name)
    if way == "upload":
        words = words_of(method, _parsed(_query(request, "words", "{}").encode()))
        async with _spooled(request) as source:
            answer = await _run(request, "slow", partial(method, source=source, **words))
        return web.json_response(answer)
    words = words_of(method, _parsed(await _body(request)))
    if way == "progress":
        return await _with_progress(request, lambda report: method(progress=report, **words))
    answer = await _run(request, "slow", partial(method, **words))
    return await _sent(request, answer) if way == "file" else web.json_response(answer)


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


async def _file(request: web.Request) -> web.StreamResponse:
    original = request.query.get("original") == "1"
    archive = _archive(request)
    file = await _run(request, "quick", archive.fetch, _id(request), original=original)
    return await _sent(request, file)


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


async def _add(request: web.Request) -> web.StreamResponse:
    archive, name = _archive(request), _name(request)
    pipeline = await _run(request, "quick", archive.way_in, _query(request, "pipeline") or None)
    async with _spooled(request) as source:
        answer = await _run(request, "desk", archive.add, source, name, pipeline)
    return web.json_response(answer)


def _name(request: web.Request) -> bytes:
    """The name of a file that is sent."""
    try:
        name = base64.urlsafe_b64decode(_query(request, "name"))
    except (ValueError, binascii.Error):
        raise UsageFault("bad_name") from None
    if not name or b"/" in name or b"\0" in name or name in (b".", b".."):
        raise UsageFault("bad_name")
    return name


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
    request: web.Request, work: Callable[[Progress], Json], *, is_wanted_only: bool = False
) -> web.StreamResponse:
    """Answer with a line of JSON for each progress, and the result or fault as the last one.

    Args:
        request: to be answered.
        work: is given what tells progress.
        is_wanted_only: whether it is given up when nobody waits for it any more.
    """
    gone = threading.Event()
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[Json | None] = asyncio.Queue()

    def tell(line: Json | None) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    def report(done: int, total: int) -> None:
        if request.app[HOUSE].office is None or (is_wanted_only and gone.is_set()):
            raise SystemFault("daemon_gone")
        tell({"done": done, "total": total})

    def run() -> None:
        try:
            tell({"result": work(report)})
        except Fault as fault:
            tell({"fault": fault_json(fault)})
        except Exception as error:
            tell({"fault": fault_json(_unforeseen(error))})
        tell(None)

    running = asyncio.create_task(_run(request, "slow", run))
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


async def _reason(request: web.Request) -> str:
    reason = _parsed(await _body(request)).get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageFault("reason_missing")
    return reason.strip()


async def _words(request: web.Request) -> list[str]:
    """Words of a person, as a list of texts."""
    words = _parsed(await _body(request)).get("words")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return words
    raise UsageFault("nothing_to_set")


def _id(request: web.Request) -> str:
    return str(sound(request.match_info["id"]))


def _query(request: web.Request, name: str, default: str = "") -> str:
    return str(sound(request.query.get(name, default)))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageFault("not_a_number", value=sound(text)[:_SHOWN])
    if len(text) > len(str(MOST)):
        raise too_large()
    return int(text)


_ROUTES: tuple[tuple[str, str, Act, Handler], ...] = (
    ("GET", "/status", Act.STATUS, _status),
    ("GET", "/search", Act.SEARCH, _search),
    ("POST", "/documents", Act.ADD, _add),
    ("GET", "/documents/{id}", Act.READ, _show),
    ("GET", "/documents/{id}/text", Act.READ, _text),
    ("GET", "/documents/{id}/file", Act.READ, _file),
    ("POST", "/documents/{id}/retry", Act.TIDY, _retry),
    ("POST", "/documents/{id}/dismiss", Act.TIDY, _dismiss),
    ("POST", "/documents/{id}/withdraw", Act.SETTLE, _withdraw),
    ("GET", "/review", Act.STATUS, _review),
    ("GET", "/documents/{id}/pages/{page}", Act.READ, _picture),
    ("POST", "/documents/{id}/accept", Act.DECIDE, _accept),
    ("POST", "/documents/{id}/set", Act.DECIDE, _set),
    ("POST", "/documents/{id}/correct", Act.DECIDE, _correct),
    ("POST", "/documents/{id}/split", Act.DECIDE, _split),
    ("POST", "/documents/{id}/reject", Act.DECIDE, _reject),
    ("POST", "/documents/{id}/release", Act.DISPOSE, _release),
    ("POST", "/documents/{id}/scan", Act.DECIDE, _replace),
    ("POST", "/documents/{id}/copy", Act.DECIDE, _restore),
    ("POST", "/merge", Act.DECIDE, _merge),
    ("POST", "/examples", Act.MAINTAIN, _learn),
    ("POST", "/reindex", Act.MAINTAIN, _reindex),
    ("POST", "/verify", Act.MAINTAIN, _verify),
)
