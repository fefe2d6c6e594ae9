"""The façade over HTTP on a unix socket: routes, callers, faults as JSON.

Promises that the caller is who the kernel says he is, that no route does more than call one
method of `Archive`, and that every fault arrives as reason, parameters and exit code.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import logging
import os
import pwd
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
from aiohttp import web

from archiver import phrases
from archiver.acts import ACTS, words_of
from archiver.archive import Archive, File, Json, Progress
from archiver.errors import ExitCode, Fault, SystemFault, UsageFault
from archiver.house import House, new_id
from archiver.machine import fault_of
from archiver.plaintext import plain_lines, plain_values
from archiver.rights import Caller

log = logging.getLogger(__name__)

HOUSE = web.AppKey("house", House)

_PEER = struct.Struct("3i")
_SO_PEERGROUPS = 59
_MOST_GROUPS = 256  # Python hands the kernel at most 1024 bytes
_CHUNK = 1 << 18
_STATUS = {
    ExitCode.NOT_FOUND: 404,
    ExitCode.REFUSED: 403,
    ExitCode.USAGE: 400,
    ExitCode.LOCKED: 409,
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(house: House) -> web.Application:
    """The routes of one archive."""
    app = web.Application(middlewares=[_faults_as_json], client_max_size=1 << 20)
    app[HOUSE] = house
    app.add_routes(
        [
            web.get("/status", _status),
            web.get("/search", _search),
            web.post("/documents", _add),
            web.get("/documents/{id}", _show),
            web.get("/documents/{id}/text", _text),
            web.get("/documents/{id}/file", _file),
            web.post("/documents/{id}/retry", _retry),
            web.post("/documents/{id}/dismiss", _dismiss),
            web.post("/documents/{id}/withdraw", _withdraw),
            web.get("/review", _review),
            web.get("/documents/{id}/pages/{page}", _picture),
            web.post("/documents/{id}/accept", _accept),
            web.post("/documents/{id}/set", _set),
            web.post("/documents/{id}/correct", _correct),
            web.post("/documents/{id}/split", _split),
            web.post("/documents/{id}/reject", _reject),
            web.post("/documents/{id}/release", _release),
            web.post("/documents/{id}/scan", _replace),
            web.post("/documents/{id}/copy", _restore),
            web.post("/merge", _merge),
            web.post("/examples", _learn),
            web.post("/reindex", _reindex),
            web.post("/verify", _verify),
            web.post("/acts/{act}", _act),
        ]
    )
    return app


def caller_of(sock: socket.socket | Any) -> Caller:
    """Who is at the other end of a unix socket, with all his groups, as the kernel knows."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _pid, uid, gid = _PEER.unpack(raw)
    try:
        groups = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:
        # More groups than fit: the system's own list of this user's groups answers.
        return Caller(uid, frozenset(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)))
    return Caller(uid, frozenset({gid, *struct.unpack(f"{len(groups) // 4}I", groups)}))


