"""Every code has a sentence, every sentence is German too, and no message makes trouble itself."""

from __future__ import annotations

import ast
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from archiver import phrases, tongue
from archiver.config import BASES
from archiver.pipeline.steps import doubt
from archiver.records import MATTER_STEPS, AccessionState, DocumentState
from archiver.sentences import REASONS
from archiver.store.projection import MOVES

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # tools is no part of the package

from tools import catalogue  # noqa: E402

pytestmark = pytest.mark.pure

SOURCES = sorted((ROOT / "archiver").rglob("*.py"))
CODE = re.compile(r"[a-z][a-z0-9_]*")
# Which argument of a call is a code.
PLACES = {"Held": 1, "Result": 0, "Finding": 0, "blaming": 0}


def fault_names(trees: dict[Path, ast.Module]) -> set[str]:
    """Names of `Fault` and of all classes that come from it."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    names = {"Fault"}
    while more := {name for name, above in bases.items() if above & names} - names:
        names |= more
    return names


def literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be: itself, or both branches of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def called(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def codes_in(file: Path, tree: ast.Module, faults: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Every code that a module gives to a fault, a finding, a result or an audit's problem."""
    prefix = {"fixity": "audit_", "tree": "audit_", "chain": "audit_ledger_"}.get(file.stem)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = called(node)
        place = 0 if name in faults else PLACES.get(name)
        if name == "Problem":
            place = 2 if file.stem == "config" else 0
        if name == "_found":  # archiver.pipeline.audit
            place = 1
        if place is None or len(node.args) <= place:
            continue
        before = prefix if name == "Problem" and prefix else "audit_" if name == "_found" else ""
        for text in literals(node.args[place]):
            yield before + text, node


TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in SOURCES}
FAULTS = fault_names(TREES)
RAISED = [
    (code, file.relative_to(ROOT), node)
    for file, tree in TREES.items()
    for code, node in codes_in(file, tree, FAULTS)
]


def fields(text: str) -> set[str]:
    """Names of the {parameters} of a sentence."""
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


def test_the_search_for_codes_finds_what_is_known_to_be_raised() -> None:
    found = {code for code, _file, _node in RAISED}
    known = {
        "encrypted",
        "held_unreadable",
        "wrong_state",
        "config_not_found",
        "check_cage",
        "audit_no_object",
        "audit_ledger_line_changed",
        "inbox_unwritable",
        "daemon_gone",
    }
    assert known <= found
    assert {"Fault", "SystemFault", "EngineDied", "DropChanged", "ConfigProblems"} <= FAULTS


def test_every_code_has_a_sentence() -> None:
    missing = {
        f"{file}:{node.lineno}: {code}" for code, file, node in RAISED if code not in REASONS
    }
    assert not missing


def told_otherwise(file: Path, tree: ast.Module) -> Iterator[str]:
    """Codes in dictionaries of ledger lines, in pairs and choices of the checks, as returned."""
    audited = {"fixity": "audit_", "chain": "audit_ledger_"}.get(file.stem)
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "reason":
                    yield from literals(value)
        if isinstance(node, ast.FunctionDef) and node.name == doubt.__name__:
            returns = (n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value)
            yield from (text for value in returns for text in literals(value))
        if audited is None:
            continue
        values: list[ast.expr] = []
        if isinstance(node, ast.Tuple):
            values = node.elts[:1]
        elif isinstance(node, ast.Assign | ast.Return) and node.value is not None:
            values = [node.value]
        for value in values:
            yield from (audited + text for text in literals(value) if CODE.fullmatch(text))


def test_codes_told_by_other_means_have_a_sentence() -> None:
    told = {code for file, tree in TREES.items() for code in told_otherwise(file, tree)}
    known = {
        "empty_file",
        "low_confidence",
        "audit_changed_file",
        "audit_extra_file",
        "audit_ledger_line_out_of_place",
    }
    assert known <= told
    assert not told - set(REASONS)


