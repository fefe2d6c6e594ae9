"""A real stack: 40 sides at 200 dpi with separator sheets, as a two-sided scanner gives them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pikepdf
from PIL import Image

from archiver.separate import labels
from archiver.separate.sheets import SheetMark
from bench.separation import CREATED, Treatment, drawn, scanned
from tests import paper

DPI = 200
FRONTS_AND_BACKS = "0- tt tt t- 1- tt -- t- 2- t- t- t- tt -t 3- tt tt tt tt t-".replace(" ", "")
"""Twenty sheets of paper: a figure is a separator, ``t`` a printed page, ``-`` a blank one."""
DOCUMENTS = (
    (3, 4, 5, 6, 7),
    (11, 12, 15),
    (19, 21, 23, 25, 26, 28),
    (31, 32, 33, 34, 35, 36, 37, 38, 39),
)
SHEETS = (1, 9, 17, 29)


def sides(marks: Sequence[SheetMark], key: bytes = b"") -> list[Image.Image]:
    """The batch as a scanner sees it; one sheet lies upside down, one has coffee on it."""
    printed = labels.separator_sheets([labels.Sheet(mark) for mark in marks], CREATED, key=key)
    sheets = list(drawn(printed, DPI))
    treated = {1: Treatment(turned=180, skew=2), 2: Treatment(coffee=4, skew=-1.5, noise=20)}
    pages = []
    for number, side in enumerate(FRONTS_AND_BACKS):
        how = Treatment(skew=(number % 5 - 2) * 0.8, noise=8)
        if side == "-":
            page = scanned(paper.blank_image(DPI, seed=number), how._replace(noise=3), number)
        elif side == "t":
            text = (f"Blatt {number + 1:03}B des Schriftstücks", *paper.LETTER)
            page = scanned(paper.letter_image(text, DPI), how, number)
        else:
            page = scanned(sheets[int(side)], treated.get(int(side), how), number)
        pages.append(page)
    return pages


def raw_streams(pdf: bytes) -> list[bytes]:
    """The stored bytes of every picture, page by page."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [
            stream.read_raw_bytes()
            for page in opened.pages
            for stream in page.get_images().values()
        ]
