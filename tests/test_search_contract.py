"""What every search index must do, whichever engine stands behind it."""

import os
import random
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.errors import ExitCode, SystemFault, UsageFault
from archiver.search import query as language
from archiver.search.dates import number, resolved
from archiver.search.german import key, plain_text, words
from archiver.search.index import MARK_OFF, MARK_ON, Entry, open_index
from archiver.search.query import parse
from archiver.search.stemmer import stem

TODAY = date(2026, 3, 1)
ROOT = Path(__file__).parents[1]


def entry(id_, *pages, **given_values):
    values = {
        "state": "filed",
        "record_class": None,
        "reference": None,
        "subject": None,
        "sender": None,
        "date": None,
        "received_on": "2024-01-02",
        "file_name": f"scan{id_}.pdf",
        "dossier": None,
        "pages": pages,
        "page_count": len(pages),
    }
    return Entry(id=id_, **{**values, **given_values})


TOWN = [
    entry(
        "01BAU",
        "Die Anträge von Frau Müller aus der Bahnhofstraße\nzum Bebau-\nungsplan liegen vor.",
        "Auf der zweiten Seite stehen die Häuser und die\nGenehmigung der Gemeinde.",
        record_class="building_permit",
        reference="632.6-2023/0815",
        subject="Antrag auf Baugenehmigung",
        sender="Erika Müller-Meier",
        date="2023-03-31",
        received_on="2023-04-03",
        dossier="Bauakte Bahnhofstraße 5",
    ),
    entry(
        "01RECH",
        "Rechnung über 1.234,56 Euro um 10:30 Uhr, zahlbar an die Gemeindekasse. Feuerwehr neu.",
        record_class="invoice",
        subject="Rechnung Nr. 77",
        sender="Stadtwerke Musterstadt",
        date="2024-02-29",
        received_on="2024-03-01",
    ),
    entry(
        "01MUELL",
        "Gebührenbescheid für den Müll. Die Gemeinde erhebt Gebühren.",
        record_class="notice",
        reference="BÜ/77-A",
        date="2024-12-31",
        received_on="2026-03-01",
    ),
    entry("01QUAR", state="quarantined", file_name="kaputte_Datei.pdf", received_on="2025-01-01"),
]


