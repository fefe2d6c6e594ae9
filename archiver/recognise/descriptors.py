"""Descriptors that a caged reader sends, checked before anybody reads from them.

Promises that pixels are memory of the size told, which nobody can change any more, and that a
file is one regular file; whatever else came is closed, and the reader counts as dead.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from archiver.recognise import messages
from archiver.recognise.exchange import WorkerDied, close_all
from archiver.recognise.sealing import is_sealed

_DPI = (50, 2500)


class Pixels(NamedTuple):
    """A page to be recognised.

    Attributes:
        fd: sealed memory of width × height bytes, 8-bit gray, row by row; the receiver closes it.
        width, height: pixels.
        dpi: resolution.
        number: page number from 1.
    """

    fd: int
    width: int
    height: int
    dpi: float
    number: int

    @property
    def megapixels(self) -> float:
        """How large it is."""
        return self.width * self.height / 1e6


def checked_pixels(
    answer: messages.Sent, fds: tuple[int, ...], number: int, max_pixels: int
) -> Pixels:
    """Check a page image: its number, its bounds, and memory of that size that stays so.

    Args:
        answer: what the reader says of it.
        fds: what came along; ours now.
        number: of the page that was asked for.
        max_pixels: how many pixels a page may have.

    Raises:
        WorkerDied: ``protocol``.
    """
    if len(fds) == 1:
        area = answer.width * answer.height
        bounded = answer.width > 0 and answer.height > 0 and area <= max_pixels
        if (
            answer.number == number
            and bounded
            and _DPI[0] <= answer.dpi <= _DPI[1]
            and os.fstat(fds[0]).st_size == area
            and is_sealed(fds[0])
        ):
            return Pixels(fds[0], answer.width, answer.height, answer.dpi, number)
    close_all(fds)
    raise WorkerDied("protocol", "pixels")


def regular(fds: tuple[int, ...]) -> int | None:
    """Take the one descriptor of a regular file; None where none was sent.

    Raises:
        WorkerDied: something else was sent.
    """
    if not fds:
        return None
    if len(fds) == 1 and stat.S_ISREG(os.fstat(fds[0]).st_mode):
        return fds[0]
    close_all(fds)
    raise WorkerDied("protocol", "file")


def the_regular(fds: tuple[int, ...]) -> int:
    """Take the one descriptor of a regular file where there must be one.

    Raises:
        WorkerDied: nothing or something else was sent.
    """
    fd = regular(fds)
    if fd is None:
        raise WorkerDied("protocol", "no file")
    return fd
