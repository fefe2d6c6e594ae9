"""The sample papers through the whole product: every word that they promise is found."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.town import Town, wait_for

SAMPLES = Path(__file__).resolve().parent.parent / "sample_docs"


def test_every_promised_word_of_every_sample_is_found(town: Town) -> None:
    expected = tomllib.loads((SAMPLES / "expected.toml").read_text(encoding="utf-8"))["document"]
    for paper in expected:
        town.drop(paper["file"], (SAMPLES / paper["file"]).read_bytes())
    with town.daemon():
        town.wait_until_settled()
        assert town.status()["documents"] == {"filed": len(expected)}
        # The index follows the ledger by a moment.
        wait_for(lambda: {hit["state"] for hit in town.search()} == {"filed"}, "all can be found")
        pages = {hit["file"]: hit["pages"] for hit in town.search()}
        assert pages == {paper["file"]: paper["pages"] for paper in expected}
        for paper in expected:
            query = " ".join(paper["find"])
            assert paper["file"] in {hit["file"] for hit in town.search(query)}, query
        dates = {hit["file"]: hit["date"] for hit in town.search()}
        for paper in expected:
            if "letter_date" in paper:
                assert dates[paper["file"]] == str(paper["letter_date"]), paper["file"]
        (permit,) = town.search("az:632.21-12/2024")
        assert permit["file"] == "Scan_20240402_1010.pdf"
        assert permit["reference"] == "632.21-12/2024"