class SearchIndexContract:
    engine = ""

    @pytest.fixture
    def folder(self, tmp_path):
        return tmp_path / "index"

    @pytest.fixture
    def index(self, folder):
        return open_index(self.engine, folder)

    @pytest.fixture(scope="class")
    def town(self, tmp_path_factory):
        index = open_index(self.engine, tmp_path_factory.mktemp("town") / "index")
        index.apply(TOWN[:2], [], 2)
        index.apply(TOWN[2:], [], 4)
        return index

    @staticmethod
    def found(index, line, limit=100):
        answer = index.search(parse(line), limit, TODAY)
        assert answer.total >= len(answer.hits)
        return {hit.id for hit in answer.hits}

    @pytest.mark.parametrize(
        ("line", "ids"),
        [
            ("mueller", "01BAU 01MUELL"),  # Müller and Müll share a stem, quotes part them
            ('"mueller"', "01BAU"),
            ("MÜLLER bahnhofstrasse", "01BAU"),
            ("Bebauungsplan", "01BAU"),
            ("Antrag", "01BAU"),
            ("Haus", "01BAU"),
            ("Genehmigungen", "01BAU"),
            ("Gebühr", "01MUELL"),
            ("gebuehren", "01MUELL"),
            ("neue Feuerwehren", "01RECH"),
            ("gemeinde", "01BAU 01MUELL"),
            ("gemeinde*", "01BAU 01MUELL 01RECH"),
            ("Straße*", ""),
            ("Bahnhofstraß*", "01BAU"),
            ("gebü* bescheid", ""),
            ('"Frau Mueller"', "01BAU"),
            ('"Müller Frau"', ""),
            ('"Bahnhofstraße zum Bebauungsplan"', "01BAU"),
            ('"die Genehmigung der"', "01BAU"),
            ('"vor auf"', ""),
            ('"liegen vor auf der zweiten"', ""),
            ('"Antrag von"', ""),
            ("Müller-Mei*", "01BAU"),
            ("Meier-Müll*", ""),
            ("1.234,56", "01RECH"),
            ("10:30", "01RECH"),
            ("10:31", ""),
            ("Antrag OR Rechnung", "01BAU 01RECH"),
            ("Gemeinde (Müll ODER Rechnung)", "01BAU 01MUELL"),
            ("Gemeinde NICHT Frau", "01MUELL"),
            ("-Gemeinde", "01QUAR 01RECH"),
            ("NOT (Gemeinde OR Rechnung)", "01QUAR"),
            ("Rechnung OR NOT Gemeinde", "01QUAR 01RECH"),
            ("-Gemeinde -Rechnung", "01QUAR"),
            ("NOT NOT Rechnung", "01RECH"),
            ("*", "01BAU 01MUELL 01QUAR 01RECH"),
            ("-*", ""),
            ("az:632.6", "01BAU"),
            ("az:6326-2023", "01BAU"),
            ("az:0815", ""),
            ("632.6-2023/0815", "01BAU"),
            ("6326 20230815", ""),
            ("63262023*", "01BAU"),
            ("632620230815", "01BAU"),
            ("BUE77", "01MUELL"),
            ("ref:bü*", "01MUELL"),
            ("az:*", "01BAU 01MUELL"),
            ("NOT az:*", "01QUAR 01RECH"),
            ("betreff:Anträge", "01BAU"),
            ("betreff:Frau", ""),
            ("betreff:Bau*", "01BAU"),
            ('betreff:"Antrag auf"', "01BAU"),
            ("von:Meier", "01BAU"),
            ("Meier", "01BAU"),
            ("absender:stadt*", "01RECH"),
            ("akte:Bahnhofstraße", "01BAU"),
            ("akte:bauakte-bahn", "01BAU"),
            ("typ:invoice", "01RECH"),
            ("klasse:Building-Permit", "01BAU"),
            ("typ:build", ""),
            ("typ:build*", "01BAU"),
            ("typ:*", "01BAU 01MUELL 01RECH"),
            ("status:Quarantäne", "01QUAR"),
            ("status:filed", "01BAU 01MUELL 01RECH"),
            ("datei:kaputte*", "01QUAR"),
            ("kaputte_Datei.pdf", "01QUAR"),
            ("id:01quar", "01QUAR"),
            ("01QUAR", "01QUAR"),
            ("id:01R*", "01RECH"),
            ("datum:2024", "01MUELL 01RECH"),
            ("datum:03.2023", "01BAU"),
            ("datum:29.02.2024", "01RECH"),
            ("datum:31.03.2023..29.02.2024", "01BAU 01RECH"),
            ("datum:..2023", "01BAU"),
            ("datum:>=2024-03-01", "01MUELL"),
            ("datum:>29.02.2024", "01MUELL"),
            ("datum:<=29.02.2024", "01BAU 01RECH"),
            ("datum:<29.02.2024", "01BAU"),
            ("NOT datum:*", "01QUAR"),
            ("eingang:heute", "01MUELL"),
            ("eingang:<heute", "01BAU 01QUAR 01RECH"),
            ("Gemeinde datum:2023 typ:*", "01BAU"),
        ],
    )
    def test_finds(self, town, line, ids):
        assert self.found(town, line) == set(ids.split())

    @settings(suppress_health_check=[HealthCheck.differing_executors])
    @given(line=st.text(max_size=40) | st.text("ab12.²½ßﬁǅ한é'+?[]{}|\\^$*-", max_size=12))
    def test_whatever_can_be_read_can_be_answered(self, town, line):
        try:
            tree = parse(line)
        except UsageFault:
            return
        assert town.search(tree, 5, TODAY).total <= len(TOWN)

    def test_new_index_is_empty_and_opening_writes_nothing(self, index, folder):
        assert index.cursor() == 0
        assert index.search(parse("*"), 5, TODAY).total == 0
        assert not folder.exists()

    def test_total_is_exact_beyond_the_limit(self, index):
        index.apply([entry(f"D{n}", "wort " * (n % 5 + 1)) for n in range(60)], [], 1)
        index.apply([], [f"D{n}" for n in range(7)], 2)
        for line in ("wort", "wor*", "*", "NOT anders", '"wort wort"', "status:filed"):
            answer = index.search(parse(line), 10, TODAY)
            everything = index.search(parse(line), 100, TODAY)
            assert len(answer.hits) == 10
            assert answer.total == everything.total == len(everything.hits)
        assert index.search(parse("wort"), 10, TODAY).total == 53

    def test_replaces_and_deletes_by_id(self, index):
        index.apply([entry("A", "alt"), entry("B", "bleibt")], [], 1)
        index.apply([entry("A", "erst"), entry("A", "neu")], ["unbekannt"], 2)
        assert self.found(index, "alt") == self.found(index, "erst") == set()
        assert self.found(index, "neu") == {"A"}
        index.apply([], ["A"], 3)
        assert self.found(index, "*") == {"B"}

    def test_ids_that_fold_alike_are_two_documents(self, index):
        index.apply([entry("01AEA"), entry("01AAE")], [], 1)
        index.apply([], ["01AEA"], 2)
        assert self.found(index, "*") == {"01AAE"}

    def test_remembers_the_cursor(self, index, folder):
        index.apply([], [], 5)
        assert open_index(self.engine, folder).cursor() == 5
        index.apply([entry("A")], [], 9)
        assert index.cursor() == open_index(self.engine, folder).cursor() == 9
        index.apply([], [], 12)
        assert open_index(self.engine, folder).cursor() == 12
        assert self.found(open_index(self.engine, folder), "*") == {"A"}

    def test_applying_a_round_again_changes_nothing(self, index):
        for _ in range(2):
            index.apply(TOWN, ["01GONE"], 4)
            assert index.search(parse("*"), 9, TODAY).total == len(TOWN)

    def test_hits_carry_what_a_list_shows(self, town):
        (hit,) = town.search(parse("Bebauungsplan"), 5, TODAY).hits
        known = TOWN[0]
        for name in ("id", "state", "record_class", "reference", "subject", "sender", "date"):
            assert getattr(hit, name) == getattr(known, name)
        assert (hit.received_on, hit.file_name) == (known.received_on, known.file_name)
        assert (hit.dossier, hit.pages) == (known.dossier, 2)
        assert hit.score > 0

    def test_subject_and_reference_rank_first(self, index):
        filler = "und so weiter in dieser Sache " * 5
        index.apply(
            [
                entry("TEXT", f"Hundesteuer {filler} 4711"),
                entry("SUBJECT", f"Hundesteuer {filler}", subject="Hundesteuer"),
                entry("REFERENCE", filler, reference="4711-9"),
            ],
            [],
            1,
        )
        assert [hit.id for hit in index.search(parse("Hundesteuer"), 5, TODAY).hits] == [
            "SUBJECT",
            "TEXT",
        ]
        assert index.search(parse("4711"), 5, TODAY).hits[0].id == "REFERENCE"

    def test_word_as_written_ranks_before_its_stem(self, index):
        index.apply([entry("WASTE", "Der Müll"), entry("NAME", "Herr Müller")], [], 1)
        assert index.search(parse("Mueller"), 5, TODAY).hits[0].id == "NAME"
        assert index.search(parse("Müll"), 5, TODAY).hits[0].id == "WASTE"

    def test_without_words_the_newest_come_first(self, town):
        for line in ("*", "NOT Unfug", "status:*"):
            received = [hit.received_on for hit in town.search(parse(line), 9, TODAY).hits]
            assert received == sorted(received, reverse=True)

    def test_snippets_name_their_page_and_mark_the_words(self, town):
        (hit,) = town.search(parse("Anträge haeuser"), 5, TODAY).hits
        marked = [
            (snippet.page, part.split(MARK_OFF)[0])
            for snippet in hit.snippets
            for part in snippet.text.split(MARK_ON)[1:]
        ]
        assert marked == [(1, "Anträge"), (2, "Häuser")]
        assert "\n" not in "".join(snippet.text for snippet in hit.snippets)

    def test_snippets_are_three_at_most_and_short(self, index):
        page = "lang " * 300 + "Hundesteuer " + "breit " * 300 + "Bescheid"
        pages = (page, page, f"{page} Hundesteuer Bescheid", page)
        index.apply([entry("A", *pages)], [], 1)
        (hit,) = index.search(parse("Bescheid Hundesteuer"), 5, TODAY).hits
        assert len(hit.snippets) == 3
        assert 3 in [snippet.page for snippet in hit.snippets]
        for snippet in hit.snippets:
            plain = snippet.text.replace(MARK_ON, "").replace(MARK_OFF, "").strip("…")
            assert len(plain) <= 240
            assert plain in " ".join(pages[snippet.page - 1].split()) + " "
            assert set(words(plain)) <= {"lang", "breit", "hundesteuer", "bescheid"}

    def test_found_by_metadata_alone_has_no_snippet(self, town):
        (hit,) = town.search(parse("kaputte"), 5, TODAY).hits
        assert hit.snippets == ()

    def test_other_engine_or_version_is_damaged(self, index, folder):
        index.apply([entry("A")], [], 1)
        (folder / "version").write_text(f"{self.engine} 0\n")
        self.assert_damaged(folder)
        (folder / "version").unlink()
        self.assert_damaged(folder)

    def test_foreign_folder_is_damaged(self, folder):
        folder.mkdir()
        assert open_index(self.engine, folder).cursor() == 0
        (folder / "letter.txt").write_text("not an index")
        self.assert_damaged(folder)

    def test_lost_data_are_damage(self, index, folder):
        index.apply([entry("A")], [], 1)
        shutil.rmtree(folder / "data")
        self.assert_damaged(folder)

    # Damage is done to a copy: the files of an index that was open may still be mapped.

    @pytest.mark.parametrize("kept", [0, 7])
    def test_cut_files_are_damage(self, index, folder, tmp_path, kept):
        index.apply([entry("A", "wort")], [], 1)
        copy = shutil.copytree(folder, tmp_path / "copy")
        for path in (copy / "data").iterdir():
            os.truncate(path, min(kept, path.stat().st_size))
        self.assert_damaged(copy)

    def test_broken_middle_is_damage_or_harmless(self, index, folder, tmp_path):
        index.apply([entry("A", "wort " * 50), entry("B", "wort anders")], [], 1)
        for name in [path.name for path in (folder / "data").iterdir()]:
            copy = shutil.copytree(folder, tmp_path / name)
            broken = bytearray((copy / "data" / name).read_bytes())
            for at in range(len(broken) // 3, len(broken) // 2):
                broken[at] ^= 0x5A
            (copy / "data" / name).write_bytes(broken)
            try:
                open_index(self.engine, copy).search(parse("wort OR w*"), 5, TODAY)
            except SystemFault as fault:
                assert fault.reason == "index_damaged"

    def test_damaged_index_is_built_again(self, index, folder):
        index.apply([entry("A")], [], 1)
        (folder / "version").unlink()
        shutil.rmtree(folder)
        index.apply([entry("B")], [], 2)
        assert self.found(open_index(self.engine, folder), "*") == {"B"}

    def assert_damaged(self, folder):
        with pytest.raises(SystemFault) as caught:
            open_index(self.engine, folder)
        assert caught.value.reason == "index_damaged"

    def test_second_writer_is_told_so(self, index, folder):
        index.apply([entry("A")], [], 1)
        with self.held_lock(folder / "data"):
            with pytest.raises(SystemFault) as caught:
                index.apply([entry("B")], [], 2)
            assert caught.value.reason == "index_busy"
            assert caught.value.exit_code == ExitCode.LOCKED
            assert self.found(index, "*") == {"A"}
        index.apply([entry("B")], [], 2)
        assert self.found(index, "*") == {"A", "B"}

    def test_reads_while_another_process_writes(self, folder):
        rounds = 12
        writer = start_writer(self.engine, folder, rounds)
        totals = []
        while writer.poll() is None:
            index = open_index(self.engine, folder)
            cursor = index.cursor()
            totals.append(index.search(parse("wort"), 5, TODAY).total)
            assert totals[-1] >= 4 * cursor
        assert writer.wait() == 0
        totals.append(open_index(self.engine, folder).search(parse("wort"), 5, TODAY).total)
        assert totals == sorted(totals)
        assert totals[-1] == 4 * rounds

    @pytest.mark.parametrize("seed", range(4))
    def test_killed_writer_loses_nothing_that_the_cursor_claims(self, folder, seed):
        moment = random.Random(seed)
        for _ in range(2):
            writer = start_writer(self.engine, folder, 100_000)
            for _ in range(moment.randrange(4)):
                writer.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(timeout=moment.random() * 0.05)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
            index = open_index(self.engine, folder)
            cursor = index.cursor()
            for id_ in (f"R{round_}D{n}" for round_ in range(cursor) for n in range(4)):
                assert self.found(index, f"id:{id_}") == {id_}
            assert index.search(parse("wort"), 1, TODAY).total in (4 * cursor, 4 * cursor + 4)
        index.apply(writer_round(cursor), [], cursor + 1)
        assert index.search(parse("wort"), 1, TODAY).total == 4 * (cursor + 1)


def writer_round(number_of_round):
    return [entry(f"R{number_of_round}D{n}", "wort der Gemeinde") for n in range(4)]


def start_writer(engine, folder, rounds):
    """Start a process that applies rounds of four documents from the index's cursor on."""
    program = (
        "import sys; from pathlib import Path; from archiver.search.index import open_index\n"
        "from test_search_contract import writer_round\n"
        f"index = open_index({engine!r}, Path({str(folder)!r}))\n"
        f"for number in range(index.cursor(), {rounds}):\n"
        "    index.apply(writer_round(number), [], number + 1); print(number, flush=True)\n"
    )
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
    )


