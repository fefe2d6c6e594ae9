"""Types of messages, made ready before threads use them.

msgspec 0.22 gathers what it has to know of a type when something is first decoded into it, and two
threads that do so for one type at the same moment end the whole process (SIGSEGV).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def make_ready() -> None:
    """Have everything known of all types that are loaded; to be called while there is one thread.

    A type that nothing can be decoded into, such as a union of untagged ones, is passed over.
    """
    for kind in _below(msgspec.Struct):
        with suppress(TypeError, NameError):
            msgspec.json.Decoder(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
