"""Files made to break PDF readers, all dropped at once: none stops another, none is lost.

They come from the test suites of pdf.js, pyHanko and qpdf. Where each of them ended when this was
written (``pytest -rP`` prints where they end now):

    review      no_text          pdfjs-bitmap-symbol-textbottomright.pdf jbig2
    quarantined truncated        pdfjs-bug1250079.pdf
    filed                        pdfjs-bug1851498.pdf pdfa_failed
    filed                        pdfjs-issue14802.pdf pdfa_failed
    review      only_blank_pages pdfjs-issue17554.pdf converted repaired
    review      no_text          pdfjs-issue18894.pdf pdfa_failed
    filed                        pdfjs-issue5470.pdf pdfa_failed
    filed                        pdfjs-issue9291.pdf pdfa_failed
    review      no_text          pdfjs-jp2k-resetprob.pdf pdfa_failed
    filed                        pdfjs-poppler-91414-0-53.pdf pdfa_failed repaired
    quarantined encrypted        pdfjs-saslprep-r6.pdf
    quarantined damaged          pyhanko-broken-objstream1.pdf
    quarantined damaged          pyhanko-circular-page-tree.pdf
    quarantined encrypted        pyhanko-malformed-encrypt-dict1.pdf
    quarantined encrypted        pyhanko-minimal-aes256.pdf
    filed                        pyhanko-minimal-illegal-header.pdf converted repaired
    quarantined encrypted        pyhanko-minimal-rc4.pdf
    review      low_confidence   pyhanko-minimal-signed-twice-both-created.pdf signed
    review      low_confidence   pyhanko-minimal-signed-twice-no-sig-type.pdf signed
    review      low_confidence   pyhanko-minimal-signed-twice-second-created.pdf signed
    filed                        pyhanko-minimal-startxref-hopeless.pdf converted repaired
    filed                        pyhanko-minimal-two-fields-signed-twice.pdf signed
    filed                        pyhanko-minimal-two-fields-tagged.pdf converted
    review      no_text          pyhanko-no-mediabox.pdf repaired
    review      low_confidence   pyhanko-pades-lta-dss-indirect-arrs-test-2.pdf signed
    review      low_confidence   pyhanko-pades-lta-dss-indirect-arrs-test.pdf signed
    review      low_confidence   pyhanko-pades-with-old-style-signing-cert-attr-issser.pdf signed
    review      low_confidence   pyhanko-signature-gap-too-big.pdf repaired signed
    review      low_confidence   pyhanko-struct-tree-circular-ref.pdf signed
    quarantined truncated        qpdf-16172.pdf
    quarantined unsupported_type qpdf-369662293a.pdf
    quarantined unsupported_type qpdf-547975127.pdf
    quarantined unsupported_type qpdf-65773.pdf
    quarantined unsupported_type qpdf-69977a.pdf
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import corpora, paper
from tests.corpora import HOSTILE
from tests.town import Town, wait_for

REPOSITORY = Path(__file__).resolve().parent.parent
NAMES = corpora.names(HOSTILE)

pytestmark = corpora.needs(HOSTILE)

# Reasons that a file made to do harm may end with; a bug of ours would be none of them.
QUARANTINE = {
    "unsupported_type",
    "encrypted",
    "truncated",
    "damaged",
    "no_pages",
    "dynamic_xfa",
    "looks_like_bomb",
    "took_too_long",
    "too_much_memory",
    "too_much_output",
}
REVIEW = {"low_confidence", "only_blank_pages", "no_text", "page_too_large", "worker_died"}

ENCRYPTED = (
    "pdfjs-saslprep-r6.pdf",
    "pyhanko-malformed-encrypt-dict1.pdf",
    "pyhanko-minimal-aes256.pdf",
    "pyhanko-minimal-rc4.pdf",
)
# With a word that stands on the page.
SIGNED = {
    "pyhanko-minimal-signed-twice-both-created.pdf": "Testerino",
    "pyhanko-minimal-signed-twice-no-sig-type.pdf": "Hello",
    "pyhanko-minimal-signed-twice-second-created.pdf": "Testerino",
    "pyhanko-minimal-two-fields-signed-twice.pdf": "Hello",
    "pyhanko-pades-lta-dss-indirect-arrs-test.pdf": "Alice",
    "pyhanko-pades-lta-dss-indirect-arrs-test-2.pdf": "Alice",
    "pyhanko-pades-with-old-style-signing-cert-attr-issser.pdf": "Hello",
    "pyhanko-signature-gap-too-big.pdf": "Hello",
}
# Odd, but any reader shows their text.
READABLE = {
    "pdfjs-bug1851498.pdf": "Hello",
    "pdfjs-issue14802.pdf": "relative",
    "pdfjs-issue5470.pdf": "Issue",
    "pdfjs-issue9291.pdf": "LucidaSans",
    "pdfjs-poppler-91414-0-53.pdf": "foobar",
    "pyhanko-minimal-illegal-header.pdf": "Hello",
    "pyhanko-minimal-startxref-hopeless.pdf": "Hello",
}


@dataclass(frozen=True)
class Siege:
    """The town after all of them."""

    town: Town
    status: dict[str, Any]
    found: dict[str, dict[str, Any]]

    def problem(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self.status["problems"] if one["file"] == name), None)

    def holds(self, word: str, name: str) -> bool:
        return name in {hit["file"] for hit in self.town.search(word)}


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    town = Town(tmp_path_factory.mktemp("siege") / "town", {"work": {"wall_seconds": 60}})
    with town.daemon():
        for name in NAMES:
            town.drop(name, (HOSTILE / name).read_bytes())
        town.drop("danach.pdf", paper.scan_pdf([paper.letter_image()]))
        wait_for(lambda: {path.suffix for path in town.inbox.iterdir()} <= {"", ".csv"}, "all in")
        town.wait_until_settled()
        ended = {"filed", "review", "quarantined"}
        wait_for(lambda: {hit["state"] for hit in town.search()} <= ended, "the index is current")
        yield Siege(town, town.status(), {hit["file"]: hit for hit in town.search()})


@pytest.mark.parametrize("name", corpora.each(HOSTILE))
def test_file_ends_somewhere_sensible_and_is_kept(siege: Siege, name: str, tmp_path: Path) -> None:
    hit, problem = siege.found[name], siege.problem(name)
    shown = siege.town.json("show", hit["id"])
    findings = " ".join(finding["code"] for finding in shown["findings"])
    where = f"{shown['state']:<12}{shown['reason'] or '':<17}"
    print(f"{where}{name} {findings}".rstrip())
    assert shown["state"] == hit["state"]
    if hit["state"] == "filed":
        assert problem is None
        assert hit["pages"] > 0
    else:
        assert problem is not None
        assert problem["id"] == hit["id"]
        assert problem["reason"] in (REVIEW if hit["state"] == "review" else QUARANTINE)
        note = (siege.town.problems / f"{name}.txt").read_text(encoding="utf-8-sig")
        for told in (problem["message"], problem["advice"]):
            assert told.endswith(".")
            assert len(told.split()) > 3
            assert told != problem["reason"]
            assert told in note
    target = tmp_path / "original"
    ended = siege.town.command("get", hit["id"], "--original", "-o", str(target))
    assert ended.returncode == 0, ended.stderr
    assert target.read_bytes() == (HOSTILE / name).read_bytes()


@pytest.mark.parametrize("name", ENCRYPTED)
def test_encrypted_file_is_called_encrypted(siege: Siege, name: str) -> None:
    problem = siege.problem(name)
    assert problem is not None
    assert problem["reason"] == "encrypted"


@pytest.mark.parametrize("name", SIGNED)
def test_signed_file_is_called_signed_and_its_text_is_found(siege: Siege, name: str) -> None:
    shown = siege.town.json("show", siege.found[name]["id"])
    assert "signed" in {finding["code"] for finding in shown["findings"]}
    assert not shown["rendition"]
    assert siege.holds(SIGNED[name], name)


@pytest.mark.parametrize("name", READABLE)
def test_odd_but_readable_file_is_filed_and_found(siege: Siege, name: str) -> None:
    assert siege.found[name]["state"] == "filed"
    assert siege.holds(READABLE[name], name)


def test_nothing_stopped_and_everything_verifies(siege: Siege) -> None:
    (letter,) = siege.town.search("Grundstück Lindenstraße")
    assert (letter["file"], letter["state"]) == ("danach.pdf", "filed")
    assert set(siege.found) == {*NAMES, "danach.pdf"}
    assert siege.status["system"] == []
    lines = (siege.town.root / "daemon.log").read_text(encoding="utf-8").splitlines()
    levels = {json.loads(line)["level"] for line in lines}
    assert levels <= {"info", "warning"}
    assert siege.town.command("verify").returncode == 0
