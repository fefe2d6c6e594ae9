"""Acts: what can be asked of an archive, each declared once, where it is done.

Promises that an act asks for its right before it does anything, whoever calls it and from where;
that a part has no other public methods than acts; and that the words of a request are of the types
that the act wants. What travels otherwise than as JSON is a type of an argument or of the answer:
`BinaryIO` (a file that comes along), `Progress` (told while it goes on) and `File`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Concatenate,
    ParamSpec,
    Protocol,
    TypeVar,
    get_type_hints,
)

import msgspec

from archiver.errors import UsageFault
from archiver.plaintext import plain_values
from archiver.rights import Right

if TYPE_CHECKING:
    from archiver.pools import Kind

Json = dict[str, Any]
Progress = Callable[[int, int], None]

MOST = 1_000_000_000
"""No number in a request is larger: pages, years, versions and shares are all far below."""

PLACED = "*"
"""Key of a request under which arguments stand that were given without their names, in order."""


class File(msgspec.Struct, frozen=True):
    """Bytes on their way to a person.

    Attributes:
        stream: open for reading; the receiver closes it.
        size: in bytes.
        name: under which a person would save it.
        media_type: of the bytes.
        notice: reason code worth telling, e.g. ``no_rendition``, or None.
    """

    stream: BinaryIO
    size: int
    name: str
    media_type: str
    notice: str | None


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


class Asked(Protocol):
    """What has acts: it knows who asks."""

    def require(self, right: Right) -> None:
        """Refuse what no role of the person allows."""


A = TypeVar("A", bound=Asked)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Act:
    """One use case, as it can be asked for.

    Attributes:
        right: that it takes.
        pool: kind of threads in which a daemon does it.
        while_wanted: whether it is given up when nobody waits for it any more.
        before: is asked with the same words before the file is received that comes along, so that
            nobody sends in vain; None: nothing is.
        method: as it was defined.
    """

    right: Right
    pool: Kind
    while_wanted: bool
    before: Callable[..., object] | None
    method: Callable[..., Any]

    @cached_property
    def kinds(self) -> dict[str, Any]:
        """Types of the arguments by name, in their order."""
        hints = get_type_hints(self.method)
        return {name: hints[name] for name in self._parameters if name != "self"}

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.method).parameters

    @property
    def source(self) -> str | None:
        """Name of the argument that is a file, None where none comes along."""
        return next((name for name, kind in self.kinds.items() if kind is BinaryIO), None)

    @property
    def progress(self) -> str | None:
        """Name of the argument that is told how far it is, None where nothing is told."""
        return next((name for name, kind in self.kinds.items() if kind == Progress), None)

    def words(self, given: Mapping[str, Any]) -> Json:
        """The words of a request as arguments by name, all but file and progress.

        Args:
            given: from JSON: arguments by name, and those without one under `PLACED`, where
                anything may hold the place of the file and of the progress.

        Raises:
            UsageFault: ``bad_request`` where a word is missing, unknown or of another type.
        """
        beside = {self.source, self.progress}
        placed = given.get(PLACED, [])
        if not isinstance(placed, list) or len(placed) > len(self.kinds):
            raise UsageFault("bad_request", word=PLACED)
        named = [(name, word) for name, word in given.items() if name != PLACED]
        named += [
            (name, word)
            for name, word in zip(self.kinds, placed, strict=False)
            if name not in beside
        ]
        words: Json = {}
        for name, word in named:
            if name not in self.kinds or name in beside or name in words:
                raise UsageFault("bad_request", word=name)
            try:
                words[name] = msgspec.convert(word, self.kinds[name])
            except msgspec.ValidationError as error:
                raise UsageFault("bad_request", word=str(error)) from None
        for name in self.kinds:
            is_needed = self._parameters[name].default is inspect.Parameter.empty
            if is_needed and name not in words and name not in beside:
                raise UsageFault("bad_request", word=name)
        return words


def act(
    right: Right,
    pool: Kind = "slow",
    *,
    while_wanted: bool = False,
    before: Callable[..., object] | None = None,
) -> Callable[[Callable[Concatenate[A, P], T]], Callable[Concatenate[A, P], T]]:
    """Declare a method of a part to be an act; see `Act` for the arguments."""

    def declared(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
        @wraps(method)
        def asked(part: A, /, *args: P.args, **kwargs: P.kwargs) -> T:
            part.require(right)
            return method(part, *args, **kwargs)

        vars(asked)["act"] = Act(right, pool, while_wanted, before, method)
        return asked

    return declared


def acts_of(part: type) -> dict[str, Act]:
    """The acts of a class by their names.

    Raises:
        TypeError: it has a public method that is none, for which nobody would ask a right.
    """
    public = {n: one for n, one in vars(part).items() if not n.startswith("_") and callable(one)}
    for name, one in public.items():
        if not isinstance(getattr(one, "act", None), Act):
            raise TypeError(f"{part.__name__}.{name} is no act")
    return {name: one.act for name, one in public.items()}


def sound(value: Any) -> Any:
    """A value of a request with nothing in it but what can be read and counted.

    Args:
        value: text, or made from JSON.

    Raises:
        UsageFault: ``number_too_large``.
    """
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict | list):
            pending += one.values() if isinstance(one, dict) else one
        elif isinstance(one, int | float) and not -MOST <= one <= MOST:
            raise UsageFault("number_too_large", most=f"{MOST:,}".replace(",", " "))
    return plain_values(value)
