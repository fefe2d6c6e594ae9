"""Packages for those who may see papers: real scans, the caged reader, the real engine."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pikepdf
import pypdfium2
import pytest
import segno
from pikepdf import pdfa
from PIL import Image, ImageDraw

from archiver import phrases
from archiver.disclosure import plan as planning
from archiver.disclosure.package import Disclosure
from archiver.disclosure.request import Basis, Chosen, Ground, Region, Request, Term
from archiver.errors import IntegrityFault, NotFound, Refusal
from archiver.pipeline import disclosure
from archiver.pipeline.disclosure import Parts, look, pictures
from archiver.pipeline.engines import Engines
from archiver.recognise import cage, media
from archiver.recognise.engine_client import Engine
from archiver.recognise.engine_process import Options
from archiver.recognise.reader import Pixels, Reader
from archiver.recognise.redaction import Order
from archiver.search.german import fold
from archiver.store import objects
from archiver.store.vault import LocalVault
from tests import corpora
from tests.paper import (
    blank_image,
    jpeg,
    letter_image,
    mixed_pdf,
    scan_pdf,
    signed_pdf,
    text_pdf,
    tiff,
)

SAMPLES = Path(__file__).resolve().parent.parent / "sample_docs"
LIMITS = cage.Limits(address_space=2 << 30, cpu_seconds=60, file_size=1 << 30, wall_seconds=90.0)
AT = "2026-03-01T10:00:00.000Z"
LETTER = (
    "Stadt Musterbach",
    "Aktenzeichen: 632.21-12/2024",
    "",
    "Frau Anneliese Krämer",
    "geboren am 14. Februar 1991",
    "IBAN DE75 5999 9990 0000 1200 34",
    "",
    "Sehr geehrte Frau Krämer,",
    "der Bauantrag für das Grundstück Lindenstraße ist",
    "vollständig eingegangen. Wir danken Frau Anneliese",
    "Krämer für die Unterlagen.",
)
SECRETS = ("Krämer", "Anneliese", "DE75599999900000120034", "14.02.1991")
IDS = (f"01J{number:023d}" for number in itertools.count())


class Desk:
    """A vault with papers in it, and what a disclosure needs."""

    def __init__(self, root: Path, reader: Reader, engines: Engines) -> None:
        (root / "stage").mkdir(parents=True)
        self.root = root
        self.vault = LocalVault.create(root / "vault", root / "stage")
        self.parts = Parts(self.vault, reader, engines, lambda: AT)

    def file(self, content: bytes, media_type: str = media.PDF, change=lambda page: page) -> str:
        """Archive a paper as the daemon would have left it."""
        document = next(IDS)
        path = self.root / "received"
        path.write_bytes(content)
        fd = os.open(path, os.O_RDONLY)
        path.unlink()
        count = len(self.parts.reader.inspect(fd, media_type).sheets)
        pages = []
        for item in self.parts.reader.pages(fd, media_type, range(1, count + 1)):
            read = self.parts.engines.submit(item).result() if isinstance(item, Pixels) else item
            pages.append(change(read))
        os.close(fd)
        files = {
            objects.original_name(media_type): content,
            objects.WORDS: objects.encode(pages),
        }
        self.vault.stage_object(document, files, AT, "received", "daemon")
        self.vault.publish(document)
        self.vault.settled(document)
        return document

    def source(self, document: str):
        """The plan's makings: pages as stored."""
        with self.vault.open(document, objects.WORDS) as file:
            return objects.decode_pages(file.read())


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    def start() -> Engine:
        arguments = [msgspec.json.encode(Options("tesserocr", "deu")).decode()]
        module = "archiver.recognise.engine_process"
        return Engine(cage.spawn(module, kind=cage.probe(), scratch=None, arguments=arguments))

    engines = Engines(1, start, 120.0)
    with Reader(tmp_path_factory.mktemp("slot"), cage.probe(), LIMITS) as reader:
        yield reader, engines
    engines.close()


@pytest.fixture
def desk(tmp_path, machines):
    return Desk(tmp_path / "archive", *machines)


def asked(*documents, terms=SECRETS, regions=(), **more) -> Request:
    return Request(
        id="A-2026-7",
        basis=Basis.FREEDOM_OF_INFORMATION,
        recipient="Erika Beispiel",
        actor="uid:7",
        documents=tuple(
            one if isinstance(one, Chosen) else Chosen(one, title="Bescheid") for one in documents
        ),
        terms=tuple(Term(text, Ground.PERSONAL_DATA) for text in terms),
        regions=regions,
        **more,
    )