def test_every_parameter_of_a_sentence_is_given_where_it_is_raised() -> None:
    """A sentence with a hole in it tells nobody anything."""
    lacking = []
    for code, file, node in RAISED:
        if (
            code not in REASONS
            or called(node) not in FAULTS
            or any(keyword.arg is None for keyword in node.keywords)
        ):
            continue
        wanted = fields(REASONS[code].message) | fields(REASONS[code].advice)
        given_ = {str(keyword.arg) for keyword in node.keywords}
        if not wanted <= given_:
            lacking.append(f"{file}:{node.lineno}: {code} lacks {sorted(wanted - given_)}")
    assert not lacking


def test_states_and_events_have_names() -> None:
    assert {*map(str, DocumentState), *map(str, AccessionState)} <= set(phrases.STATES)
    assert {*MOVES, "received", "duplicate", "separated"} <= set(phrases.EVENTS)
    assert {step.after for step in MATTER_STEPS.values() if step.after} <= set(phrases.STATES)
    assert set(MATTER_STEPS) <= set(phrases.EVENTS)
    assert {step.kind for step in MATTER_STEPS.values()} <= set(phrases.MATTERS)


def test_a_step_that_cannot_be_is_told_in_words() -> None:
    told = phrases.sentence(
        "wrong_step", {"id": "01JB", "state": "hold_lifted", "step": "hold_lifted"}
    )
    assert told == "“hold lifted” is not possible for 01JB as it stands (hold: lifted)."


def test_codes_look_like_codes_and_sentences_like_sentences() -> None:
    for code, phrase in REASONS.items():
        assert CODE.fullmatch(code), code
        assert phrase.message.strip(), code
        for text in phrase:
            assert text == text.strip(), code
            assert "'" not in text or "”" not in text, f"{code}: quotation marks of one kind"


def test_every_text_is_translated_with_the_same_parameters() -> None:
    with catalogue.FILE.open("rb") as file:
        german = {message.id: message.string for message in read_po(file, "de")}
    texts = catalogue.texts()
    assert {text for phrase in REASONS.values() for text in phrase if text} <= set(texts)
    untranslated = [text for text in texts if not catalogue.all_said(german.get(text, ""))]
    assert not untranslated
    for text in texts:
        if isinstance(text, str):
            assert fields(german[text]) == fields(text), text
        else:
            assert [*map(fields, german[text])] == [*map(fields, text)], text
    assert set(german) - {""} == set(texts), "no text is left over from former times"


def test_the_compiled_catalogue_is_that_of_the_sources() -> None:
    made = catalogue.compiled(catalogue.catalogue())
    assert _without_dates(catalogue.FILE.with_suffix(".mo").read_bytes()) == _without_dates(made)


def _without_dates(compiled: bytes) -> bytes:
    return re.sub(rb"(POT-Creation|PO-Revision)-Date: [^\n]*\n", b"", compiled)


