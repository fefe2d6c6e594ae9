r"""Text from outside: no character in it may do anything but be read.

Control characters speak to terminals (set the title, fill the clipboard, clear the screen),
writing-direction controls show "invoice<RLO>fdp.exe" as "invoiceexe.pdf", and what nobody sees
(tags, private use) says one thing to a person and another to a program. So nothing passes that
Unicode counts as control, format, half, private or unassigned but the soft hyphen, and joiners
behind a letter of a script that has them. Promises two ways to be rid of the rest: `plain` for what
is kept and found (words, fields, names that people type), `shown` for what is printed, which lets a
person see that something was there.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

# Other (control, format, surrogate, private, unassigned), and separators of lines and paragraphs,
# which programs take for line ends.
_ODD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SOFT_HYPHEN = "\u00ad"
_JOINERS = "\u200c\u200d"
_JOINED = "\u0590"  # the first of the scripts and signs that are joined
_BREAKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x85\u2028\u2029", " "))


def _is_odd(letter: str, before: str) -> bool:
    """Whether a character does anything but be read, behind another one or none."""
    if letter == _SOFT_HYPHEN or letter.isprintable():
        return False
    if letter in _JOINERS:
        return before < _JOINED or unicodedata.category(before)[0] not in "LMS"
    return unicodedata.category(letter) in _ODD


def _judged(text: str) -> Iterator[tuple[str, bool]]:
    """Each character of a text, and whether it is odd; what is odd stands before no other one."""
    before = ""
    for letter in text:
        is_odd = _is_odd(letter, before)
        yield letter, is_odd
        before = before if is_odd else letter


def _changed(text: str, change: Callable[[str], str], keep: str = "") -> str:
    """A text in which each odd character is changed, but for some."""
    if text.isprintable():
        return text
    return "".join(
        change(letter) if is_odd and letter not in keep else letter
        for letter, is_odd in _judged(text)
    )


def is_plain(text: str) -> bool:
    """Whether a text holds nothing but what can be read, on one line."""
    return text.isprintable() or not any(is_odd for _, is_odd in _judged(text))


def plain(text: str) -> str:
    """A text on one line without control and direction characters; breaks become spaces."""
    return text if is_plain(text) else _changed(text.translate(_BREAKS), lambda _odd: "")


def plain_lines(text: str) -> str:
    """A text of several lines, each as `plain` gives it; tabs become spaces."""
    return text if is_plain(text) else "\n".join(plain(line) for line in text.split("\n"))


def shown(text: str, *, one_line: bool = False) -> str:
    r"""A text to print: what is not plain shows as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``.

    Args:
        text: from outside.
        one_line: whether line ends and tabs show as well; else they stay.
    """
    return _changed(text, _escaped, "" if one_line else "\n\t")


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
    return _changed(dumped, _json_escaped, "\n")


def _json_escaped(letter: str) -> str:
    """As JSON writes it: two halves beyond the first plane."""
    return json.dumps(letter)[1:-1] if letter > "\x7f" else f"\\u{ord(letter):04x}"


def _escaped(letter: str) -> str:
    code = ord(letter)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
