"""Papers as PDF/A and Markdown: nothing is lost, nothing hangs over, the same bytes each time."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pikepdf import pdfa

from archiver import tongue
from archiver.papers import typeset
from archiver.papers.markdown import as_markdown
from archiver.papers.paper import Facts, Heading, Items, Paper, Paragraph, Table, texts
from archiver.pdfa import A4_MM

CREATED = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
LETTERS = st.text(
    st.characters(codec="latin-1", exclude_categories=["Cc", "Cf", "Zs"]) | st.just(" "),
    max_size=120,
)
BLOCKS = st.one_of(
    st.builds(Heading, LETTERS, st.sampled_from([1, 2, 3])),
    st.builds(Paragraph, LETTERS),
    st.builds(Items, st.lists(LETTERS, max_size=4).map(tuple)),
    st.builds(Facts, st.lists(st.tuples(LETTERS, LETTERS), max_size=4).map(tuple)),
    st.integers(1, 5).flatmap(
        lambda n: st.builds(
            Table,
            st.tuples(*[LETTERS] * n),
            st.lists(st.tuples(*[LETTERS] * n), max_size=40).map(tuple),
            st.sets(st.integers(0, n - 1)).map(frozenset),
        )
    ),
)
PAPERS = st.builds(
    Paper,
    LETTERS,
    st.sampled_from(["de", "en"]),
    st.just(CREATED),
    st.lists(BLOCKS, max_size=5).map(tuple),
    LETTERS,
)


def paper(*blocks, title="Prüfbogen", language="de", footer=""):
    return Paper(title, language, CREATED, blocks, footer)


def printed(pdf):
    """The text of each page as a reader copies it, each run of blanks one space."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def squeezed(text):
    return re.sub(r"[\s\ufffe\u00ad\x02-]", "", text)


def width(text, points):
    """A font whose letters are all alike."""
    return len(text) * points * 0.18


@given(PAPERS)
def test_every_text_stands_on_some_page_within_the_margins(one):
    sheets = typeset.layout(one, width)
    body = "".join(placed.text for sheet in sheets for placed in sheet.texts if placed.base < 280)
    for text in (one.title, *(text for block in one.blocks for text in texts(block))):
        for word in text.split():
            assert word in body or all(letter in body for letter in word)
    count = sum(len("".join(text.split())) for block in one.blocks for text in texts(block))
    assert len("".join(body.split())) >= count + len("".join(one.title.split()))
    for number, sheet in enumerate(sheets, start=1):
        ending = f"{number} {'von' if one.language == 'de' else 'of'} {len(sheets)}"
        assert sheet.texts[-1].text.endswith(ending)
        for placed in sheet.texts:
            assert placed.left >= 20 and placed.base <= 286
            assert placed.left + width(placed.text, placed.points) <= 190.2


@settings(max_examples=8, deadline=None)
@given(PAPERS)
def test_any_paper_is_pdfa_and_the_same_bytes_each_time(one):
    made = typeset.pdf(one)
    assert typeset.pdf(one) == made
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdfa.check(pdf, "2b").findings == []
        assert pdf.Root.Lang == {"de": "de-DE", "en": "en-GB"}[one.language]


def test_text_can_be_copied_and_pages_are_numbered():
    rows = tuple((str(n), f"Fräulein Größe {n}", "Straße " * 12) for n in range(150))
    made = typeset.pdf(
        paper(
            Heading("1 Über das Maß"),
            Paragraph("Ein langer Satz über Öfen. " * 20),
            Table(("Nr.", "Wer", "Wo"), rows, frozenset({0})),
            footer="Prüfbogen der Stadt Musterbach",
        )
    )
    pages = printed(made)
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert page.endswith(f"Seite {number} von {len(pages)}")
        assert "Prüfbogen der Stadt Musterbach" in page
        assert "Nr. Wer Wo" in page, "the header stands on every page"
    assert all(f"Fräulein Größe {n} " in " ".join(pages) for n in range(150))


def test_a_row_is_divided_only_where_it_is_higher_than_a_page():
    rows = (("kurz", "a"), ("lang", "Wort " * 4000), ("Ende", "b"), ("drei", "Zeile\nZeile\nZeile"))
    sheets = typeset.layout(paper(Table(("X", "Y"), rows)), width)
    body = [placed.text for sheet in sheets for placed in sheet.texts if placed.base < 280]
    assert " ".join(body).count("Wort") == 4000
    assert " ".join(body).count("Zeile") == 3
    small = tuple((str(n), "eins\nzwei\ndrei") for n in range(200))
    for sheet in typeset.layout(paper(Table(("X", "Y"), small)), width):
        lines = [placed.text for placed in sheet.texts]
        assert lines.count("eins") == lines.count("zwei") == lines.count("drei") > 0


