"""What the clerk sees in the drop folder: a note per problem, and the list of what came in.

Promises that ``_problems/`` holds exactly the notes it is given and that nothing else there is
touched: not a clerk's own file, not a note in which a person has written, and nothing behind a
planted symlink. All texts are the caller's; files are UTF-8 with a byte order mark and CRLF, so
that Notepad and Excel show umlauts.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from archiver.inbox.claim import open_regular
from archiver.inbox.dropfolder import blaming, entry_names, opened, rename_unless_taken
from archiver.inbox.names import windows_name
from archiver.inbox.settling import PROBLEMS, RECEIPTS, TEMPORARY_PREFIX
from archiver.records import Id

_BOM = b"\xef\xbb\xbf"
_CRLF = b"\r\n"
_NAME_BYTES = 200
_NOTE_SUFFIX = ".txt"
_NOTE_MOST_BYTES = 1 << 16
_TEMPORARY = TEMPORARY_PREFIX + b"new"
_FORMULA_STARTS = frozenset("=+-@")


class ProblemNotice(msgspec.Struct, frozen=True):
    """Why a drop is not in the archive.

    Attributes:
        file: display name.
        raw: raw name, which identifies it.
        text: what happened and what to do, in the clerk's language.
    """

    file: str
    raw: bytes
    text: str


class Receipt(msgspec.Struct, frozen=True):
    """One line of the clerk's receipt.

    Attributes:
        file: display name.
        id: accession.
        state: where it is now, in the clerk's language.
        time: local time, as people write it.
    """

    file: str
    id: Id
    state: str
    time: str


def _lines(text: str) -> bytes:
    return _CRLF.join(line.encode("utf-8", "backslashreplace") for line in text.splitlines())


def _signature(name: bytes, body: bytes) -> bytes:
    # Bound to name and text: a note that a person has edited, copied or renamed is his.
    return b"[archiver " + hashlib.sha256(name + b"\0" + body).hexdigest()[:16].encode() + b"]"


def render_note(name: bytes, notice: ProblemNotice) -> bytes:
    """Give the bytes of a note that is to be stored under `name`."""
    body = _BOM + _lines(notice.file) + _CRLF * 2 + _lines(notice.text) + _CRLF * 2
    return body + _signature(name, body) + _CRLF


def is_our_note(name: bytes, content: bytes) -> bool:
    """Whether `render_note` made this content for this name, whatever its text."""
    body, separator, _ = content.rpartition(b"[archiver ")
    return bool(separator) and content == body + _signature(name, body) + _CRLF


def note_names(notices: Sequence[ProblemNotice]) -> list[Iterator[bytes]]:
    """Give for each notice the names that its note may have, best first, without end.

    No name is offered to two notices with different raw names. The first is the file's own, made
    safe for Windows, plus ``.txt``; where two files would share that (Windows ignores case), both
    get a piece of the raw name's digest instead.
    """
    plain = [windows_name(notice.file, _NAME_BYTES - len(_NOTE_SUFFIX)) for notice in notices]
    shared = Counter(name.casefold() for name in plain)
    return [
        _names_of_one(notice, name, shared[name.casefold()] > 1)
        for notice, name in zip(notices, plain, strict=True)
    ]


def _names_of_one(notice: ProblemNotice, plain: str, shared: bool) -> Iterator[bytes]:
    if not shared:
        yield (plain + _NOTE_SUFFIX).encode()
    digest = hashlib.sha256(notice.raw).hexdigest()[:12]
    for number in itertools.count(1):
        ending = f"~{digest}" + (f"-{number}" if number > 1 else "") + _NOTE_SUFFIX
        yield (windows_name(notice.file, _NAME_BYTES - len(ending)) + ending).encode()


def _read_ours(folder: int) -> dict[bytes, bytes]:
    """Read the notes in an open folder that are still as we wrote them."""
    ours: dict[bytes, bytes] = {}
    for name in entry_names(folder):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            descriptor = open_regular(name, folder)
            if descriptor is not None:
                with os.fdopen(descriptor, "rb") as file:
                    content = file.read(_NOTE_MOST_BYTES)
                if is_our_note(name, content):
                    ours[name] = content
    return ours


def _write_temporary(folder: int, content: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):  # from a crash right here
        os.unlink(_TEMPORARY, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(_TEMPORARY, flags, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        # Whoever may read the folder may read the note; SMB mounts may refuse to be asked.
        with contextlib.suppress(PermissionError):
            os.fchmod(file.fileno(), stat.S_IMODE(os.fstat(folder).st_mode) & 0o666)


def _place(
    folder: int, notice: ProblemNotice, names: Iterator[bytes], ours: dict[bytes, bytes]
) -> bytes:
    """Store one note under the first of its names that is free or ours, and give that."""
    for name in names:
        content = render_note(name, notice)
        if ours.get(name) == content:
            return name
        _write_temporary(folder, content)
        if name in ours:
            os.rename(_TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)
            return name
        if rename_unless_taken(folder, _TEMPORARY, name):
            return name
    raise AssertionError("names have no end")


def _reconcile(folder: int, notices: Sequence[ProblemNotice]) -> None:
    ours = _read_ours(folder)
    for notice, names in zip(notices, note_names(notices), strict=True):
        # What one notice has taken is no longer free for the next.
        ours.pop(_place(folder, notice, names, ours), None)
    for name in (*ours, _TEMPORARY):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _made(drop: int, folder_mode: int) -> Iterator[int]:
    """Open ``_problems/``, made where it is missing, for whoever may use the drop folder."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(PROBLEMS, 0o700, dir_fd=drop)
    with opened(PROBLEMS, drop, follow=False) as problems:
        if stat.S_IMODE(os.fstat(problems).st_mode) != folder_mode:
            with contextlib.suppress(PermissionError):  # another's folder, or an SMB mount
                os.fchmod(problems, folder_mode)
        yield problems


