"""No text from outside does anything but be read: not in a word, not on a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import naming, plaintext
from archiver.cli.commands import _COMMANDS
from archiver.extract import einvoice
from archiver.filingplan import filing_plan
from archiver.recognise import messages
from archiver.recognise.document import Document
from archiver.recognise.media import PDF
from archiver.recognise.reading import pages_from_tsv
from archiver.recognise.sheets import sheets
from archiver.records import FieldKind, Page, Word
from tests import paper
from tests.town import COMMAND, Town, wait_for

ODD = "\x1b]0;Titel\x07\x1b[2J\x9b31m\u202egpj.\u2066\r\x08"
HARMLESS = set("\n\t\f")
JOINERS = "\u200c\u200d"
ROOT = Path(__file__).resolve().parent.parent


def disturbs(letter: str) -> bool:
    odd = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return odd and letter not in "\u00ad" + JOINERS


@given(st.text())
def test_plain_text_holds_only_what_can_be_read(text: str) -> None:
    made = plaintext.plain(text)
    assert not any(map(disturbs, made))
    assert plaintext.is_plain(made)
    assert plaintext.plain(made) == made
    read = [one for one in text if not disturbs(one) and one not in JOINERS]
    assert read == [one for one in made if one in text and one not in JOINERS] or " " in made


def test_what_nobody_sees_is_no_letter_but_joiners_are_where_a_script_has_them() -> None:
    hidden = "a\U000e0041\ufff9\ue000\u2060\ufeff\u0378b\u200dc\u00ad"
    assert plaintext.plain(hidden) == "abc\u00ad"
    assert plaintext.shown("\U000e0041") == "\\U000e0041"
    assert json.loads(plaintext.json_shown('"\U000e0041"')) == "\U000e0041"
    for word in (
        "\u0645\u06cc\u200c\u062e",
        "\u0915\u094d\u200d\u0937",
        "\U0001f468\u200d\U0001f4bb",
    ):
        assert plaintext.plain(word) == word


@given(st.text())
def test_what_is_shown_lets_nothing_through_and_hides_nothing(text: str) -> None:
    made = plaintext.shown(text)
    assert not any(disturbs(one) for one in made if one not in "\n\t")
    assert sum(map(disturbs, text)) - text.count("\n") - text.count("\t") <= made.count("\\")


@given(st.recursive(st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_json_says_the_same_and_nothing_to_a_terminal(value: object) -> None:
    dumped = plaintext.json_shown(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(dumped) == value
    assert not any(disturbs(one) for one in dumped if one != "\n")
    assert plaintext.all_plain(plaintext.plain_values(value))


def hostile_pdf(text: str) -> bytes:
    """A page whose type says other letters than it shows, by its table of letters."""
    letters = sorted(set(text))
    with pikepdf.open(io.BytesIO(paper.text_pdf([paper.LETTER * 3]))) as pdf:
        name, table = pikepdf.Name, pikepdf.Dictionary
        rows = "\n".join(
            f"<{number:02x}> <{letter.encode('utf-16-be').hex()}>"
            for number, letter in enumerate(letters, 33)
        )
        cmap = (
            "/CIDInit /ProcSet findresource begin begincmap\n1 begincodespacerange <00> <ff>"
            f" endcodespacerange\n{len(letters)} beginbfchar\n{rows}\nendbfchar\nendcmap end"
        )
        font = table(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
        font.ToUnicode = pdf.make_stream(cmap.encode())
        page = pdf.pages[0]
        page.obj.Resources.Font["/Odd"] = pdf.make_indirect(font)
        codes = "".join(f"{letters.index(letter) + 33:02x}" for letter in text)
        page.contents_add(pdf.make_stream(f"BT /Odd 10 Tf 72 90 Td <{codes}> Tj ET".encode()))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def test_words_of_a_page_hold_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "received"
    path.write_bytes(hostile_pdf(f"Zoo{ODD}logie"))
    with path.open("rb") as stream:
        (page,) = sheets(Document(stream.fileno(), PDF), [1], max_pixels=10**8)
    assert isinstance(page, Page)
    assert page.source == "own_text"
    assert any("Zoo" in word.text for word in page.words)
    messages.check_page(page)


def test_a_reader_that_sends_control_characters_is_not_believed() -> None:
    word = Word("a\x1b[2J", 0, 0, 5, 5, 100.0, 0, 0)
    with pytest.raises(ValueError, match="text of a word"):
        messages.check_page(Page(1, 10, 10, 300.0, 0, "own_text", None, (word,)))


def test_words_of_an_engine_hold_no_control_characters() -> None:
    cells = ["5", "1", "1", "1", "1", "1", "10", "10", "50", "20", "90", f"Zoo{ODD}"]
    (word,) = pages_from_tsv("\t".join(["x"] * 12) + "\n" + "\t".join(cells).replace("\r", ""))[1]
    assert word.text == "Zoo]0;Titel[2J31mgpj."


def test_an_invoice_holds_no_control_characters() -> None:
    namespace = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    note = "Zahlbar\u202e sofort\u0085bitte\u009b31m"
    xml = f'<Invoice xmlns="{namespace}"><Note>{note}</Note></Invoice>'
    assert einvoice.read(xml.encode()).notes == ("Zahlbar sofort bitte31m",)


NAME = f"Rechnung{ODD}.pdf".replace("\x00", "")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, str]]:
    """A town in which everything that people and papers can name is hostile."""
    german = {"ui": {"language": "de"}}
    town = Town(tmp_path_factory.mktemp("hostile") / "town", german)
    with town.daemon():
        town.drop(NAME, hostile_pdf(f"Zoologie{ODD}"))
        town.drop(f"kaputt{ODD}.pdf", b"%PDF-1.4 nothing more")
        wait_for(lambda: town.search("Zoologie state:filed"), "it is filed", 60)
        wait_for(lambda: town.status()["problems"], "the other one is told")
        (hit,) = town.search("Zoologie")
        yield town, str(hit["id"])


# What only code, JSON and the ledger call by these names; German output has words for them.
CODED = [
    *(one.key for one in filing_plan(ROOT / "filingplan.toml")),
    *get_args(FieldKind),
    *naming._CUES,
]
KEY = re.compile(
    rf"\b(?:{'|'.join(one for one in CODED if '_' in one)}|20\d\d-\d\d-\d\d|label:)\b|"
    r"\[OPTIONS\]|NAME=VALUE"
)
# Whose help names the codes that are typed, or whose paper is made for others to check.
TECHNICAL = {"note", "ledger", "alarm", "hold"}


def commands(document: str) -> list[list[str]]:
    return [
        ["search", "Zoologie"],
        ["show", document],
        ["show", document, "--text"],
        ["status"],
        ["review"],
        ["review", "show", document],
        ["dossier", "list"],
        ["dossier", "show", f"Akte{ODD}"],
        ["retention", "due"],
        ["retention", "explain", document],
        ["hold", "list"],
        ["batch", "list"],
        ["note", document],
        ["verify"],
        ["ledger", "verify"],
        ["withdraw", f"nichts{ODD}", "--reason", f"weil{ODD}"],
        ["get", document, "-o", f"/nirgends{ODD}/x.pdf"],
        ["get", document, "--original", "-o", "-"],
        ["add", f"fehlt{ODD}.pdf"],
        ["search", "x", f"--{ODD}"],
        [f"kein{ODD}"],
        # In their order: each sees what those before it have left.
        ["correct", document, f"subject=Betreff{ODD}", f"reference=12{ODD}"],
        ["dossier", "open", f"Akte{ODD}", "--title", f"Titel{ODD}", "--class", "council_paper"],
        ["dossier", "list"],
        [
            "hold",
            "place",
            "document",
            document,
            "--reason",
            "audit",
            "--review",
            "31.12.2030",
            "--authority",
            f"Amt{ODD}",
        ],
        ["hold", "list"],
        ["show", document],
        ["open", document],
        ["retry", document],
        ["dismiss", document, "--reason", f"weil{ODD}"],
        ["release", document],
        ["replace", document, f"/nirgends/neu{ODD}.pdf"],
        ["restore", document, f"/nirgends/neu{ODD}.pdf"],
        ["certificate", "list"],
        ["qc", "list"],
        ["export", "verify", f"/nirgends{ODD}"],
        ["disclose", "look", document, "--word", f"Zoologie{ODD}=personal_data"],
        ["purge", document, "--reason", f"weil{ODD}"],
        ["labels", "sheets", "--title", f"Titel{ODD}", "-o", f"/nirgends{ODD}.pdf"],
        ["learn", f"/nirgends{ODD}.jsonl"],
        ["evaluate", f"/nirgends{ODD}.jsonl"],
        ["check"],
        ["doctor"],
        ["clock"],
        ["backup", "list", f"/nirgends{ODD}"],
        ["procedure", "-o", f"/nirgends{ODD}/x.pdf"],
        ["reindex"],
        ["alarm", "--help"],
        ["init", f"/dev/null/{ODD}"],
    ]


def test_no_command_is_left_out() -> None:
    # These print nothing that comes from outside, or end the daemon of the test.
    without = {"run", "rebuild"}
    assert {words[0] for words in commands("")} >= set(_COMMANDS) - without


def on_a_terminal(town: Town, *arguments: str) -> str:
    """All that a command writes to a terminal, without the colours that are its own."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [COMMAND, "-c", str(town.config), *arguments],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            written += chunk
    except OSError:
        pass  # how a terminal tells its end
    os.close(ours)
    running.wait(timeout=60)
    text = written.decode("utf-8").replace("\r\n", "\n")
    # Bars of progress begin their line anew.
    text = re.sub(r"\r(?=[^\n\r]*[█·])", "", text)
    for colour in ("0", "1", "31", "32", "33", "34", "35", "36"):
        text = text.replace(f"\x1b[{colour}m", "")
    return text


