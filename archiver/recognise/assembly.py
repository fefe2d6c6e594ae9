"""From the received file and its stored pages to one PDF/A-2b, made by OCRmyPDF.

A document with files attached to it (an e-invoice) becomes PDF/A-3b, which alone may keep them.
Promises a file that pikepdf's validator has approved as written, or no file and a finding: a
PDF that only claims to be PDF/A is never handed on. The same input gives the same bytes.
"""

from __future__ import annotations

import gc
import io
import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.errors import DocumentFault
from archiver.recognise import picture
from archiver.recognise.inspection import is_signed
from archiver.recognise.media import PDF
from archiver.records import Page

if TYPE_CHECKING:
    import pikepdf
    from ocrmypdf._plugin_manager import OcrmypdfPluginManager

    from archiver.recognise.document import Document

SIGNED = "signed"
PDFA_FAILED = "pdfa_failed"
CONVERTED = "converted"
LAYER_LEFT_OUT = "text_layer_left_out"
_LANGUAGE = "deu"
_LOT = re.compile(r"/OCR-[A-Za-z0-9_-]{16,}")
# An ordinary letter takes a second, a page of a long document a tenth. What takes so much longer
# is a converter going round in circles, and the words have been read long before.
_SECONDS, _SECONDS_A_PAGE = 30.0, 1.0
# Mean difference of gray values, of 255, that another font of the same size does not reach.
_DIFFERENCE = 6.0


def seconds_for(pages: int, most: float) -> float:
    """Give the processor time that assembly may take, in seconds.

    Args:
        pages: of the document.
        most: seconds that any answer about a document may take, where that is less.
    """
    return min(_SECONDS, most) + pages * _SECONDS_A_PAGE


def warm() -> None:
    """Pay once for what every assembly needs: imports, plugin set-up, fonts, the validator.

    Called in the template before any received byte arrives.
    """
    import tempfile

    import img2pdf
    import pypdfium2
    from PIL import Image

    from archiver.records import Word

    logging.disable(logging.CRITICAL)
    Image.init()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.pdf")
        drawn = io.BytesIO()
        Image.new("L", (300, 300), 255).save(drawn, format="JPEG", dpi=(300, 300))
        source.write_bytes(img2pdf.convert(drawn.getvalue()))
        word = Word("Probe", 20, 20, 200, 60, 90.0, 0, 0)
        page = Page(1, 300, 300, 300.0, 0, "recognised", 90.0, (word,))
        assemble_pdf(source, Path(folder, "target.pdf"), [page], datetime(2000, 1, 1))
        with pypdfium2.PdfDocument(source) as shown:
            shown[0].render().to_pil()
            shown[0].get_textpage().count_chars()


def assemble(
    document: Document, pages: Sequence[Page], created: datetime, folder: Path, *, max_pages: int
) -> tuple[Path | None, tuple[str, ...]]:
    """Make the PDF/A of a received file.

    Args:
        document: the received file.
        pages: stored results of all its pages.
        created: date for the metadata; the only clock there is.
        folder: an empty folder on disk.
        max_pages: as for the inspection.

    Returns:
        the file, or None where PDF/A cannot be reached or the document is signed (a signed one
        is never rewritten), and findings.

    Raises:
        DocumentFault: ``damaged`` where OCRmyPDF cannot read the file.
    """
    source, target = folder / "source.pdf", folder / "target.pdf"
    if document.media_type == PDF:
        if is_signed(document):
            return None, (SIGNED,)
        document.copy_to(source)
    else:
        picture.to_pdf(document, source, max_pages=max_pages)
    return assemble_pdf(source, target, pages, created)