def disclose(parts: Parts, request: Request, target: Path, *progress) -> Disclosure:
    """Give what a person has looked at page by page, and found nowhere as well."""
    try:
        keys = pictures(parts.vault, request)
    except Exception:  # what cannot be looked at is refused by the giving itself
        keys = {}
    confirmed = tuple(key for several in keys.values() for key in several)
    absent = tuple(term.text for term in request.terms)
    request = msgspec.structs.replace(request, confirmed=confirmed, absent=absent)
    return disclosure.disclose(parts, request, target, *progress)


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def squeezed(text: str) -> str:
    return "".join(fold(word) for word in text.split())


def assert_clean(path: Path, secrets=SECRETS) -> str:
    """Look with eyes of its own, not with the product's, at what a citizen gets."""
    text = text_of(path)
    for secret in secrets:
        assert squeezed(secret) not in squeezed(text)
    with pikepdf.open(path) as pdf:
        assert pdfa.check(pdf, "2b").passed
        for page in pdf.pages:
            (picture,) = page.get_images().values()
            assert str(picture.Filter) in {"/DCTDecode", "/FlateDecode", "/CCITTFaxDecode"}
            assert page.get("/Annots") is None
        assert not pdf.attachments and "/AcroForm" not in pdf.Root
    return text


CONTENTS = {
    "gray scan": lambda: (scan_pdf([letter_image(LETTER)]), media.PDF),
    "text of its own": lambda: (text_pdf([LETTER]), media.PDF),
    "lying scan": lambda: (scan_pdf([letter_image(LETTER, rotation=90)]), media.PDF),
    "fax": lambda: (tiff([letter_image(LETTER), letter_image(LETTER, skew=0.7)]), media.TIFF),
    "photo": lambda: (jpeg(letter_image(LETTER, dpi=150), 150), media.JPEG),
    "mixed": lambda: (mixed_pdf([LETTER, letter_image(LETTER)]), media.PDF),
    "signed": lambda: (signed_pdf(scan_pdf([letter_image(LETTER)])), media.PDF),
}


@pytest.mark.parametrize("name", [objects.original_name(media.PDF), objects.WORDS])
def test_nothing_of_a_damaged_paper_is_given(desk, tmp_path, name):
    document = desk.file(*CONTENTS["text of its own"]())
    path = desk.vault.path(document, name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityFault, match="object_damaged"):
        disclose(desk.parts, asked(document), tmp_path / "p")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_paper_is_given_without_the_words(desk, tmp_path, kind):
    content, media_type = CONTENTS[kind]()
    document = desk.file(content, media_type)
    pages = desk.source(document)
    told = []
    made = disclose(
        desk.parts, asked(document), tmp_path / "p", lambda done, total: told.append((done, total))
    )
    (given,) = made.documents
    text = assert_clean(tmp_path / "p" / given.file)
    assert "Lindenstraße" in text and "Aktenzeichen" in text
    assert given.pages == len(pages) == told[-1][0] == told[-1][1]
    for page in range(1, len(pages) + 1):
        # Name, name, name over two lines, date and account.
        assert given.bars[page][Ground.PERSONAL_DATA] >= 6
    assert given.proof.bars == given.count and given.proof.terms == 4
    if kind == "gray scan":
        assert_same_place(tmp_path / "p" / given.file, pages[0])


def assert_same_place(path: Path, page) -> None:
    """The words that survive lie where they lay, and the name's pixels are black."""
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=page.dpi / 72, grayscale=True).to_pil()
    for word in page.words:
        inner = (word.left + 2, word.top + 2, word.right - 2, word.bottom - 2)
        darkest, lightest = image.crop(inner).getextrema()
        if word.text.strip(",") in {"Anneliese", "Krämer"}:
            assert lightest <= 40
        elif word.text in {"Musterbach", "Bauantrag"}:
            assert darkest < 100 and lightest > 200