class TestTantivy(SearchIndexContract):
    engine = "tantivy"

    @staticmethod
    def held_lock(data):
        import tantivy

        return tantivy.Index.open(str(data)).writer(15_000_000, 1)

    def test_searching_imports_neither_whoosh_nor_a_database(self, index, folder):
        index.apply(TOWN, [], 1)
        program = (
            "import sys, datetime; from pathlib import Path\n"
            "from archiver.search.index import open_index\n"
            "from archiver.search.query import parse\n"
            f"index = open_index('tantivy', Path({str(folder)!r}))\n"
            "assert index.search(parse('Antrag'), 5, datetime.date(2026, 3, 1)).total == 1\n"
            "print({'whoosh', 'sqlalchemy', 'hypothesis', 'PIL'} & set(sys.modules))\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == "set()"


class TestWhoosh(SearchIndexContract):
    engine = "whoosh"

    @staticmethod
    def held_lock(data):
        from contextlib import closing

        from whoosh import index

        writer = index.open_dir(str(data)).writer()
        writer.close = writer.cancel
        return closing(writer)


def test_unknown_engine_is_named(tmp_path):
    with pytest.raises(SystemFault, match="engine_unknown"):
        open_index("sonar", tmp_path)


# The engines against a naive reading of the language.


def naive(tree, document):
    """Whether a document matches, told from the tree and the document alone."""
    match tree:
        case language.And(parts):
            return all(naive(part, document) for part in parts)
        case language.Or(parts):
            return any(naive(part, document) for part in parts)
        case language.Not(part):
            return not naive(part, document)
        case language.Everything():
            return True
        case language.Days(name, first, last):
            day = document.date if name == "date" else document.received_on
            low, high = resolved(first, TODAY) or 0, resolved(last, TODAY) or 99999999
            return day is not None and low <= number(day) <= high
        case language.Field(name, value):
            return naive_field(name, value, document)
    values = [*document.pages, document.subject, document.sender, document.file_name]
    values += [document.dossier, document.reference]
    code, reference = key(tree.text), key(document.reference or "")
    is_reference = len(code) >= 4 and not code.isalpha() and reference.startswith(code)
    if isinstance(tree, language.Phrase):
        is_reference = False
    is_id = isinstance(tree, language.Word) and tree.text.casefold() == document.id.casefold()
    return is_reference or is_id or any(stands_in(tree, value) for value in values if value)


def naive_field(name, value, document):
    attribute = {"class": "record_class", "received": "received_on", "file": "file_name"}
    text = getattr(document, attribute.get(name, name))
    if isinstance(value, language.Everything):
        return bool(text)
    if not text:
        return False
    begins = key(text).startswith(key(value.text))
    if name in ("reference", "class", "state", "id"):
        is_open = name == "reference" or isinstance(value, language.Prefix)
        return begins if is_open else key(text) == key(value.text)
    return stands_in(value, text) or (name == "dossier" and begins)


def stands_in(value, text):
    here, wanted = words(plain_text(text)), words(plain_text(value.text))
    if isinstance(value, language.Word):
        here, wanted = [stem(word) for word in here], [stem(word) for word in wanted]
    for at in range(len(here) - len(wanted) + 1):
        stretch = here[at : at + len(wanted)]
        if isinstance(value, language.Prefix):
            if stretch[:-1] == wanted[:-1] and stretch[-1].startswith(wanted[-1]):
                return True
        elif stretch == wanted:
            return True
    return False


GERMAN = [
    *("Antrag", "Anträge", "Antrages", "Bau", "Bauen", "Bauer", "Müller", "Mueller", "Muller"),
    *("Müll", "Straße", "Strassen", "Häuser", "Haus", "Frau", "Frauen", "neu", "neue", "Feuer"),
    *("und", "oder", "2023", "0815"),
]
REFERENCES = ["632.6-2023/0815", "2023/0815", "BÜ-77", "0815", None]
some_text = st.lists(st.sampled_from(GERMAN), max_size=6).map(" ".join)
days = st.sampled_from(["2023-01-01", "2023-12-31", "2024-02-29", "2026-03-01"])
optional = st.none() | some_text


@st.composite
def corpora(draw):
    return [
        entry(
            f"0{n}AE",
            *draw(st.lists(some_text, max_size=3)),
            state=draw(st.sampled_from(["filed", "review", "quarantined"])),
            record_class=draw(st.sampled_from([None, "invoice", "in_voice", "notice"])),
            reference=draw(st.sampled_from(REFERENCES)),
            subject=draw(optional),
            sender=draw(optional),
            date=draw(st.none() | days),
            received_on=draw(days),
            file_name=draw(st.sampled_from(["scan.pdf", "Antrag Bau.pdf", "müll-2023.tif"])),
            dossier=draw(st.sampled_from([None, "Bau 2023", "632.6", "Antrag"])),
        )
        for n in range(draw(st.integers(1, 8)))
    ]


plain = st.sampled_from([*GERMAN, "Neu-Bau", "Bauen-Frau", "632.6", "2023/08", "01ae", "fehlt"])
starts = st.sampled_from(["a*", "bau*", "mü*", "Neu-B*", "Frau-Fe*", "20*", "632620*", "fehl*"])
quoted = st.lists(st.sampled_from(GERMAN), min_size=1, max_size=4).map(lambda w: f'"{" ".join(w)}"')
named = st.sampled_from(["betreff", "von", "datei", "akte", "az", "id", "typ"]).flatmap(
    lambda name: (plain | starts | quoted | st.just("*") | st.just("invo*")).map(
        lambda value: f"{name}:{value}"
    )
)
fixed = st.sampled_from(
    [
        *("*", "status:review", "status:*", "typ:notice", "typ:inv*", "datum:*", "datum:2023"),
        *("datum:>31.12.2023", "eingang:heute", "eingang:..2023", "datum:02.2024..", "az:*"),
    ]
)
lines = st.recursive(
    st.one_of(plain, starts, quoted, named, fixed),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"),
        inner.map(lambda one: f"NOT {one}"),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("engine", ["tantivy", "whoosh"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(corpus=corpora(), asked=st.lists(lines, min_size=8, max_size=16))
def test_engine_agrees_with_the_naive_reading(engine, tmp_path, corpus, asked):
    folder = tmp_path / "index"
    shutil.rmtree(folder, ignore_errors=True)
    index = open_index(engine, folder)
    half = len(corpus) // 2
    index.apply([*corpus[:half], entry("gone", "Antrag Bau")], [], 1)
    index.apply(corpus[half:], ["gone"], 2)
    for line in asked:
        tree = parse(line)
        answer = index.search(tree, 50, TODAY)
        expected = {document.id for document in corpus if naive(tree, document)}
        assert {hit.id for hit in answer.hits} == expected, line
        assert answer.total == len(expected), line
