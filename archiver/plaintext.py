r"""Text from outside: no character in it may do anything but be read.

Control characters speak to terminals (set the title, fill the clipboard, clear the screen), and
writing-direction controls show "invoice<RLO>fdp.exe" as "invoiceexe.pdf". Promises two ways to be
rid of them: `plain` for what is kept and found (words, fields, names that people type), `shown` for
what is printed, which lets a person see that something was there.
"""

from __future__ import annotations

import re
from typing import Any

# Unicode Standard Annex 9, "Explicit Directional Formatting Characters" and the marks.
DIRECTION_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Separators of lines and paragraphs, for programs that take them for line ends.
_SEPARATORS = "\u2028\u2029"
# Halves of characters, which no file can hold.
_ODD = "\x00-\x1f\x7f-\x9f\ud800-\udfff" + _SEPARATORS + "".join(sorted(DIRECTION_CONTROLS))
_NOT_PLAIN = re.compile(f"[{_ODD}]")
_NOT_SHOWN = re.compile(f"(?![\n\t])[{_ODD}]")
_BREAKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x85" + _SEPARATORS, " "))


def is_plain(text: str) -> bool:
    """Whether a text holds nothing but what can be read, on one line."""
    return _NOT_PLAIN.search(text) is None


def plain(text: str) -> str:
    """A text on one line without control and direction characters; breaks become spaces."""
    return text if is_plain(text) else _NOT_PLAIN.sub("", text.translate(_BREAKS))


def plain_lines(text: str) -> str:
    """A text of several lines, each as `plain` gives it; tabs become spaces."""
    return text if is_plain(text) else "\n".join(plain(line) for line in text.split("\n"))


def shown(text: str, *, one_line: bool = False) -> str:
    r"""A text to print: what is not plain shows as ``\xNN`` or ``\uNNNN``.

    Args:
        text: from outside.
        one_line: whether line ends and tabs show as well; else they stay.
    """
    return (_NOT_PLAIN if one_line else _NOT_SHOWN).sub(_escaped, text)


def plain_values(value: Any) -> Any:
    """JSON or TOML from outside with each text in it, keys too, as `plain_lines` gives it."""
    if isinstance(value, str):
        return plain_lines(value)
    if isinstance(value, dict):
        return {plain_lines(key): plain_values(one) for key, one in value.items()}
    return [plain_values(one) for one in value] if isinstance(value, list) else value


def all_plain(value: Any) -> bool:
    """Whether every text in plain values (dicts, lists, tuples) is as `plain_lines` leaves it."""
    if isinstance(value, str):
        return plain_lines(value) == value
    if isinstance(value, dict):
        return all(all_plain(key) and all_plain(one) for key, one in value.items())
    return all(map(all_plain, value)) if isinstance(value, list | tuple) else True


def json_shown(dumped: str) -> str:
    r"""JSON that was written with its letters as they are: what is not plain becomes ``\uNNNN``.

    It says the same to every reader; a terminal shows it.
    """
    return re.sub(f"(?!\n)[{_ODD}]", lambda found: f"\\u{ord(found[0]):04x}", dumped)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