def publish(folder: Path, notices: Sequence[ProblemNotice]) -> None:
    """Make ``_problems/`` hold exactly these notes; the folder goes when it is empty.

    Every note in it is read and compared, so call it when something has changed.

    Args:
        folder: the drop folder.
        notices: at most one per raw name.

    Raises:
        SystemFault: ``inbox_unwritable`` (read-only, away, ``_problems`` is no folder) or
            ``disk_full``; to be logged, no reason to stop.
    """
    with blaming("inbox_unwritable", folder), opened(folder) as drop:
        if notices:
            with _made(drop, stat.S_IMODE(os.fstat(drop).st_mode)) as problems:
                _reconcile(problems, notices)
            return
        # Nothing to say: whatever else is called _problems is none of our business.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            with opened(PROBLEMS, drop, follow=False) as problems:
                _reconcile(problems, ())
                empty = not entry_names(problems)
            if empty:
                os.rmdir(PROBLEMS, dir_fd=drop)


def _defused(cell: str) -> str:
    """Make a cell plain text for spreadsheets (OWASP, CSV Injection)."""
    flat = " ".join(cell.splitlines())
    start = unicodedata.normalize("NFKC", flat.lstrip()[:1])  # full-width signs count as well
    return "'" + flat if start in _FORMULA_STARTS or flat.startswith("\t") else flat


def render_receipts(header: Sequence[str], rows: Sequence[Receipt]) -> bytes:
    """Give the bytes of the receipt list: semicolons, as Excel in German expects."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(map(_defused, header))
    writer.writerows(map(_defused, (row.file, row.id, row.state, row.time)) for row in rows)
    return _BOM + text.getvalue().encode("utf-8", "backslashreplace")


def receipts(folder: Path, header: Sequence[str], rows: Sequence[Receipt]) -> None:
    """Store the receipt list of a drop folder as ``_received.csv``, atomically.

    Not fsynced: after a power cut the list is made anew from the catalogue.

    Args:
        folder: the drop folder.
        header: the four column titles.
        rows: in the order to show.

    Raises:
        SystemFault: ``inbox_unwritable`` or ``disk_full``; to be logged, no reason to stop.
    """
    content = render_receipts(header, rows)
    with blaming("inbox_unwritable", folder), opened(folder) as drop:
        _write_temporary(drop, content)
        os.rename(_TEMPORARY, RECEIPTS, src_dir_fd=drop, dst_dir_fd=drop)