def test_the_package_is_whole_and_names_no_blackened_word(desk, tmp_path):
    first = desk.file(scan_pdf([letter_image(LETTER)]))
    second = desk.file(text_pdf([LETTER]))
    region = Region(first, 1, 20, 20, 120, 30, Ground.TRADE_SECRET)
    request = asked(
        Chosen(first, title="Bescheid Krämer"), Chosen(second, title="Antrag"), regions=(region,)
    )
    phrases.use("de")
    try:
        made = disclose(desk.parts, request, tmp_path / "paket")
    finally:
        phrases.use("en")
    folder = tmp_path / "paket"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["00_Begleitblatt.txt", "01_Dokument.pdf", "02_Antrag.pdf",
                     "manifest-sha512.txt"]  # fmt: skip
    listed = dict(
        reversed(line.split("  ", 1))
        for line in (folder / "manifest-sha512.txt").read_text().splitlines()
    )
    assert set(listed) == set(names[:3])
    for name, digest in listed.items():
        assert hashlib.sha512((folder / name).read_bytes()).hexdigest() == digest
    sheet = (folder / "00_Begleitblatt.txt").read_text()
    assert "Betriebs- und Geschäftsgeheimnisse" in sheet and "02_Antrag.pdf: 1 Seite" in sheet
    for said in (sheet, str(made.line()), (folder / "manifest-sha512.txt").read_text()):
        assert not any(secret in said for secret in (*SECRETS, "Erika", "1991"))
    assert made.recipient == "Erika Beispiel"
    assert made.by_ground()["trade_secret"] == 1
    assert "Musterbach" not in text_of(folder / "01_Dokument.pdf")
    assert list(desk.root.glob("**/*.part")) == [] and not (tmp_path / "paket.part").exists()


def test_nothing_of_the_received_file_but_what_is_seen_comes_along(desk, tmp_path):
    with pikepdf.open(io.BytesIO(text_pdf([LETTER]))) as pdf:
        pdf.attachments["Krämer.txt"] = b"Anneliese"
        pdf.docinfo["/Title"] = "Bescheid Anneliese"
        with pdf.open_metadata() as metadata:
            metadata["dc:creator"] = ["Anneliese Sachbearbeiterin"]
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Anneliese", 0))
        pdf.Root.Names.JavaScript = pikepdf.Dictionary(Names=pikepdf.Array(["Anneliese"]))
        out = io.BytesIO()
        pdf.save(out)
    document = desk.file(out.getvalue())
    made = disclose(desk.parts, asked(document), tmp_path / "p")
    path = tmp_path / "p" / made.documents[0].file
    assert_clean(path)
    with pikepdf.open(path) as pdf:
        said = b"".join(
            item.read_bytes() for item in pdf.objects
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") != "/Image"
        )  # fmt: skip
        assert not {"/Names", "/Outlines", "/AF", "/AcroForm", "/OpenAction"} & set(pdf.Root.keys())
    for secret in ("Anneliese", "Sachbearbeiterin"):
        assert secret.encode() not in said + path.read_bytes()


def test_what_recognition_missed_is_caught_by_reading_again(desk, tmp_path):
    def blind(page):
        words = tuple(
            msgspec.structs.replace(word, text="Xqzptv") if "Krämer" in word.text else word
            for word in page.words
        )
        return msgspec.structs.replace(page, words=words)

    document = desk.file(scan_pdf([letter_image(LETTER)]), change=blind)
    with pytest.raises(IntegrityFault, match="redaction_leak") as fault:
        disclose(desk.parts, asked(document, terms=["Krämer"]), tmp_path / "p")
    assert fault.value.params["check"] == "reading" and fault.value.params["page"] == 1
    assert list(tmp_path.glob("p*")) == []


def test_a_name_in_a_picture_on_a_text_page_is_caught(desk, tmp_path):
    stamp = letter_image(("", "Gutachter Wolfram Ziegler")).crop((0, 0, 1654, 500))
    with pikepdf.open(io.BytesIO(text_pdf([LETTER * 2]))) as pdf:
        with pikepdf.open(io.BytesIO(scan_pdf([stamp]))) as part:
            pdf.pages[0].add_overlay(part.pages[0], pikepdf.Rectangle(0, 50, 595, 230))
        out = io.BytesIO()
        pdf.save(out)
    document = desk.file(out.getvalue())
    assert desk.source(document)[0].source == "own_text"
    with pytest.raises(IntegrityFault, match="redaction_leak") as fault:
        disclose(desk.parts, asked(document, terms=["Ziegler"]), tmp_path / "p")
    assert fault.value.params["check"] == "reading"