@pytest.fixture(params=tongue.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    phrases.use(request.param)
    yield request.param
    phrases.use("en")


def test_all_sentences_can_be_said(language: str) -> None:
    for code, phrase in REASONS.items():
        params = {name: f"<{name}>" for text in phrase for name in fields(text)}
        for said in (phrases.sentence(code, params), phrases.advice(code, params)):
            assert "{" not in said.replace("{id}", ""), code
        for name in fields(phrase.message):
            assert f"<{name}>" in phrases.sentence(code, params), code
    german = phrases.sentence("encrypted")
    assert ("verschlüsselt" in german or "geschützt" in german) == (language == "de")


def test_an_unknown_code_is_told_as_it_is(language: str) -> None:
    assert phrases.sentence("never_heard_of") == "never_heard_of"
    assert phrases.advice("never_heard_of") == ""
    assert phrases.state_name("new_state") == "new_state"
    assert phrases.event_name("new_event") == "new_event"
    assert phrases.tr("") == ""


@given(
    code=st.sampled_from(sorted(REASONS)) | st.text(max_size=9),
    params=st.dictionaries(
        st.sampled_from(["id", "file", "limit", "path", "x", "{", "0"]),
        st.none() | st.integers() | st.floats() | st.text(max_size=9) | st.just("{id.__class__}"),
    )
    | st.none(),
)
@pytest.mark.parametrize("spoken", tongue.LANGUAGES)
def test_telling_never_fails(spoken: str, code: str, params: dict[str, object] | None) -> None:
    phrases.use(spoken)
    try:
        assert isinstance(phrases.sentence(code, params), str)
        assert isinstance(phrases.advice(code, params), str)
    finally:
        phrases.use("en")


# What is said of many only, or of a number to which no form goes.
ALWAYS_MANY = {
    "{shown} of {count} problems are listed; --limit lists more. In all:",
    "{shown} of {count} documents are listed; --limit lists more.",
    "The file has {pages} pages, and hundreds of them are smaller than a visiting card. It is kept,"
    " but was not read.",
    "pages {pages} of {id}",
}


def test_a_number_before_a_thing_has_a_form_for_one() -> None:
    """No "1 documents" in either language: such texts have two forms (`trn`, `NN_`)."""
    things = "{(?:count|units|documents|dossiers|objects|lines|files|pages|seals|stamps|examples)}"
    english = re.compile(rf"(?<![Oo]f ){things} [a-z]+s\b")
    german_noun = re.compile(rf"(?<![Vv]on ){things} [A-ZÄÖÜ]\w+(?!\()\b")
    with catalogue.FILE.open("rb") as file:
        german = {message.id: message.string for message in read_po(file, "de")}
    texts = [text for text in catalogue.texts() if isinstance(text, str)]
    told = {text: str(german[text]) for text in texts if text not in ALWAYS_MANY}
    assert not [text for text in told if english.search(text)]
    assert not [said for said in told.values() if german_noun.search(said)]


def test_counts_are_told_with_the_form_that_goes_with_them(language: str) -> None:
    one, two = phrases.counted("document", 1), phrases.counted("document", 2)
    wanted = {"en": ("1 document", "2 documents"), "de": ("1 Dokument", "2 Dokumente")}
    assert (one, two) == wanted[language]
    for thing in phrases.COUNTED:
        assert phrases.counted(thing, 1).startswith("1 ")
        assert phrases.counted(thing, 0).startswith("0 ")
        assert phrases.counted(thing, 1)[2:] != phrases.counted(thing, 3)[2:] or language == "de"
    assert (
        phrases.amount(1, 6) == {"en": "1 year and 6 months", "de": "1 Jahr und 6 Monate"}[language]
    )


def test_one_thing_has_one_german_name() -> None:
    """Eigentümer, Festplatte, Ablageordner, Timer; in the other words nobody knows them again."""
    with catalogue.FILE.open("rb") as file:
        said = [
            text
            for message in read_po(file, "de")
            for text in ([message.string] if isinstance(message.string, str) else message.string)
        ]
    other = re.compile(r"Besitzer|(?<!Fest)\b[Pp]latte\b|Eingangsordner|Zeitgeber|Lager von restic")
    assert not [text for text in said if other.search(text)]


def test_times_are_told_as_people_read_them() -> None:
    assert phrases.date("2026-12-31") == "31.12.2026"
    assert phrases.date(None) == ""
    assert phrases.moment("2026-12-31T23:30:00.000Z") == "01.01.2027 00:30"
    assert phrases.moment("2026-07-01T22:05:00.000Z") == "02.07.2026 00:05"
    assert phrases.moment(None) == ""


def test_every_question_about_a_class_is_a_sentence() -> None:
    asked = set(BASES) - {"agreed", "sure_rule"}
    assert {f"class_{basis}" for basis in asked} <= set(REASONS)