@pytest.mark.parametrize("place", range(len(commands(""))))
def test_no_command_lets_a_document_speak_to_the_terminal(
    hostile: tuple[Town, str], place: int
) -> None:
    town, document = hostile
    arguments = commands(document)[place]
    said = on_a_terminal(town, *arguments)
    assert said.strip()
    assert not [one for one in said if disturbs(one) and one not in HARMLESS], said
    if arguments[0] not in TECHNICAL:
        assert not KEY.search(said), said


@pytest.mark.parametrize("arguments", [["search", "*"], ["status"], ["review"]])
def test_json_of_a_command_is_harmless_too(hostile: tuple[Town, str], arguments: list[str]) -> None:
    said = on_a_terminal(hostile[0], *arguments, "--json")
    assert not [one for one in said if disturbs(one) and one not in HARMLESS]
    assert json.loads(said)


def test_the_command_line_prints_by_one_function() -> None:
    folder = Path(plaintext.__file__).parent / "cli"
    direct = {
        f"{path.name}:{number}"
        for path in folder.glob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(way in line for way in ("click.echo", "click.secho", "print(", "click.style("))
        and "_print" not in line
        and "def " not in line
    }
    assert {place.split(":")[0] for place in direct} == {"desk.py"}, sorted(direct)
    assert len(direct) == 3
