"""From a page's markup to print on paper, and from paper to a scan.

Promises that what `arrange` returns as text is exactly what is printed, line by line, and that the
same markup, look and seed always give the same picture.

Markup, one paragraph a line (wrapped if it is too long; ``¦`` marks where a word may be parted):

=================  =============================================================
``= text``         letterhead: large and bold
``# text``         bold
``- text``         small print
``> text``         set to the right
``left || right``  two columns, as beside an address
``Label :: value`` a form's row: printed label, typed value, a rule below
``| a | b | c``    a row of a table with lines; cells that begin with a digit stand right
``---``            a rule across the page
``~``              a signature of scribble, which is no text
(empty)            a gap
=================  =============================================================
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

LIBERATION = "/usr/share/fonts/truetype/liberation/Liberation"
DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVu"
FACES = {
    "sans": (f"{LIBERATION}Sans-Regular.ttf", f"{LIBERATION}Sans-Bold.ttf"),
    "serif": (f"{LIBERATION}Serif-Regular.ttf", f"{LIBERATION}Serif-Bold.ttf"),
    "mono": (f"{LIBERATION}Mono-Regular.ttf", f"{LIBERATION}Mono-Bold.ttf"),
    "wide": (f"{DEJAVU}Sans.ttf", f"{DEJAVU}Sans-Bold.ttf"),
    "book": (f"{DEJAVU}Serif.ttf", f"{DEJAVU}Serif-Bold.ttf"),
    "narrow": (f"{LIBERATION}SansNarrow-Regular.ttf", f"{LIBERATION}SansNarrow-Bold.ttf"),
}
A4 = (595.3, 841.9)  # points
LEFT, RIGHT, TOP, BOTTOM = 68.0, 543.0, 58.0, 805.0
SECOND_COLUMN = 328.0
LEADING = 1.5
VALUE_COLUMN = 230.0


@dataclass(frozen=True)
class Stamp:
    """A received stamp.

    Attributes:
        lines: what is printed in it.
        middle: x and y in points from the top left.
        turn: degrees counter-clockwise.
        shape: of its rim.
    """

    lines: tuple[str, ...]
    middle: tuple[float, float]
    turn: float
    shape: Literal["box", "ring"] = "box"


@dataclass(frozen=True)
class Look:
    """How a paper is printed and what the scanner made of it.

    Attributes:
        face: a key of `FACES`; size in points.
        columns: left edges of a table's columns, in points.
        dpi: resolution of the scan.
        skew: degrees counter-clockwise; turned: fed upside down.
        ink, paper: gray values 0 to 255 of print and background.
        noise: amplitude of the sensor's noise in gray values.
        specks: grains of dirt a page.
        shadow: the dark edge of an open lid on the right.
        bitonal: scanned in black and white.
    """

    face: str = "sans"
    size: float = 11
    columns: tuple[float, ...] = ()
    dpi: int = 200
    skew: float = 0.0
    turned: bool = False
    ink: int = 40
    paper: int = 243
    noise: int = 8
    specks: int = 25
    shadow: bool = False
    bitonal: bool = False


@dataclass(frozen=True)
class Run:
    """Words in one place: x and baseline y in points, face key, bold, size."""

    text: str
    x: float
    y: float
    face: str
    bold: bool
    size: float


@dataclass
class Sheet:
    """A page as arranged: runs of words, lines (x0, y0, x1, y1), signatures (x, y), plain text."""

    runs: list[Run] = field(default_factory=list)
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)
    scribbles: list[tuple[float, float]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


@cache
def face_of(face: str, bold: bool, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FACES[face][bold], pixels)


def width(text: str, face: str, bold: bool, size: float) -> float:
    """Width of the text in points."""
    return face_of(face, bold, 200).getlength(text) * size / 200


def wrap(text: str, face: str, bold: bool, size: float, room: float) -> list[str]:
    """The paragraph in lines no wider than ``room`` points; words part at ``¦`` where it helps."""
    lines, line = [], ""
    for word in text.split():
        parts = word.split("¦")
        for cut in range(len(parts), -1, -1):
            head = "".join(parts[:cut]) + ("-" if 0 < cut < len(parts) else "")
            if cut and width(f"{line} {head}".strip(), face, bold, size) <= room:
                break
        if cut == 0:
            lines.append(line)
            line = word.replace("¦", "")
        elif cut < len(parts):
            lines.append(f"{line} {head}".strip())
            line = "".join(parts[cut:])
        else:
            line = f"{line} {head}".strip()
    return [*lines, line]


def arrange(markup: str, look: Look) -> Sheet:
    """Set a page.

    Raises:
        ValueError: a line or the page is too long for its room.
    """
    sheet, y = Sheet(), TOP
    for raw in markup.strip("\n").split("\n"):
        y += _set_line(sheet, raw.rstrip(), y, look)
    if y > BOTTOM:
        raise ValueError(f"page too long by {y - BOTTOM:.0f} points: {markup[:60]!r}")
    return sheet


def _set_line(sheet: Sheet, raw: str, y: float, look: Look) -> float:
    """Set one line of markup at height ``y``; returns the height it takes."""
    size, pitch = look.size, look.size * LEADING
    base = y + size
    if not raw:
        sheet.text.append("")
        return pitch * 0.7
    if raw == "---":
        sheet.rules.append((LEFT, y + 4, RIGHT, y + 4))
        return 9.0
    if raw == "~":
        sheet.scribbles.append((LEFT + 4, y + 16))
        return 32.0
    if raw.startswith("| "):
        return _set_row(sheet, [cell.strip() for cell in raw[2:].split("|")], y, look)
    if " || " in raw or raw.startswith("|| "):
        left, right = ("", raw[3:]) if raw.startswith("|| ") else raw.split(" || ")
        _put(sheet, left, LEFT, base, look.face, False, size, SECOND_COLUMN - 8)
        _put(sheet, right, SECOND_COLUMN, base, look.face, False, size, RIGHT)
        sheet.text.append(f"{left} {right}".strip())
        return pitch
    if " :: " in raw:
        label, value = raw.split(" :: ")
        _put(sheet, label, LEFT, base + 4, look.face, False, size - 1, VALUE_COLUMN - 4)
        _put(sheet, value, VALUE_COLUMN, base + 4, "mono", False, size, RIGHT)
        sheet.rules.append((LEFT, base + 9, RIGHT, base + 9))
        sheet.text.append(f"{label} {value}")
        return size + 13
    sign, rest = (raw[0], raw[2:]) if raw[:2] in ("= ", "# ", "- ", "> ") else ("", raw)
    bold, size = sign in ("=", "#"), {"=": 17.0, "-": 7.8}.get(sign, size)
    if sign == ">":
        _put(sheet, rest, RIGHT - width(rest, look.face, bold, size), base, look.face, bold, size)
        sheet.text.append(rest)
        return pitch
    lines = wrap(rest, look.face, bold, size, RIGHT - LEFT)
    for number, line in enumerate(lines):
        _put(sheet, line, LEFT, y + size + number * size * LEADING, look.face, bold, size, RIGHT)
        sheet.text.append(line)
    return len(lines) * size * LEADING


def _set_row(sheet: Sheet, cells: list[str], y: float, look: Look) -> float:
    edges, high = (*look.columns, RIGHT), look.size * LEADING + 4
    for cell, left, right in zip(cells, edges[:-1], edges[1:], strict=True):
        own = width(cell, look.face, False, look.size)
        x = right - 4 - own if cell[:1].isdigit() else left + 4
        _put(sheet, cell, x, y + look.size + 3, look.face, False, look.size, right)
    for edge in edges:
        sheet.rules.append((edge, y, edge, y + high))
    sheet.rules += [(edges[0], y, RIGHT, y), (edges[0], y + high, RIGHT, y + high)]
    sheet.text.append(" ".join(cell for cell in cells if cell))
    return high


def _put(
    sheet: Sheet,
    text: str,
    x: float,
    y: float,
    face: str,
    bold: bool,
    size: float,
    limit: float = RIGHT,
) -> None:
    if x + width(text, face, bold, size) > limit + 1:
        raise ValueError(f"too wide: {text!r}")
    if text:
        sheet.runs.append(Run(text, x, y, face, bold, size))


def printed(sheet: Sheet, look: Look, chance: random.Random) -> Image.Image:
    """The sheet in black (0) on white (255), mode L, at the look's resolution."""
    scale = look.dpi / 72
    page = Image.new("L", (round(A4[0] * scale), round(A4[1] * scale)), 255)
    draw = ImageDraw.Draw(page)
    for run in sheet.runs:
        face = face_of(run.face, run.bold, round(run.size * scale))
        draw.text((run.x * scale, run.y * scale), run.text, font=face, fill=0, anchor="ls")
    for x0, y0, x1, y1 in sheet.rules:
        ends = [(x0 * scale, y0 * scale), (x1 * scale, y1 * scale)]
        draw.line(ends, fill=60, width=max(1, round(0.7 * scale)))
    for x, y in sheet.scribbles:
        beat, tail = chance.uniform(3.5, 8), chance.uniform(60, 140)
        sway, turn = chance.uniform(12, 26), chance.uniform(0, 6)
        points = []
        for step in range(150):
            fall = math.exp(-step / tail)
            right = step * 0.72 + 4 * math.sin(step / beat * 1.6 + turn)
            down = 8 * fall * math.sin(step / beat) + 4 * math.sin(step / sway + turn)
            points.append(((x + right) * scale, (y + down) * scale))
        draw.line(points, fill=70, width=max(1, round(1.1 * scale)), joint="curve")
    return page