@web.middleware
async def _faults_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Fault as fault:
        return web.json_response(
            fault_json(fault), status=_STATUS.get(ExitCode(fault.exit_code), 500)
        )
    except (web.HTTPException, asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        told = _unforeseen(error)
        return web.json_response(
            fault_json(told), status=_STATUS.get(ExitCode(told.exit_code), 500)
        )


def _unforeseen(error: Exception) -> Fault:
    """What a person is told of an error that nobody has translated: the system's, else a bug."""
    log.error("request failed", exc_info=error)
    return fault_of(error) if isinstance(error, OSError) else Fault("bug")


def fault_json(fault: Fault) -> Json:
    """A fault as it travels."""
    return {
        "reason": fault.reason,
        "params": fault.params,
        "exit_code": int(fault.exit_code),
        "message": phrases.sentence(fault.reason, fault.params),
    }


def _archive(request: web.Request) -> Archive:
    transport = request.transport
    assert transport is not None
    return Archive(request.app[HOUSE], caller_of(transport.get_extra_info("socket")))


async def _status(request: web.Request) -> web.StreamResponse:
    archive, limit = _archive(request), _number(request.query.get("limit", "50"))
    return web.json_response(await asyncio.to_thread(archive.status, limit))


async def _search(request: web.Request) -> web.StreamResponse:
    query, limit = (
        plain_lines(request.query.get("q", "*")),
        _number(request.query.get("limit", "20")),
    )
    return web.json_response(await asyncio.to_thread(_archive(request).search, query, limit))


async def _show(request: web.Request) -> web.StreamResponse:
    return web.json_response(await asyncio.to_thread(_archive(request).show, _id(request)))


async def _text(request: web.Request) -> web.StreamResponse:
    return web.json_response(await asyncio.to_thread(_archive(request).text, _id(request)))


async def _retry(request: web.Request) -> web.StreamResponse:
    return web.json_response(await asyncio.to_thread(_archive(request).retry, _id(request)))


async def _dismiss(request: web.Request) -> web.StreamResponse:
    reason = await _reason(request)
    archive = _archive(request)
    return web.json_response(await asyncio.to_thread(archive.dismiss, _id(request), reason))


async def _withdraw(request: web.Request) -> web.StreamResponse:
    reason = await _reason(request)
    archive = _archive(request)
    return web.json_response(await asyncio.to_thread(archive.withdraw, _id(request), reason))


async def _review(request: web.Request) -> web.StreamResponse:
    archive, limit = _archive(request), _number(request.query.get("limit", "50"))
    return web.json_response(await asyncio.to_thread(archive.review, limit))


async def _accept(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await asyncio.to_thread(archive.accept, _id(request), words))


async def _set(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await asyncio.to_thread(archive.set, _id(request), words))


async def _correct(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    return web.json_response(await asyncio.to_thread(archive.correct, _id(request), words))


async def _split(request: web.Request) -> web.StreamResponse:
    archive, starts = _archive(request), [_number(word) for word in await _words(request)]
    return web.json_response(await asyncio.to_thread(archive.split, _id(request), starts))


async def _merge(request: web.Request) -> web.StreamResponse:
    archive, words = _archive(request), await _words(request)
    woven = request.query.get("woven") == "1"
    merged = await asyncio.to_thread(archive.merge, words, woven=woven)
    return web.json_response(merged)


async def _reject(request: web.Request) -> web.StreamResponse:
    archive, reason = _archive(request), await _reason(request)
    return web.json_response(await asyncio.to_thread(archive.reject, _id(request), reason))


async def _release(request: web.Request) -> web.StreamResponse:
    return web.json_response(await asyncio.to_thread(_archive(request).release, _id(request)))


async def _picture(request: web.Request) -> web.StreamResponse:
    page = _number(str(request.match_info["page"]))
    file = await asyncio.to_thread(_archive(request).picture, _id(request), page)
    return await _sent(request, file)


async def _replace(request: web.Request) -> web.StreamResponse:
    archive, name = _archive(request), _name(request)
    await asyncio.to_thread(archive.may_decide)
    async with _spooled(request) as source:
        answer = await asyncio.to_thread(archive.replace, _id(request), source, name)
    return web.json_response(answer)


async def _restore(request: web.Request) -> web.StreamResponse:
    archive = _archive(request)
    await asyncio.to_thread(archive.may_decide)
    async with _spooled(request) as source:
        answer = await asyncio.to_thread(archive.restore, _id(request), source)
    return web.json_response(answer)


async def _learn(request: web.Request) -> web.StreamResponse:
    archive, wait = _archive(request), request.query.get("wait") == "1"
    await asyncio.to_thread(archive.may_teach)
    async with _spooled(request) as source:
        return web.json_response(await asyncio.to_thread(archive.learn, source, wait))


async def _reindex(request: web.Request) -> web.StreamResponse:
    return await _with_progress(request, _archive(request).reindex)


async def _verify(request: web.Request) -> web.StreamResponse:
    return await _with_progress(request, _archive(request).verify, is_wanted_only=True)


async def _act(request: web.Request) -> web.StreamResponse:
    """A use case by its name."""
    archive, name = _archive(request), str(request.match_info["act"])
    way = ACTS.get(name)
    if way is None:
        raise UsageFault("bad_request", word=name)
    method = getattr(archive, name)
    if way == "upload":
        await asyncio.to_thread(archive.may_dispose)
        words = words_of(method, _parsed(request.query.get("words", "{}").encode()))
        async with _spooled(request) as source:
            answer = await asyncio.to_thread(partial(method, source=source, **words))
        return web.json_response(answer)
    words = words_of(method, _parsed(await request.read()))
    if way == "progress":
        return await _with_progress(request, lambda report: method(progress=report, **words))
    answer = await asyncio.to_thread(partial(method, **words))
    return await _sent(request, answer) if way == "file" else web.json_response(answer)


def _parsed(content: bytes) -> Json:
    """A JSON object, all of whose words are text that can be written down."""
    try:
        parsed: Json = plain_values(msgspec.json.decode(content, type=dict[str, Any]))
        return parsed
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise UsageFault("bad_request", word="JSON") from None


async def _file(request: web.Request) -> web.StreamResponse:
    original = request.query.get("original") == "1"
    archive = _archive(request)
    file = await asyncio.to_thread(archive.fetch, _id(request), original=original)
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
        while chunk := await asyncio.to_thread(file.stream.read, _CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response


async def _add(request: web.Request) -> web.StreamResponse:
    archive, name = _archive(request), _name(request)
    pipeline = await asyncio.to_thread(archive.way_in, request.query.get("pipeline"))
    async with _spooled(request) as source:
        answer = await asyncio.to_thread(archive.add, source, name, pipeline)
    return web.json_response(answer)


def _name(request: web.Request) -> bytes:
    """The name of a file that is sent."""
    try:
        name = base64.urlsafe_b64decode(request.query.get("name", ""))
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
        async for chunk in request.content.iter_chunked(_CHUNK):
            await asyncio.to_thread(target.write, chunk)


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

    running = asyncio.create_task(asyncio.to_thread(run))
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
    try:
        reason = (await request.json()).get("reason")
    except (ValueError, AttributeError):
        reason = None
    if not isinstance(reason, str) or not plain_lines(reason).strip():
        raise UsageFault("reason_missing")
    return plain_lines(reason).strip()


async def _words(request: web.Request) -> list[str]:
    """Words of a person, as a list of texts."""
    try:
        words = (await request.json())["words"]
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return [plain_lines(word) for word in words]
    except (ValueError, TypeError, KeyError):
        pass
    raise UsageFault("nothing_to_set")


def _id(request: web.Request) -> str:
    return str(request.match_info["id"])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageFault("not_a_number", value=text)
    return int(text)
