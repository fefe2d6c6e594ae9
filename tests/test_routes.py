"""Every route and act, whatever is asked: a sentence and never a bug, and rights before words."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints
from urllib.parse import quote

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import server
from archiver.acts import ACTS, required
from archiver.archive import Archive
from archiver.pools import Pools
from archiver.rights import TABLE, Act, Caller, Role
from tests.places import memory_folder
from tests.seeding import ARCHIVISTS, Bureau, Letter, bureau, furnished

STAFF, REVIEWERS, CLERKS, OTHERS = 61001, 61004, 61002, 61003
GROUPS = {
    Role.STAFF: STAFF,
    Role.REVIEWER: REVIEWERS,
    Role.ARCHIVIST: ARCHIVISTS,
    Role.CLERK: CLERKS,
}
OWNER = Caller(0, frozenset({0}))
STRANGER = Caller(4799, frozenset({OTHERS}))
REFERENCE, NOBODY = "632.21-12/2024", "01ARZ3NDEKTSV4RRFFQ69G5FAV"
DEEP = "[" * 5_000


class Route(NamedTuple):
    """One that can be asked."""

    method: str
    path: str
    right: Act


ROUTES = [Route(method, path, right) for method, path, right, _handler in server._ROUTES]
ROUTES += [Route("POST", f"/acts/{name}", required(name)) for name in ACTS]


class Office(NamedTuple):
    """A served archive, and who is asking it."""

    place: Path
    bureau: Bureau
    asking: list[Caller]

    def ask(
        self, method: str, path: str, body: bytes = b"", by: Caller = OWNER
    ) -> tuple[int, bytes]:
        """Status and body of an answer."""
        self.asking[:] = [by]
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)
            sock.connect(str(self.place))
            head = f"{method} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode("utf-8", "surrogatepass") + body)
            with sock.makefile("rb") as stream:
                answer = stream.read()
        head_, _, rest = answer.partition(b"\r\n\r\n")
        return int(head_.split()[1]), rest


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """An archive with a few papers behind the routes of the daemon; we say who is asking."""
    asking: list[Caller] = [OWNER]
    groups = {"staff": [str(STAFF)], "reviewers": [str(REVIEWERS)], "archivists": [str(ARCHIVISTS)]}
    with memory_folder() as folder, pytest.MonkeyPatch.context() as patch:
        # The kernel names one user to a socket of this process; who else asks has tests of his own.
        patch.setattr(server, "caller_of", lambda _socket: asking[0])
        town = furnished(folder / "town", {"rights": groups})
        (town.root / "pipelines" / "incoming.toml").write_text(
            f'folder = "incoming"\nclerks = ["{CLERKS}"]\n', encoding="utf-8"
        )
        with bureau(town) as made:
            letter = Letter("Angebot über Streusalz", "business_letter", "2005-03-01")
            made.filed(letter, letter)
            made.dossier(REFERENCE, "2010-05-06", letter)
            place, pools = folder / "s", Pools()
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever)
            thread.start()
            runner = server.served(made.house, pools)

            async def begin() -> None:
                await runner.setup()
                await web.UnixSite(runner, str(place)).start()

            asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
            # Work with progress goes on as long as a daemon's parts are there.
            made.house.office = None
            yield Office(place, made, asking)
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            pools.close(60)


def _judged(office: Office, asked: Any, status: int, body: bytes) -> dict[str, Any] | None:
    """The fault of an answer, which must be a sentence and no bug; None where there is none."""
    if status == 200:
        if b'{"fault": ' not in body:
            return None
        fault = json.loads(body.splitlines()[-1])["fault"]
    else:
        fault = json.loads(body)
    assert fault["reason"] != "bug", (asked, fault)
    assert fault["exit_code"] != 1 or fault["reason"] in MACHINE, (asked, fault)
    assert fault["message"], (asked, fault)
    assert fault["message"] != fault["reason"], (asked, fault)
    assert len(fault["message"]) < 2000, (asked, fault)
    return fault


# No daemon's parts stand behind the routes here.
MACHINE = {"daemon_gone"}

TEXTS = st.sampled_from(
    ["", " ", "x", NOBODY, NOBODY[:3], REFERENCE, "\ud800", "a\udfffb", "a\0b", "../../etc", "-1",
     "9" * 5000, "1" * 18, "ä" * 3000, "\u202e", "\n", "*", "(" * 60, "2026-02-30", "0001-01-01",
     "9999-12-31", "datum:9999..", "class", "class=x", "class=", "date=31.12.9999", "document",
     "business_letter"]
)  # fmt: skip
NUMBERS = st.sampled_from([0, 1, -1, 2, 30, 10**9, 10**9 + 1, 2**31, 2**63, 10**400, -(10**30)])
OTHER = st.sampled_from([None, True, 1.5, -0.0, 1e308, [], {}, [[]], {"x": 1}, [None], ["x", 1]])
VALUES = TEXTS | NUMBERS | OTHER | st.lists(TEXTS, max_size=3)


def _words(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Words for an act: those that it knows, with values that may fit or not, and others."""
    hints = get_type_hints(getattr(Archive, name))
    known = [one for one in hints if one not in ("return", "progress", "source")]
    fitting = {
        one: st.lists(TEXTS, max_size=2)
        if "Sequence" in str(hints[one])
        else NUMBERS
        if hints[one] in (int, float)
        else TEXTS
        for one in known
    }
    required = {
        one
        for one in known
        if inspect.signature(getattr(Archive, name)).parameters[one].default is inspect._empty
    }
    sure = {one: fitting[one] for one in known if one in required}
    more = {one: fitting[one] for one in known if one not in required}
    return st.fixed_dictionaries(sure, optional=more) | st.dictionaries(
        st.sampled_from([*known, "x", ""]), VALUES, max_size=4
    )