def test_an_account_in_a_code_is_caught_and_a_region_takes_it(desk, tmp_path):
    drawn = io.BytesIO()
    segno.make_qr("BCD\n002\n1\nSCT\n\nAnneliese Krämer\nDE75599999900000120034\nEUR12.30").save(
        drawn, kind="png", scale=8
    )
    page = letter_image(LETTER)
    page.paste(Image.open(drawn).convert("L"), (900, 1500))
    document = desk.file(scan_pdf([page]))
    with pytest.raises(IntegrityFault, match="redaction_leak") as fault:
        disclose(desk.parts, asked(document), tmp_path / "p")
    assert fault.value.params["check"] == "codes"
    over = Region(document, 1, 110, 185, 190, 250, Ground.PERSONAL_DATA)
    made = disclose(desk.parts, asked(document, regions=(over,)), tmp_path / "p")
    assert_clean(tmp_path / "p" / made.documents[0].file)


@pytest.mark.parametrize("fault", ["text", "bytes", "pixels", "pages"])
def test_each_check_of_the_proof_fails_on_the_file_that_it_is_for(desk, fault):
    document = desk.file(scan_pdf([letter_image(LETTER)]))
    request = asked(document)
    one, pages = disclosure._seen(desk.vault, request, request.documents[0])
    plan = planning.planned(request, one, pages, fold)
    boxes = tuple(bar.box for bar in plan.bars)
    order = Order(
        tuple(pages) if fault == "text" else plan.pages, ((),) if fault == "pixels" else (boxes,)
    )
    with desk.vault.open(document, "original.pdf") as source:
        made = desk.parts.reader.redact(
            source.fileno(), media.PDF, order, datetime(2026, 3, 1, tzinfo=UTC)
        )
    with os.fdopen(made.fd, "rb") as file, pikepdf.open(file) as pdf:
        if fault == "bytes":
            pdf.docinfo["/Subject"] = "Anneliese"
        if fault == "pages":
            pdf.pages.append(pdf.pages[0])
        path = desk.root / "made.pdf"
        pdf.save(path)
    told = disclosure._Told(lambda _done, _all: None, 1)
    job = disclosure._Job(desk.parts, request, one, plan, AT, told)
    with path.open("rb") as file, pytest.raises(IntegrityFault) as raised:
        job._prove(file)
    assert raised.value.params["check"] == fault


def test_colour_and_ink_outside_the_bars_stay(desk, tmp_path):
    image = letter_image(LETTER).convert("RGB")
    ImageDraw.Draw(image).ellipse((900, 1500, 1300, 1900), outline=(190, 20, 30), width=18)
    image.info["dpi"] = (200, 200)
    document = desk.file(scan_pdf([image], quality=90))
    made = disclose(desk.parts, asked(document), tmp_path / "p")
    with pypdfium2.PdfDocument(tmp_path / "p" / made.documents[0].file) as pdf:
        red, green, blue = (
            pdf[0].render(scale=200 / 72).to_pil().convert("RGB").getpixel((909, 1700))
        )
    assert red > 150 and green < 90 and blue < 90


def test_a_find_that_a_person_leaves_stays_readable(desk, tmp_path):
    document = desk.file(scan_pdf([letter_image(LETTER)]))
    request = asked(document, terms=["Krämer", "Anneliese"])
    (seen,) = look(desk.vault, request)
    greeting = [find.key for find in seen.finds if "geehrte" in find.context and find.term == 0]
    made = disclose(
        desk.parts, msgspec.structs.replace(request, leave=tuple(greeting)), tmp_path / "p"
    )
    text = text_of(tmp_path / "p" / made.documents[0].file)
    assert len(greeting) == 1
    assert text.count("Krämer") == 1 and "Anneliese" not in text