def stamped(page: Image.Image, stamp: Stamp, dpi: int, chance: random.Random) -> Image.Image:
    """The page with a stamp of uneven ink on a free spot.

    Raises:
        ValueError: there is print in that place, and the stamp would hide it.
    """
    scale = dpi / 72
    high, wide = (66, 66) if stamp.shape == "ring" else (17.0 * len(stamp.lines) + 8, 132.0)
    if stamp.shape == "ring":
        high = wide = 104.0
    plate = Image.new("L", (round(wide * scale), round(high * scale)), 255)
    draw = ImageDraw.Draw(plate)
    frame = (scale, scale, plate.width - scale, plate.height - scale)
    rim = round(1.8 * scale)
    if stamp.shape == "ring":
        draw.ellipse(frame, outline=0, width=rim)
    else:
        draw.rectangle(frame, outline=0, width=rim)
    for number, line in enumerate(stamp.lines):
        size = 13 if number == len(stamp.lines) // 2 or len(stamp.lines) < 3 else 9.5
        y = plate.height / 2 + (number - (len(stamp.lines) - 1) / 2) * 17 * scale
        face = face_of("sans", True, round(size * scale))
        draw.text((plate.width / 2, y), line, font=face, fill=0, anchor="mm")
    worn = _grain(plate.size, chance, 3).point([110 + value // 4 for value in range(256)])
    plate = ImageChops.lighter(plate, worn)
    plate = plate.rotate(stamp.turn, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    left = round(stamp.middle[0] * scale - plate.width / 2)
    top = round(stamp.middle[1] * scale - plate.height / 2)
    place = (left, top, left + plate.width, top + plate.height)
    if page.crop(place).getextrema()[0] != 255:
        raise ValueError(f"stamp {stamp.lines} would lie on print")
    page.paste(plate, place)
    return page


def scanned(page: Image.Image, look: Look, chance: random.Random) -> Image.Image:
    """What the scanner sees: askew, gray, dirty and noisy, or in black and white."""
    page = page.filter(ImageFilter.GaussianBlur(look.dpi / 360))
    for _ in range(look.specks):
        x, y, r = chance.randrange(page.width), chance.randrange(page.height), look.dpi / 300
        r *= chance.choice((0.4, 0.6, 1.0, 1.4))
        ImageDraw.Draw(page).ellipse((x - r, y - r, x + r, y + r), fill=chance.randrange(60, 190))
    if look.skew:
        page = page.rotate(look.skew, Image.Resampling.BICUBIC, fillcolor=255)
    tones = [look.ink + (look.paper - look.ink) * value // 255 for value in range(256)]
    page = page.point(tones)
    if look.shadow:
        _darken_edge(page, look)
    if look.noise:
        grain = _grain(page.size, chance, 1).point(
            [value * look.noise * 2 // 255 for value in range(256)]
        )
        page = ImageChops.add(page, grain, 1, -look.noise)
    if look.turned:
        page = page.transpose(Image.Transpose.ROTATE_180)
    if look.bitonal:
        middle = (look.ink + look.paper) * 11 // 20
        page = page.point([0] * middle + [255] * (256 - middle), "1")
    return page


def _grain(size: tuple[int, int], chance: random.Random, coarse: int) -> Image.Image:
    """Noise of mode L; coarser grains are more than a pixel wide."""
    small = (size[0] // coarse + 1, size[1] // coarse + 1)
    noise = Image.frombytes("L", small, chance.randbytes(small[0] * small[1]))
    noise = noise.filter(ImageFilter.GaussianBlur(0.6))
    return (
        noise.resize(size, Image.Resampling.BILINEAR) if coarse > 1 else noise.crop((0, 0, *size))
    )


def _darken_edge(page: Image.Image, look: Look) -> None:
    wide = round(look.dpi * 0.22)
    draw = ImageDraw.Draw(page)
    for step in range(wide):
        x = page.width - wide + step
        draw.line((x, 0, x, page.height), fill=round(look.paper - 95 * (step / wide) ** 2))