def test_a_headline_is_never_the_last_thing_on_a_page():
    blocks = []
    for number in range(60):
        blocks += [Heading(f"Kapitel {number}"), *[Paragraph("Text")] * (number % 7 + 1)]
    for sheet in typeset.layout(paper(*blocks), width):
        body = [placed.text for placed in sheet.texts if placed.base < 280]
        assert not body[-1].startswith("Kapitel")


def test_a_column_is_wide_enough_for_its_words():
    rows = (("Personenstandsregister", *["viele Wörter " * 9] * 4), ("x", *["y " * 90] * 4))
    sheets = typeset.layout(paper(Table(tuple("ABCDE"), rows)), width)
    assert "Personenstandsregister" in [placed.text for placed in sheets[0].texts]


def test_long_words_and_letters_that_the_font_lacks():
    pages = printed(
        typeset.pdf(paper(Facts((("Prüfsumme", "ab" * 400),)), title="株 \x07Ma\u0308rz Stoﬀ"))
    )
    assert squeezed("ab" * 400) in squeezed("".join(pages))
    assert "März Stoff" in pages[0]


def test_time_grows_with_the_rows_and_no_faster():
    def seconds(count):
        rows = tuple((str(n), f"{n:0128x}") for n in range(count))
        start = time.process_time()
        typeset.layout(paper(Table(("Nr.", "Prüfsumme"), rows)), width)
        return time.process_time() - start

    seconds(500)
    assert seconds(8000) < 8 * 3 * max(seconds(1000), 0.02)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_language_of_a_paper_is_not_that_of_the_process(language):
    tongue.use({"de": "en", "en": "de"}[language])
    try:
        page = printed(typeset.pdf(paper(language=language)))[0]
        assert page.endswith({"de": "Seite 1 von 1", "en": "Page 1 of 1"}[language])
        before = tongue.tr("received")
        with tongue.speaking(language):
            assert tongue.tr("received") == {"de": "eingegangen", "en": "received"}[language]
        assert tongue.tr("received") == before != {"de": "eingegangen", "en": "received"}[language]
    finally:
        tongue.use("en")


MARKUP = st.text("#*_`[]()<>|\\~!&-+=1.) :abc\n", max_size=30)


@given(st.lists(MARKUP, min_size=6, max_size=6))
def test_markdown_takes_no_text_for_markup(parts):
    title, heading, running, item, label, cell = parts
    text = as_markdown(
        paper(
            Heading("h" + heading),
            Paragraph("p" + running),
            Items(("i" + item,)),
            Facts((("l" + label, "v"),)),
            Table(("A", "B"), (("c" + cell, "d"),)),
            title="t" + title,
        )
    )
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children}
    assert kinds <= {"text", "text_special", "hardbreak"}, text
    read = ["".join(child.content for child in token.children) for token in inline]

    def plain(value):
        return " ".join(value.split())

    assert read[0] == plain("t" + title)
    assert read[1] == plain("h" + heading)
    assert "".join(read[2].split()) == "".join(("p" + running).split())
    assert read[3] == plain("i" + item)
    assert read[4] == f"{plain('l' + label)}: v"
    assert read[5:] == ["A", "B", plain("c" + cell), "d"]


@pytest.mark.parametrize(
    "text", ["# no", "no ##", "- no", "12. no", "1) no", "=", "+ no", "> no", "---"]
)
def test_markdown_of_a_line_that_looks_like_a_block(text):
    tokens = MarkdownIt("commonmark").parse(as_markdown(paper(Paragraph(text), Paragraph("x"))))
    assert [token.type for token in tokens if token.nesting == 1] == [
        "heading_open",
        "paragraph_open",
        "paragraph_open",
    ]
    assert tokens[4].content.replace("\\", "") == text


def test_markdown_of_a_headline_that_ends_with_number_signs():
    tokens = MarkdownIt("commonmark").parse(as_markdown(paper(title="Akte ##")))
    assert "".join(child.content for child in tokens[1].children) == "Akte ##"


def test_paper_size():
    with pikepdf.open(io.BytesIO(typeset.pdf(paper()))) as pdf:
        assert len(pdf.pages) == 1
        sides = [float(side) * 25.4 / 72 for side in pdf.pages[0].mediabox[2:]]
        assert sides == pytest.approx(A4_MM, abs=0.1)