def test_blank_pages_come_along_and_unread_ones_only_once_looked_through(desk, tmp_path):
    def unread(page):
        if page.number != 1:
            return page
        return msgspec.structs.replace(page, source="unread", confidence=None, words=())

    scan = scan_pdf([letter_image(LETTER), blank_image(), letter_image(LETTER)])
    document = desk.file(scan, change=unread)
    (seen,) = look(desk.vault, asked(document))
    assert seen.unread == (1,) and desk.source(document)[1].source == "blank"
    with pytest.raises(Refusal, match="page_not_looked_through"):
        disclose(desk.parts, asked(document), tmp_path / "p")
    chosen = Chosen(document, looked_through=(1,))
    with pytest.raises(IntegrityFault, match="redaction_leak"):
        disclose(desk.parts, asked(chosen), tmp_path / "p")
    all_of_it = Region(document, 1, 0, 0, 1000, 1000, Ground.PUBLIC_SAFETY, "permille")
    made = disclose(desk.parts, asked(chosen, regions=(all_of_it,)), tmp_path / "p")
    assert 2 not in made.documents[0].bars and made.documents[0].bars[1] == {"public_safety": 1}
    with pypdfium2.PdfDocument(tmp_path / "p" / made.documents[0].file) as pdf:
        assert pdf[0].render(scale=0.5, grayscale=True).to_pil().getextrema()[1] <= 40
        assert pdf[1].render(scale=0.5, grayscale=True).to_pil().getextrema()[0] > 100


def test_what_cannot_be_done_is_refused_and_leaves_nothing(desk, tmp_path):
    document = desk.file(text_pdf([LETTER]))
    (tmp_path / "there").mkdir()
    cases = [
        (asked(document), tmp_path / "there", Refusal, "output_exists"),
        (asked("01J99999999999999999999999"), tmp_path / "p", NotFound, "no_such_document"),
        (asked(document, terms=["Bauantra"]), tmp_path / "p", Refusal, "finds_undecided"),
    ]
    for request, target, kind, reason in cases:
        with pytest.raises(kind, match=reason):
            disclose(desk.parts, request, target)
    assert list((tmp_path / "there").iterdir()) == [] and list(tmp_path.glob("p*")) == []


def test_the_same_request_gives_the_same_files(desk, tmp_path):
    document = desk.file(scan_pdf([letter_image(LETTER)]))
    once = disclose(desk.parts, asked(document), tmp_path / "a")
    again = disclose(desk.parts, asked(document), tmp_path / "b")
    assert once == again


SAMPLE_TERMS = {
    "Kita Zusage Özdemir.pdf": ["Özdemir", "Elif", "Lindenstraße 6", "51.2-KT 0231/24"],
    "Wohngeld Krämer-Nuñez.tif": ["Krämer-Nuñez", "Lioba", "14.02.1991", "DE23599999900007700162"],
    "Hundesteuer Anmeldung.png": ["Musterbach"],
}


@pytest.mark.parametrize("name", SAMPLE_TERMS)
def test_the_samples_can_be_disclosed(desk, tmp_path, name):
    content = (SAMPLES / name).read_bytes()
    kind = media.sniff(content[:4096], content[-4096:])
    assert_can_be_disclosed(desk, tmp_path, desk.file(content, kind), SAMPLE_TERMS[name], name)


def assert_can_be_disclosed(desk, tmp_path, document, terms, title):
    """Blacken all that may be meant, as a careful person would."""
    request = asked(Chosen(document, title=Path(title).stem), terms=terms)
    (seen,) = look(desk.vault, request)
    assert {find.term for find in seen.finds} == set(range(len(terms)))
    unsure = tuple({find.key for find in seen.finds if find.kind != "exact"})
    made = disclose(desk.parts, msgspec.structs.replace(request, blacken=unsure), tmp_path / "p")
    assert made.documents[0].count >= len(terms)
    assert_clean(tmp_path / "p" / made.documents[0].file, terms)


@corpora.needs(corpora.LETTERS)
@pytest.mark.parametrize("name", ["letter00_good", "letter01_office"])
def test_scanned_letters_can_be_disclosed(desk, tmp_path, name):
    document = desk.file((corpora.LETTERS / f"{name}.pdf").read_bytes())
    words = [word.text for page in desk.source(document) for word in page.words]
    long = [word for word in words if word.isalpha() and len(word) > 8][:3]
    assert_can_be_disclosed(desk, tmp_path, document, long, "Schreiben")


# --- what the machine does not see, and what only machines see ------------------------------------


def case(name: str) -> bytes:
    corpora.require(corpora.CASES)
    return (corpora.CASES / name).read_bytes()


