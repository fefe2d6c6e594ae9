"""Every act, whatever is asked: a sentence and never a bug, and rights before words."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import socket
import threading
from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import server
from archiver.acts import Act, act, acts_of
from archiver.archive import Archive, File, acts
from archiver.archive.visit import Visit
from archiver.cli.remote import RemoteArchive
from archiver.errors import Fault, Refusal
from archiver.pools import Pools
from archiver.rights import TABLE, Caller, Right, Role
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


ACTS = acts()


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


def _words(one: Act) -> st.SearchStrategy[dict[str, Any]]:
    """Words for an act: those that it knows, with values that may fit or not, and others."""
    known = [name for name in one.kinds if name not in (one.progress, one.source)]
    fitting = {
        name: st.lists(TEXTS, max_size=2)
        if "Sequence" in str(one.kinds[name])
        else NUMBERS
        if one.kinds[name] in (int, float)
        else TEXTS
        for name in known
    }
    parameters = inspect.signature(one.method).parameters
    required = {name for name in known if parameters[name].default is inspect.Parameter.empty}
    sure = {name: fitting[name] for name in known if name in required}
    more = {name: fitting[name] for name in known if name not in required}
    return (
        st.fixed_dictionaries(sure, optional=more)
        | st.dictionaries(st.sampled_from([*known, "x", "", "*"]), VALUES, max_size=4)
        | st.fixed_dictionaries({"*": st.lists(VALUES, max_size=4)})
    )


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """An act, its route with a query, and a body."""
    name = draw(st.sampled_from(list(ACTS)))
    words = st.just(None) if draw(st.booleans()) else VALUES
    told = draw(words) or draw(_words(ACTS[name]))
    route = f"/acts/{name}"
    if ACTS[name].source is not None or not draw(st.integers(0, 9)):
        route += "?words=" + quote(json.dumps(told), safe="")
    raw = st.sampled_from(
        [DEEP.encode(), b'{"a":' * 5_000, b"\xff\xfe", b'{"reason": "\\ud800"}', b"{"]
    )
    body = json.dumps(told).encode() if draw(st.integers(0, 9)) else draw(raw)
    return name, route, body


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(requests())
def test_whatever_is_asked_gets_a_sentence(office: Office, asked: tuple[str, str, bytes]) -> None:
    name, route, body = asked
    status, answer = office.ask("POST", route, body)
    _judged(office, asked, status, answer)
    # Who has no right to it hears the same, whatever he says.
    for caller in _without(ACTS[name].right):
        status, answer = office.ask("POST", route, body, caller)
        assert status == 403, (asked, caller, answer)
        assert json.loads(answer)["reason"] == "not_allowed", (asked, caller, answer)


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("documents.search", b'{"query": "x", "limit": %s}' % LONG.encode(), None),
        ("documents.search", b'{"query": "x", "limit": 99999999999}', "number_too_large"),
        ("documents.search", b'{"query": "x", "limit": "%s"}' % LONG.encode(), "bad_request"),
        ("documents.search", b'{"query": "\\ud800"}', "bad_request"),
        ("documents.picture", b'{"identifier": "x", "page": 99999999999}', "number_too_large"),
        ("intake.dismiss", b'{"identifier": "x", "reason": "\\ud800"}', "bad_request"),
        ("intake.dismiss", b'{"identifier": "x", "reason": " "}', "reason_missing"),
        ("intake.dismiss", DEEP.encode(), "bad_request"),
        ("review.set", b'{"identifier": "x", "words": ["class=\\udc00"]}', "bad_request"),
        ("review.set", b'{"words": ' * 5_000, "bad_request"),
        ("quality.passed", b'{"name": "x"}', "pass_what"),
        ("quality.passed", b'{"name": 7}', "bad_request"),
        ("disposal.propose", b'{"most": 1' + b"0" * 5000 + b"}", None),
        ("dossiers.show", b'{"name": "a\\u0000b"}', "no_such_dossier"),
        ("dossiers.show", b'{"name": 12345678901}', "number_too_large"),
        ("dossiers.show", b'{"*": ["x"], "name": "x"}', "bad_request"),
        ("dossiers.show", b'{"*": ["x", "y"]}', "bad_request"),
        ("dossiers.show", b'{"*": "x"}', "bad_request"),
        ("intake.add?words=%7B%22name%22%3A%22YS9i%22%7D", b"x", "bad_name"),
        ("intake.add?words=%7B%22name%22%3A%22%21%22%7D", b"x", "bad_request"),
        ("intake.add?words=%7B%22source%22%3A%22x%22%7D", b"x", "bad_request"),
        ("__class__", b"{}", "bad_request"),
        ("dossiers.__class__", b"{}", "bad_request"),
        ("dossiers._dossier", b'{"name": "x"}', "bad_request"),
        ("dossiers.require", b'{"right": "read"}', "bad_request"),
        ("caller.pseudonym", b"{}", "bad_request"),
        ("holds.list", b" " * (2 << 20), "bad_request"),
    ],
)
def test_known_riddles(office: Office, path: str, body: bytes, reason: str | None) -> None:
    status, answer = office.ask("POST", f"/acts/{path}", body)
    fault = _judged(office, path[:80], status, answer)
    if reason is not None:
        assert fault is not None
        assert fault["reason"] == reason


def test_there_is_no_other_route(office: Office) -> None:
    for method, path in (("GET", "/acts/holds.list"), ("GET", "/no/such/thing"), ("POST", "/acts")):
        status, answer = office.ask(method, path)
        assert (status, json.loads(answer)["reason"]) == (400, "bad_request")


# --- rights -------------------------------------------------------------------------------------

# Written down a second time, so that nobody changes who may do what without being asked.
RIGHTS = {
    Right.SEARCH: "documents.search",
    Right.READ: """
        documents.show documents.text documents.fetch documents.picture notes.show notes.paper
        dossiers.list dossiers.show periods.due periods.picture periods.explain periods.rules
        holds.list holds.show disposal.list disposal.show certificates.list certificates.show
        certificates.get quality.list quality.show quality.report ledger.head upkeep.clock""",
    Right.STATUS: "upkeep.status review.list",
    Right.ADD: "intake.add",
    Right.TIDY: "intake.retry intake.dismiss",
    Right.SETTLE: "intake.withdraw",
    Right.DECIDE: """
        review.accept review.set review.correct review.reject
        scans.split scans.merge scans.replace scans.restore""",
    Right.DISPOSE: """
        scans.release versions.purge dossiers.open dossiers.close dossiers.reopen dossiers.change
        dossiers.tell dossiers.move dossiers.merge periods.adopt periods.confirm holds.place
        holds.review holds.lift disposal.propose disposal.approve disposal.offer disposal.message
        disposal.appraise disposal.export disposal.confirm disposal.drop disposal.cancel
        disposal.destroy certificates.prove quality.draw quality.passed quality.failed
        disclosures.look disclosures.preview disclosures.give disclosures.package
        disclosures.taken disclosures.list disclosures.show ledger.verify ledger.export
        procedure.write""",
    Right.MAINTAIN: """
        upkeep.confirm_clock upkeep.try_cage upkeep.reindex upkeep.rebuild upkeep.verify
        examples.learn ledger.seal""",
}


def _without(right: Right) -> list[Caller]:
    """A stranger, and somebody of each role that does not give a right."""
    roles = [role for role in GROUPS if right not in TABLE[role]]
    return [STRANGER, *(Caller(4700, frozenset({GROUPS[role]})) for role in roles)]


def test_each_act_takes_the_right_that_is_written_down() -> None:
    assert set(RIGHTS) == set(Right)
    assert {name: one.right for name, one in ACTS.items()} == {
        name: right for right, names in RIGHTS.items() for name in names.split()
    }


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_for_those_who_have_the_right_to_it(office: Office, name: str) -> None:
    right = ACTS[name].right
    without = _without(right)
    everybody = [STRANGER, OWNER, *(Caller(4700, frozenset({group})) for group in GROUPS.values())]
    for caller in everybody:
        # No act has such a word: nothing is done.
        words = b'{"nonsense": 1}'
        status, answer = office.ask("POST", f"/acts/{name}?words=" + quote(words), words, caller)
        expected = (403, "not_allowed") if caller in without else (400, "bad_request")
        assert (status, json.loads(answer)["reason"]) == expected, caller
        # The same right is asked of those who come without the socket.
        if caller in without:
            archive = Archive(office.bureau.house, caller)
            with pytest.raises(Refusal, match=f"not_allowed act={right}"):
                attrgetter(name)(archive)()


def test_what_asks_for_no_right_cannot_be_defined() -> None:
    def leak(_part: Visit) -> None: ...

    with pytest.raises(TypeError, match=r"Leaky\.leak is no act"):
        type("Leaky", (Visit,), {"leak": leak})
    tight = type("Tight", (Visit,), {"leak": act(Right.READ)(leak), "_inner": leak})
    assert acts_of(tight)["leak"].right == Right.READ


# --- the client ---------------------------------------------------------------------------------


def _outcome(archive: Any, name: str, placed: list[Any], named: dict[str, Any]) -> Any:
    """All that a caller sees of an answer."""
    try:
        answer = attrgetter(name)(archive)(*placed, **named)
    except Fault as fault:
        return type(fault), fault.reason, fault.params, fault.exit_code
    if isinstance(answer, File):
        with answer.stream as stream:
            return answer.name, answer.size, answer.media_type, answer.notice, stream.read()
    if isinstance(answer, dict):
        answer.pop("took_ms", None)
        answer.get("figures", {}).pop("free_bytes", None)
    return json.loads(json.dumps(answer))


@pytest.mark.parametrize(
    "caller", [OWNER, Caller(4700, frozenset({STAFF}))], ids=["owner", "staff"]
)
def test_the_client_cannot_be_told_from_the_archive(office: Office, caller: Caller) -> None:
    office.asking[:] = [caller]
    near, far = Archive(office.bureau.house, caller), RemoteArchive(office.place)
    found = near.documents.search("Streusalz", 1)["hits"][0]["id"]
    steps: list[tuple[int, int]] = []
    asked: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("documents.search", ["Streusalz", 5], {}),
        ("documents.search", [], {"query": "(", "limit": 5}),
        ("documents.show", [found], {}),
        ("documents.show", [NOBODY], {}),
        ("documents.text", [found], {}),
        ("documents.fetch", [found], {"original": True}),
        ("documents.fetch", [found], {}),
        ("upkeep.status", [], {}),
        ("upkeep.rebuild", [], {"progress": lambda *step: steps.append(step)})
        if caller is not OWNER
        else ("review.list", [0], {}),
        ("periods.due", [date(2080, 1, 1)], {"units": True}),
        ("periods.explain", [], {"identifier": REFERENCE}),
        ("periods.picture", [], {"until": None}),
        ("dossiers.close", [REFERENCE], {"on": date(1900, 1, 1)}),
        ("holds.place", ["x", [], "y", "z", date(2080, 1, 1)], {}),
        ("disposal.propose", [("claim",)], {"progress": lambda *step: steps.append(step)}),
        ("intake.add", [io.BytesIO(b"x"), b"a/b"], {}),
        ("intake.add", [io.BytesIO(b"x"), b"\xff\xfe.pdf", "no such"], {}),
        ("intake.retry", [NOBODY], {}),
        ("quality.draw", [], {"percent": 0.5, "batches": [NOBODY]}),
        ("procedure.write", ["md"], {"version": "1"}),
    ]
    for name, placed, named in asked:
        here, there = (_outcome(archive, name, placed, named) for archive in (near, far))
        assert there == here, name
