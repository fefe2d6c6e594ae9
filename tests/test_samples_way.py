"""The sample papers through the whole product: every word that they promise is found."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.town import Town

SAMPLES = Path(__file__).resolve().parent.parent / "sample_docs"


def test_every_promised_word_of_every_sample_is_found(town: Town) -> None:
    expected = tomllib.loads((SAMPLES / "expected.toml").read_text(encoding="utf-8"))["document"]
    for paper in expected:
        town.drop(paper["file"], (SAMPLES / paper["file"]).read_bytes())
    with town.daemon():
        town.wait_until_settled()
        assert town.status()["documents"] == {"filed": len(expected)}
        pages = {hit["file"]: hit["pages"] for hit in town.search()}
        assert pages == {paper["file"]: paper["pages"] for paper in expected}
        for paper in expected:
            query = " ".join(paper["find"])
            assert paper["file"] in {hit["file"] for hit in town.search(query)}, query