@st.composite
def requests(draw: st.DrawFn) -> tuple[Route, str, bytes]:
    """A route, its path with a query, and a body."""
    route = draw(st.sampled_from(ROUTES))
    path = route.path
    for segment in ("{id}", "{page}"):
        filled = quote(draw(TEXTS).encode("utf-8", "surrogatepass"), safe="") or "x"
        path = path.replace(segment, filled)
    names = st.sampled_from(
        ["q", "limit", "name", "pipeline", "wait", "woven", "original", "words"]
    )
    query = draw(st.dictionaries(names, VALUES, max_size=3))
    if query:
        told = (
            f"{name}={quote(str(value).encode('utf-8', 'surrogatepass'), safe='')}"
            for name, value in query.items()
        )
        path += "?" + "&".join(told)
    if route.path.startswith("/acts/"):
        words = st.just(None) if draw(st.booleans()) else VALUES
        told_words = draw(words) or draw(_words(route.path.removeprefix("/acts/")))
        if ACTS[route.path.removeprefix("/acts/")] == "upload":
            path += ("&" if query else "?") + "words=" + quote(json.dumps(told_words), safe="")
    else:
        told_words = draw(
            st.fixed_dictionaries({}, optional={"words": VALUES, "reason": VALUES}) | VALUES
        )
    raw = st.sampled_from(
        [DEEP.encode(), b'{"a":' * 5_000, b"\xff\xfe", b'{"reason": "\\ud800"}', b"{"]
    )
    body = json.dumps(told_words).encode() if draw(st.integers(0, 9)) else draw(raw)
    return route, path, body


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(requests())
def test_whatever_is_asked_gets_a_sentence(office: Office, asked: tuple[Route, str, bytes]) -> None:
    route, path, body = asked
    status, answer = office.ask(route.method, path, body)
    _judged(office, asked, status, answer)
    # Who has no right to it hears the same, whatever he says.
    without = [STRANGER] + [
        Caller(4700, frozenset({group}))
        for role, group in GROUPS.items()
        if route.right not in TABLE[role]
    ]
    for caller in without:
        status, answer = office.ask(route.method, path, body, caller)
        assert status == 403, (asked, caller, answer)
        assert json.loads(answer)["reason"] == "not_allowed", (asked, caller, answer)


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("GET", "/search?q=x&limit=" + "9" * 5000, b"", "number_too_large"),
        ("GET", "/search?q=x&limit=" + "x" * 5000, b"", "not_a_number"),
        ("GET", "/search?q=%ED%A0%80", b"", None),
        ("GET", "/documents/x/pages/" + "9" * 5000, b"", "number_too_large"),
        ("POST", "/documents/x/dismiss", b'{"reason": "\\ud800"}', "bad_request"),
        ("POST", "/documents/x/dismiss", DEEP.encode(), "bad_request"),
        ("POST", "/documents/x/set", b'{"words": ["class=\\udc00"]}', "bad_request"),
        ("POST", "/documents/x/set", b'{"words": ' * 5_000, "bad_request"),
        ("POST", "/acts/quality_pass", b'{"name": "x"}', "pass_what"),
        ("POST", "/acts/quality_pass", b'{"name": 7}', "bad_request"),
        ("POST", "/acts/batch_propose", b'{"most": 1' + b"0" * 5000 + b"}", None),
        ("POST", "/acts/dossier_show", b'{"name": "a\\u0000b"}', "no_such_dossier"),
        ("POST", "/acts/dossier_show", b'{"name": 12345678901}', "number_too_large"),
        ("POST", "/acts/__class__", b"{}", "bad_request"),
        ("GET", "/no/such/thing", b"", "bad_request"),
        ("POST", "/acts/hold_list", b" " * (2 << 20), "bad_request"),
    ],
)
def test_known_riddles(
    office: Office, method: str, path: str, body: bytes, reason: str | None
) -> None:
    status, answer = office.ask(method, path, body)
    fault = _judged(office, path[:80], status, answer)
    if reason is not None:
        assert fault is not None
        assert fault["reason"] == reason


def test_every_act_asks_for_its_right_itself_as_well() -> None:
    """The table of the acts and the façade say the same of every act."""
    source = {name: inspect.getsource(getattr(Archive, name)) for name in ACTS}
    for name in ACTS:
        text = source[name]
        called = [one for one in ("_note", "_check") if f"self.{one}(" in text]
        text += "".join(inspect.getsource(getattr(Archive, one)) for one in called)
        assert f"require(Act.{required(name).name})" in text, name
