"""The engine's own process: pixels in, pages out, for as long as its socket is open.

Promises that this process sees nothing but pixels and their sizes, answers every page with either
its words or a fault code, and ends when the other side hangs up or dies. Started as
``python -m archiver.recognise.engine_process <socket fd> <options as JSON>``.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec

from archiver.errors import SystemFault
from archiver.recognise import codes, paragraph_signs, reading, wire
from archiver.recognise.engine import (
    EngineName,
    GrayImage,
    OcrEngine,
    RecognitionFailed,
    is_readable_size,
    open_engine,
)
from archiver.records import Page, Word
from archiver.separate.marks import turned as marks_turned

_NICER = 5
_MOST_DPI = 10_000.0
_CHUNK = 1 << 24


class Options(msgspec.Struct, frozen=True):
    """What the engine is started with.

    Attributes:
        engine: ``tesserocr`` or ``pytesseract``.
        languages: models joined by ``+``.
        tessdata: folder of the models, None to look in the usual places.
        signs: whether § is looked for with a second model.
    """

    engine: EngineName = "tesserocr"
    languages: str = "deu"
    tessdata: str | None = None
    signs: bool = True


class Request(msgspec.Struct, frozen=True):
    """One page to be read; its pixels come as a descriptor.

    Attributes:
        number: of the page, from 1.
        width, height: in pixels.
        dpi: resolution of the scan.
        marks: whether QR codes and other marks are looked for.
    """

    number: int
    width: int
    height: int
    dpi: float
    marks: bool = False


def read_page(engine: OcrEngine, image: GrayImage, number: int, *, signs: bool) -> Page:
    """Read one page, turned upright where it lies on its side or its head.

    Only a page that was read badly, or along standing lines, pays for the question how it lies.

    Args:
        engine: an open engine.
        image: the page as scanned.
        number: of the page, from 1.
        signs: whether to look again for §, where the engine has a model for it.

    Raises:
        RecognitionFailed: the engine gave up on these pixels.
    """
    words, turned, rotation = engine.read(image), image, 0
    if reading.reads_downwards(words):
        rotation = 270
        turned = image.turned(rotation)
        words = reading.turned_left(words, image.width)
    elif reading.may_be_turned(words):
        words, turned, rotation = _read_upright(engine, image, words)
    if signs:
        words = _with_signs(engine, turned, words)
    return Page(
        number=number,
        width=turned.width,
        height=turned.height,
        dpi=image.dpi,
        rotation=rotation,
        source="recognised",
        confidence=reading.mean_confidence(words),
        words=words,
    )


def with_marks(page: Page, image: GrayImage) -> Page:
    """Add the marks on a page, with boxes on the upright page and kinds as they stand there.

    Args:
        page: as `read_page` read it.
        image: the page as scanned.
    """
    found = codes.found(image.pixels, image.width, image.height, image.dpi)
    upright = marks_turned(found, image.width, image.height, page.rotation)
    return msgspec.structs.replace(page, codes=upright)


def _read_upright(
    engine: OcrEngine, image: GrayImage, words: tuple[Word, ...]
) -> tuple[tuple[Word, ...], GrayImage, int]:
    """Read the page again as the detector says it should lie, and keep the better reading."""
    degrees, _confidence = engine.orientation(image)
    if degrees:
        turned = image.turned(degrees)
        again = engine.read(turned)
        if reading.mean_confidence(again) > reading.mean_confidence(words):
            return again, turned, degrees
    return words, image, 0


def _with_signs(engine: OcrEngine, image: GrayImage, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Look again, with the model that knows §, at the few places where one may stand."""
    places = paragraph_signs.candidates(words)
    if engine.line_language is None or not places:
        return words
    pieces = paragraph_signs.cuttings(words, places, image.width, image.height)
    cut = [image.cut(piece.left, piece.top, piece.right, piece.bottom) for piece in pieces]
    return paragraph_signs.with_signs(words, pieces, engine.read_lines(cut))


def main(arguments: list[str]) -> None:
    """Run the process: say hello, then answer pages until the socket closes.

    Args:
        arguments: number of the socket's descriptor, `Options` as JSON.
    """
    os.nice(_NICER)
    options = msgspec.json.decode(arguments[1], type=Options)
    with socket.socket(fileno=int(arguments[0])) as sock:
        try:
            serve(sock, options)
        except wire.PeerGone:
            return


def serve(sock: socket.socket, options: Options) -> None:
    """Greet with the engine's name and version, or with why there is none; then answer pages.

    Raises:
        wire.PeerGone: the other side hung up.
    """
    try:
        tessdata = None if options.tessdata is None else Path(options.tessdata)
        engine = open_engine(options.engine, options.languages, tessdata)
    except SystemFault as fault:
        wire.send(sock, {"fault": fault.reason, "params": fault.params})
        return
    hello = {
        "name": engine.name,
        "version": engine.version(),
        "languages": sorted(engine.languages()),
    }
    wire.send(sock, {"hello": hello})
    while True:
        message, fds = wire.receive(sock)
        try:
            answer = _answer(engine, message, fds, signs=options.signs)
        finally:
            for fd in fds:
                os.close(fd)
        wire.send(sock, answer)


def _answer(
    engine: OcrEngine, message: dict[str, Any], fds: tuple[int, ...], *, signs: bool
) -> dict[str, Any]:
    """The page, or the code of what is wrong with it."""
    try:
        request = msgspec.convert(message, Request)
        image = _image(request, fds)
    except (ValueError, OSError):
        return {"fault": "wrong_pixels"}
    try:
        page = read_page(engine, image, request.number, signs=signs)
        if request.marks:
            page = with_marks(page, image)
    except RecognitionFailed:
        return {"fault": "recognition_failed"}
    return {"page": msgspec.to_builtins(page)}


def _image(request: Request, fds: tuple[int, ...]) -> GrayImage:
    """Copy the pixels out of the descriptor.

    Never mapped: the writer could shorten the file under the map and kill this process.

    Raises:
        ValueError: not one descriptor, not as many bytes as the page has pixels, or a size or
            resolution that no page has.
    """
    size = request.width * request.height
    if len(fds) != 1 or not is_readable_size(request.width, request.height):
        raise ValueError("page out of bounds")
    if not 1.0 <= request.dpi <= _MOST_DPI:
        raise ValueError("resolution")
    if os.fstat(fds[0]).st_size != size:
        raise ValueError("size of the pixels")
    pixels = bytearray()
    while len(pixels) < size:
        chunk = os.pread(fds[0], min(_CHUNK, size - len(pixels)), len(pixels))
        if not chunk:
            break
        pixels += chunk
    return GrayImage(request.width, request.height, request.dpi, bytes(pixels))


if __name__ == "__main__":
    main(sys.argv[1:])