@pytest.mark.parametrize("name", ["y01_one_dark_heading.jpg", "v02_white_on_dark_table.jpg"])
def test_white_letters_on_a_dark_ground_need_a_persons_eyes(desk, tmp_path, name):
    document = desk.file(case(name), media.JPEG)
    request = asked(document, terms=["Unauffindbar"])
    with pytest.raises(Refusal) as caught:
        disclosure.disclose(desk.parts, request, tmp_path / "p")
    assert caught.value.reason == "words_found_nowhere"
    request = msgspec.structs.replace(request, absent=("Unauffindbar",))
    with pytest.raises(Refusal) as caught:
        disclosure.disclose(desk.parts, request, tmp_path / "p")
    assert caught.value.reason == "pages_not_confirmed"
    (keys,) = pictures(desk.vault, request).values()
    # A place that is marked is another picture, and asks for another look.
    region = Region(document, 1, 10, 10, 60, 20, Ground.PERSONAL_DATA)
    marked = msgspec.structs.replace(request, regions=(region,), confirmed=keys)
    with pytest.raises(Refusal, match="pages_not_confirmed"):
        disclosure.disclose(desk.parts, marked, tmp_path / "p")
    with disclosure.preview(desk.parts, marked, document) as file:
        (tmp_path / "preview.pdf").write_bytes(file.read())
    assert picture_of(tmp_path / "preview.pdf").crop((100, 90, 450, 150)).getextrema()[1] < 60
    assert not (tmp_path / "p").exists()


def picture_of(path: Path) -> Image.Image:
    """The first page at about 200 dpi, gray."""
    with pypdfium2.PdfDocument(path) as pdf:
        return pdf[0].render(scale=200 / 72, grayscale=True).to_pil()


def test_text_without_ink_under_it_is_not_given(desk, tmp_path):
    with pypdfium2.PdfDocument(case("t14_hidden_layer.pdf")) as pdf:
        machine = set(pdf[0].get_textpage().get_text_range().split())
    document = desk.file(case("t14_hidden_layer.pdf"))
    (given,) = disclose(desk.parts, asked(document, terms=[]), tmp_path / "p").documents
    left = set(text_of(tmp_path / "p" / given.file).split())
    hidden = {word for word in machine if len(word) > 4} - {
        word.text for word in desk.source(document)[0].words if word.text in left
    }
    assert left and hidden and not hidden & left, (hidden, left)


def test_what_the_sender_has_cut_off_is_not_given(desk, tmp_path):
    content = case("g01a_cropbox_half.pdf")
    document = desk.file(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        media_box = [float(side) for side in pdf.pages[0].mediabox]
        crop = [float(side) for side in pdf.pages[0].cropbox]
    assert crop != media_box
    (given,) = disclose(desk.parts, asked(document, terms=[]), tmp_path / "p").documents
    image = picture_of(tmp_path / "p" / given.file)
    # Of the whole sheet only what viewers show has ink.
    scale_x = image.width / (media_box[2] - media_box[0])
    scale_y = image.height / (media_box[3] - media_box[1])
    box = (
        round((crop[0] - media_box[0]) * scale_x), round((media_box[3] - crop[3]) * scale_y),
        round((crop[2] - media_box[0]) * scale_x), round((media_box[3] - crop[1]) * scale_y),
    )  # fmt: skip
    assert image.crop(box).getextrema()[0] < 100
    image.paste(255, box)
    assert image.getextrema()[0] > 200
    assert text_of(tmp_path / "p" / given.file).strip()


def test_text_beneath_other_text_is_not_given(desk, tmp_path):
    """It has ink under it, but not its own."""
    hidden = tuple(line.replace("Aktenzeichen", "Geheimlieferant") for line in LETTER)
    with (
        pikepdf.open(io.BytesIO(text_pdf([hidden]))) as pdf,
        pikepdf.open(io.BytesIO(text_pdf([LETTER]))) as shown,
    ):
        page = pdf.pages[0]
        page.Contents = pdf.make_stream(b"1 g " + page.Contents.read_bytes())
        page.add_overlay(shown.pages[0])
        out = io.BytesIO()
        pdf.save(out)
    document = desk.file(out.getvalue())
    assert any("Geheimlieferant" in word.text for word in desk.source(document)[0].words)
    (given,) = disclose(desk.parts, asked(document), tmp_path / "p").documents
    text = assert_clean(tmp_path / "p" / given.file)
    assert "Geheimlieferant" not in text and "Aktenzeichen" in text and "Lindenstraße" in text