def assemble_pdf(
    source: Path, target: Path, pages: Sequence[Page], created: datetime
) -> tuple[Path | None, tuple[str, ...]]:
    """Make the PDF/A of a PDF; see `assemble`."""
    import pikepdf

    read = {page.number: page for page in pages if page.source == "recognised" and page.words}
    with pikepdf.open(source) as pdf:
        form = "/AcroForm" in pdf.Root
        covered = _pages_with_text(pdf, read)
        # OCRmyPDF and Ghostscript are less forgiving than qpdf, so they get what qpdf made of
        # the file; boxes that a page inherits stand in the page itself then.
        sound = target.with_name("sound.pdf")
        # Its identifier stays the rendition's; by default qpdf takes it from the clock.
        pdf.save(sound, deterministic_id=True)
    findings: tuple[str, ...] = ()
    mode = "skip"
    if covered and form:
        # OCRmyPDF does not replace the text layer of a form; its pages keep what they have.
        read = {number: page for number, page in read.items() if number not in covered}
        findings = (LAYER_LEFT_OUT,)
    elif covered:
        mode = "redo"
    with_text = target.with_name("with_text.pdf")
    if read:
        _graft(sound, with_text, read, mode)
    else:
        with_text = sound
    if _declare(with_text, target, created):
        return target, findings
    if _convert(with_text, target, created):
        return target, (*findings, CONVERTED)
    return None, (*findings, PDFA_FAILED)


def _pages_with_text(pdf: pikepdf.Pdf, read: dict[int, Page]) -> set[int]:
    """Find the pages to be grafted that carry text already: OCRmyPDF would pass them over."""
    return {number for number in read if _has_text(pdf.pages[number - 1].obj, set())}


def _has_text(owner: Any, seen: set[Any], depth: int = 0) -> bool:
    """Say whether a page or a form in it can hold text: it has a font."""
    import pikepdf

    resources = owner.get("/Resources", {})
    if resources.get("/Font"):
        return True
    if depth > 5:
        return True
    for item in resources.get("/XObject", {}).values():
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form":
            if item.objgen in seen:
                continue
            seen.add(item.objgen)
            if _has_text(item, seen, depth + 1):
                return True
    return False


def _graft(source: Path, target: Path, read: dict[int, Page], mode: str) -> None:
    """Let OCRmyPDF put the stored words under the pages; pages not named stay untouched."""
    numbers = ",".join(str(number) for number in sorted(read))
    _run(source, target, read, mode=mode, pages=numbers, output_type="pdf")


def _run(source: Path, target: Path, read: dict[int, Page], **options: Any) -> None:
    """Call OCRmyPDF once.

    Raises:
        DocumentFault: ``damaged``; `OSError` for a full disk passes through.
    """
    import ocrmypdf
    import pikepdf
    from ocrmypdf.exceptions import ExitCodeException

    # Written to a stream, the result is not decoded again; the validator reads it anyway.
    with target.open("w+b") as out:
        try:
            ocrmypdf.ocr(
                source,
                out,
                language=[_LANGUAGE],
                optimize=0,
                jobs=1,
                use_threads=True,
                progress_bar=False,
                rotate_pages=any(page.rotation for page in read.values()),
                fast_web_view=1e9,
                # It goes by the form's flag, which an unsigned form has too; ours goes by bytes.
                invalidate_digital_signatures=True,
                plugin_manager=_plugins(read),
                **options,
            )
        except (ExitCodeException, pikepdf.PdfError) as error:
            raise DocumentFault("damaged") from error


def _plugins(read: dict[int, Page]) -> OcrmypdfPluginManager:
    """Set up OCRmyPDF's plugins with ours, and without Tesseract, which it would ask for."""
    from ocrmypdf._plugin_manager import get_plugin_manager
    from ocrmypdf.builtin_plugins import tesseract_ocr

    from archiver.recognise.ocrmypdf_plugin import StoredPages, TesseractUnasked

    manager = get_plugin_manager([])
    manager.pluggy_manager.unregister(tesseract_ocr)
    manager.pluggy_manager.register(TesseractUnasked())
    manager.pluggy_manager.register(StoredPages(read))
    return manager


