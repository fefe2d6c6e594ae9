"""A trial: the reader and the engine, in the cage that is used, read one line of text.

Promises that whoever asks learns whether received files can be read here, and behind which walls;
a thing that can be started but does not read counts as not working.
"""

from __future__ import annotations

import io
import os

import msgspec

from archiver.config import Config
from archiver.errors import Fault, SystemFault
from archiver.phrases import sentence
from archiver.pipeline.office import engines_of, reader_of
from archiver.recognise import cage
from archiver.recognise.exchange import WorkerDied
from archiver.recognise.media import PNG
from archiver.recognise.reader import Pixels
from archiver.recognise.sealing import sealed
from archiver.tongue import tr

_LINE = "Stadtarchiv"
_DPI = 300


class Tried(msgspec.Struct, frozen=True):
    """What a trial found.

    Attributes:
        cage: that is used.
        space, landlock: its walls, see `archiver.recognise.cage.Trial`.
        reads: whether the line was read.
        said: why not, for the IT person; empty where it was.
    """

    cage: cage.Kind
    space: str = ""
    landlock: int = 0
    reads: bool = False
    said: str = ""


def trial(config: Config, kind: cage.Kind) -> Tried:
    """Build the cage and have a line read in it.

    Args:
        config: of the archive.
        kind: the cage that is used.

    Raises:
        SystemFault: ``folder_missing``: there is no stage to try it in, and none is made.
    """
    if not config.places.stage.is_dir():
        raise SystemFault("folder_missing", folder=str(config.places.stage))
    if kind == "missing":
        return Tried(kind, said="; ".join(f"{one}: {cage.tried(one)}" for one in cage.CAGES))
    walls = cage.tried(kind)
    if isinstance(walls, str):
        return Tried(kind, said=walls)
    try:
        said = "" if _LINE in _read(config, kind) else tr("it read other words")
    except Fault as fault:
        said = sentence(fault.reason, fault.params)
    except (WorkerDied, OSError) as error:
        said = str(error)
    return Tried(kind, walls.space, walls.landlock, not said, said)


def _read(config: Config, kind: cage.Kind) -> str:
    """The words that reader and engine find on the line."""
    fd = sealed(_drawn())
    engines = engines_of(config, kind, count=1)
    try:
        with reader_of(config, kind, f"trial-{os.getpid()}") as reader:
            pages = [
                engines.submit(item).result() if isinstance(item, Pixels) else item
                for item in reader.pages(fd, PNG, [1])
            ]
    finally:
        engines.close()
        os.close(fd)
    return " ".join(word.text for page in pages for word in page.words)


def _drawn() -> bytes:
    """The line as a picture of half a page; our own bytes, drawn here."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1600, 1200), 255)
    font = ImageFont.load_default(size=90)
    ImageDraw.Draw(image).text((200, 300), f"{_LINE} {_LINE}", fill=0, font=font)
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(_DPI, _DPI))
    return out.getvalue()
