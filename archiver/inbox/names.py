"""File names as people and Windows can bear them; the raw bytes stay the name's only truth.

Promises pure functions that never fail on any bytes a file system can hold: names in NFC and NFD,
names that are not UTF-8, names with line breaks or writing-direction controls in them.
"""

from __future__ import annotations

import unicodedata

from archiver.plaintext import shown

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_FORBIDDEN = frozenset('<>:"/\\|?*')
WINDOWS_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}
)


def display_name(raw: bytes) -> str:
    r"""Give the name to show to people.

    Args:
        raw: a file name as the file system holds it.

    Returns:
        The name in NFC, on one line; bytes that are not UTF-8 and control characters show as
        ``\xNN``. Two raw names may share it, so it never identifies a file.
    """
    text = unicodedata.normalize("NFC", raw.decode("utf-8", "backslashreplace"))
    return text if text.isprintable() else shown(text, one_line=True)


def windows_name(text: str, limit: int) -> str:
    """Give a name that Windows can open and that hides nowhere.

    Args:
        text: a display name.
        limit: most bytes of UTF-8, at least 4.

    Returns:
        A name of 1 to `limit` bytes without forbidden characters, without dots or spaces at
        either end and without a device's name before its first dot. Different texts may share it.
    """
    safe = "".join(
        "_" if letter in WINDOWS_FORBIDDEN or not letter.isprintable() else letter
        for letter in text
    )
    if safe.split(".")[0].rstrip(" ").upper() in WINDOWS_DEVICES:
        safe = "_" + safe
    if safe.startswith("."):
        safe = "_" + safe[1:]
    return safe.encode()[:limit].decode("utf-8", "ignore").strip(" .") or "_"