def _declare(source: Path, target: Path, created: datetime) -> bool:
    """Repair, declare and write PDF/A; the written bytes are validated before they count.

    This is OCRmyPDF's internal backend (`ocrmypdf.pdfa.speculative_pdfa_conversion`), called
    here so that the metadata are ours and the file is validated once instead of three times.
    """
    import pikepdf
    from pikepdf import pdfa

    with pikepdf.open(source) as pdf:
        attached = "/EmbeddedFiles" in pdf.Root.get("/Names", {}) or "/AF" in pdf.Root
        _stamp(pdf, created)
        _name_layers(pdf)
        for flavour in ("2b", "3b") if attached else ("2b",):
            try:
                pdfa.prepare(pdf, flavour, output_intent="sRGB")
                _settle_date(pdf, created)
                with _undisturbed():
                    pdfa.save(pdf, target, flavour, repair=False, deterministic_id=True)
            except (pdfa.PdfaError, pikepdf.PdfError, ValueError, TypeError, RuntimeError) as error:
                _reraise_full_disk(error)
            else:
                return True
    return False


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nothing be collected meanwhile.

    The validation takes every warning for a fault of the PDF, also that about a font which
    somebody else forgot to close.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _convert(source: Path, target: Path, created: datetime) -> bool:
    """Let Ghostscript embed fonts and convert colours, where it is installed; then declare.

    OCRmyPDF refuses this for some versions of Ghostscript on files with text, because they have
    damaged text. Here the result is compared with the source instead, whatever the version: so
    OCRmyPDF is asked to convert and to leave all pages alone, which a page number behind the
    last one says.
    """
    import pikepdf

    if shutil.which("gs") is None:
        return False
    converted = target.with_name("converted.pdf")
    try:
        with pikepdf.open(source) as pdf:
            behind = len(pdf.pages) + 1
        _run(
            source,
            converted,
            {},
            mode="default",
            pages=str(behind),
            ocr_engine="none",
            tagged_pdf_mode="ignore",
            output_type="pdfa-2",
            pdfa_backend="ghostscript",
            color_conversion_strategy="RGB",
        )
        return looks_alike(source, converted) and _declare(converted, target, created)
    except (DocumentFault, pikepdf.PdfError) as error:
        _reraise_full_disk(error)
        return False


def looks_alike(before: Path, after: Path) -> bool:
    """Say whether two PDFs have the same text and, seen from afar, the same pages.

    Args:
        before: the source.
        after: what a converter made of it.
    """
    import pypdfium2 as pdfium
    from PIL import ImageChops, ImageStat

    with pdfium.PdfDocument(before) as first, pdfium.PdfDocument(after) as second:
        if len(first) != len(second):
            return False
        for one, other in zip(first, second, strict=True):
            texts = [page.get_textpage().get_text_range().split() for page in (one, other)]
            if texts[0] != texts[1]:
                return False
            views = [page.render(scale=0.5, grayscale=True).to_pil() for page in (one, other)]
            if views[0].size != views[1].size:
                return False
            if ImageStat.Stat(ImageChops.difference(*views)).mean[0] > _DIFFERENCE:
                return False
    return True


def _stamp(pdf: pikepdf.Pdf, created: datetime) -> None:
    """Write the dates of the rendition; everything else of the metadata is the document's own."""
    moment = _moment(created)
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        for key in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
            metadata[key] = moment
        metadata["xmp:CreatorTool"] = "archiver"


def _settle_date(pdf: pikepdf.Pdf, created: datetime) -> None:
    """Replace the time that pikepdf's preparation writes into the metadata, the clock's."""
    stream = pdf.Root.Metadata
    settled = b"\\g<1>" + _moment(created).encode()
    stream.write(re.sub(rb"(<xmp:MetadataDate>)[^<]*", settled, stream.read_bytes()))


def _moment(created: datetime) -> str:
    """Write a time as XMP wants it."""
    return created.replace(microsecond=0).isoformat()


def _name_layers(pdf: pikepdf.Pdf) -> None:
    """Give OCRmyPDF's text layers names that are the same every time; it draws them by lot."""
    for page in pdf.pages:
        drawn: Any = page.resources.get("/XObject") or {}
        names = [name for name in map(str, drawn) if _LOT.fullmatch(name)]
        for number, name in enumerate(names, 1):
            settled = f"/OCR-{number}"
            if settled in drawn:
                continue
            drawn[settled] = drawn[name]
            del drawn[name]
            page.contents_coalesce()
            content = page.obj.Contents.read_bytes()
            page.obj.Contents = pdf.make_stream(content.replace(name.encode(), settled.encode()))


def _reraise_full_disk(error: BaseException) -> None:
    """Let a full disk through: it says nothing about the document."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) or "No space left" in str(cause):
            raise error
        cause = cause.__cause__ or cause.__context__
