"""The query language: what lines mean, where mistakes are, and that nothing else can happen."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageFault
from archiver.search.dates import resolved
from archiver.search.query import (
    DEPTH_LIMIT,
    LENGTH_LIMIT,
    And,
    Days,
    Everything,
    Field,
    Not,
    Or,
    Phrase,
    Prefix,
    Word,
    parse,
)

pytestmark = pytest.mark.pure

A, B, C = Word("a1"), Word("b1"), Word("c1")


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("a1", A),
        ("a1 b1", And((A, B))),
        ("a1 AND b1 UND c1", And((A, B, C))),
        ("a1 (b1 c1)", And((A, B, C))),
        ("a1 OR b1 ODER c1", Or((A, B, C))),
        ("a1 OR b1 c1", Or((A, And((B, C))))),
        ("(a1 OR b1) c1", And((Or((A, B)), C))),
        ("NOT a1 b1", And((Not(A), B))),
        ("NICHT (a1 ODER b1)", Not(Or((A, B)))),
        ("a1 -b1", And((A, Not(B)))),
        ('-"x y"', Not(Phrase("x y"))),
        ("und oder nicht", And((Word("und"), Word("oder"), Word("nicht")))),
        ('"Antrag auf"', Phrase("Antrag auf")),
        ("„Antrag auf“", Phrase("Antrag auf")),
        ("wort*", Prefix("wort")),
        ("*", Everything()),
        ("Müller-Meier", Word("Müller-Meier")),
        ("Müller & Söhne", And((Word("Müller"), Word("Söhne")))),
        ("10:30", Word("10:30")),
        ("http://a.de", Word("http://a.de")),
        ("Betrag: 5", And((Word("Betrag:"), Word("5")))),
        ("az:632.6", Field("reference", Word("632.6"))),
        ("AKTENZEICHEN:632.6*", Field("reference", Prefix("632.6"))),
        ("az:*", Field("reference", Everything())),
        ("betreff: Antrag", Field("subject", Word("Antrag"))),
        ('Betreff:"neuer Antrag"', Field("subject", Phrase("neuer Antrag"))),
        ("-von:Müller", Not(Field("sender", Word("Müller")))),
        ("klasse:bauantrag", Field("class", Word("bauantrag"))),
        ("status:abgelegt", Field("state", Word("filed"))),
        ("zustand:filed", Field("state", Word("filed"))),
        ("status:QUARANTAENE", Field("state", Word("quarantined"))),
        ('status:"in Prüfung"', Field("state", Word("review"))),
        ("datei:scan.pdf", Field("file", Word("scan.pdf"))),
        ("akte:2023/7", Field("dossier", Word("2023/7"))),
        ("datum:2023", Days("date", "2023-01-01", "2023-12-31")),
        ("datum:02.2024", Days("date", "2024-02-01", "2024-02-29")),
        ("datum:2024-02", Days("date", "2024-02-01", "2024-02-29")),
        ("datum:1.2.2023", Days("date", "2023-02-01", "2023-02-01")),
        ("datum:01.01.2023..31.03.2023", Days("date", "2023-01-01", "2023-03-31")),
        ("datum:2023-05-01..06.2023", Days("date", "2023-05-01", "2023-06-30")),
        ("eingang:2023..", Days("received", "2023-01-01", None)),
        ("eingang:..2023", Days("received", None, "2023-12-31")),
        ("datum:>=2024", Days("date", "2024-01-01", None)),
        ("datum:>2023", Days("date", "2024-01-01", None)),
        ("datum:<2024", Days("date", None, "2023-12-31")),
        ("datum:<=2024-02-29", Days("date", None, "2024-02-29")),
        ("datum:..", Field("date", Everything())),
        ("eingang:heute", Days("received", "today", "today")),
        ("eingang:>=gestern-6", Days("received", "today-7", None)),
    ],
)
def test_lines_mean(line, tree):
    assert parse(line) == tree


@pytest.mark.parametrize(
    ("line", "reason", "params"),
    [
        ("", "query_empty", {"position": 1}),
        ("  & ", "query_empty", {"position": 1}),
        ("a b c" * LENGTH_LIMIT, "query_too_long", {"limit": LENGTH_LIMIT}),
        ('Bau "offen', "query_quote_open", {"position": 5}),
        ("Bau (offen", "query_bracket_open", {"position": 5}),
        ("Bau) zu", "query_bracket_unexpected", {"position": 4}),
        ("Bau OR", "query_operand_missing", {"position": 7, "met": ""}),
        ("Bau AND OR Plan", "query_operand_missing", {"position": 9, "met": "OR"}),
        ("()", "query_operand_missing", {"position": 2, "met": ")"}),
        ("NOT", "query_operand_missing", {"position": 4}),
        ("Bau az:", "query_value_missing", {"position": 8, "field": "az"}),
        ("az:(632)", "query_value_missing", {"position": 4}),
        ("az:--", "query_value_missing", {"position": 4}),
        ("Bau*plan", "query_star_inside", {"position": 4}),
        ("*plan", "query_star_inside", {"position": 1}),
        ("plz:12345", "unknown_field", {"position": 1, "field": "plz"}),
        ('Plan plz:"1"', "unknown_field", {"position": 6, "field": "plz"}),
        ("status:fertig", "unknown_state", {"position": 8, "state": "fertig"}),
        ("datum:31.02.2023", "bad_date", {"position": 7, "met": "31.02.2023"}),
        ("datum:0.2.2023", "bad_date", {"position": 7}),
        ("datum:01.01.23", "bad_date", {"met": "01.01.23"}),
        ("datum:>2999", "bad_date", {"position": 7}),
        ("datum:2023..x", "bad_date", {"met": "x"}),
        ("eingang:heute-99999", "bad_date", {"met": "heute-99999"}),
    ],
)
def test_mistakes_are_named_with_their_place(line, reason, params):
    with pytest.raises(UsageFault) as caught:
        parse(line)
    assert caught.value.reason == reason
    assert params.items() <= caught.value.params.items()


def test_unknown_field_names_the_known_ones():
    with pytest.raises(UsageFault) as caught:
        parse("plz:1")
    assert {"az", "betreff", "sender"} <= set(str(caught.value.params["known"]).split(", "))


@pytest.mark.parametrize("opening", ["(", "-", "NOT ", "-("])
def test_depth_is_limited(opening):
    deep = opening * (DEPTH_LIMIT // len(opening.strip("NOT "))) if "(" in opening else opening * 20
    closing = ")" * deep.count("(")
    parse(f"{deep}a{closing}")
    with pytest.raises(UsageFault, match="query_too_deep"):
        parse(f"{opening * (DEPTH_LIMIT + 1)}a")


def test_relative_days_count_from_the_given_day():
    assert resolved("today-1", date(2024, 3, 1)) == 20240229
    assert resolved("2024-03-01", date(2030, 1, 1)) == 20240301
    assert resolved(None, date(2024, 3, 1)) is None


pieces = st.sampled_from(
    [
        *'()"„“-*: .\u00ad\né２½',
        *("AND", "ODER", "NOT", "az:", "datum:", "status:", "betreff:", "x:", "2023", "..", ">="),
        *("<", "heute", "+1", "03.2024", "31.12.2999", "Müller", "bau", "in prüfung", "filed"),
    ]
)
lines = st.one_of(st.text(max_size=60), st.lists(pieces, max_size=25).map("".join))


@given(lines)
def test_any_text_is_a_tree_that_reads_back_or_a_usage_fault(line):
    try:
        tree = parse(line)
    except UsageFault as fault:
        assert fault.reason
        assert 1 <= int(fault.params.get("position", 1)) <= len(line) + 1
        return
    written = str(tree)
    if len(written) <= LENGTH_LIMIT:
        assert parse(written) == tree
        assert str(parse(written)) == written
