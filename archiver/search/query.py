"""The query language: from a typed line to a tree, and back.

Promises that `parse` returns a tree or raises `UsageFault` with the place of the mistake, on any
text whatever, and that ``parse(str(tree)) == tree``. Pure; engines never see the typed line.

| typed                         | means                                                     |
|-------------------------------|-----------------------------------------------------------|
| ``antrag bau``                | both words, in any inflection and spelling                |
| ``"Antrag auf"``              | these words as they stand, side by side on one page       |
| ``bau*``                      | words that begin so                                       |
| ``*``                         | everything                                                |
| ``az:632.6*``, ``betreff:x``  | a field; ``az:*`` = the field is filled                   |
| ``datum:03.2024..``           | days, months, years, ranges, ``>=``, ``heute-30``         |
| ``a OR b``, ``a ODER b``      | either; binds weaker than AND / UND, which may be left out|
| ``NOT a``, ``NICHT a``, ``-a``| without; binds strongest                                  |
| ``( )``                       | brackets                                                  |
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from archiver.errors import UsageFault
from archiver.search import dates, fields
from archiver.search.german import key

LENGTH_LIMIT = 1000
"""Characters of a query."""
DEPTH_LIMIT = 20
"""Brackets and NOTs inside one another."""


class Everything(msgspec.Struct, frozen=True):
    """All documents; as the value of a field: all in which it is filled."""

    def __str__(self) -> str:
        return "*"


class Word(msgspec.Struct, frozen=True):
    """A word in any inflection; one with separators inside (``Müller-Meier``) is a sequence."""

    text: str

    def __str__(self) -> str:
        return self.text


class Prefix(msgspec.Struct, frozen=True):
    """Words that begin with the text."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


class Phrase(msgspec.Struct, frozen=True):
    """Words as they stand, one after the other."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


Value = Everything | Word | Prefix | Phrase


class Field(msgspec.Struct, frozen=True):
    """A value in one field; that of ``state`` is a `Word` with the state's code."""

    name: str
    value: Value

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


class Days(msgspec.Struct, frozen=True):
    """A date field within two days, both inclusive; see `archiver.search.dates`."""

    name: str
    first: str | None
    last: str | None

    def __str__(self) -> str:
        return f"{self.name}:{dates.written((self.first, self.last))}"


class Not(msgspec.Struct, frozen=True):
    """All documents but those of the part."""

    part: Query

    def __str__(self) -> str:
        return f"NOT ({self.part})" if isinstance(self.part, And | Or) else f"NOT {self.part}"


class And(msgspec.Struct, frozen=True):
    """Documents that every part finds; two parts or more, none of them an `And`."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


class Or(msgspec.Struct, frozen=True):
    """Documents that some part finds; two parts or more, none of them an `Or`."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " OR ".join(str(part) for part in self.parts)


Query = Everything | Word | Prefix | Phrase | Field | Days | Not | And | Or


def parse(text: str) -> Query:
    """Read a query.

    Args:
        text: as typed; its positions in faults count characters from 1.

    Returns:
        The tree, sequences of AND and of OR flattened.

    Raises:
        UsageFault: ``query_empty``, ``query_too_long``, ``query_too_deep``,
            ``query_quote_open``, ``query_bracket_open``, ``query_bracket_unexpected``,
            ``query_operand_missing``, ``query_value_missing``, ``query_star_inside``,
            ``unknown_field``, ``unknown_state``, ``bad_date``.
    """
    if len(text) > LENGTH_LIMIT:
        raise UsageFault("query_too_long", length=len(text), limit=LENGTH_LIMIT)
    lexemes = _lexemes(text)
    if not lexemes:
        raise UsageFault("query_empty", position=1)
    reading = _Reading(lexemes, len(text) + 1)
    tree = reading.either(0)
    if reading.sign == ")":
        raise UsageFault("query_bracket_unexpected", met=reading.sign, position=reading.position)
    return tree


def with_classes(tree: Query, words: Mapping[str, str]) -> Query:
    """The same query with classes by their keys, however they were called.

    Args:
        tree: the query.
        words: the key by each word for a class, in lower case.
    """
    match tree:
        case Field(name=fields.CLASS, value=Word(text=text) | Phrase(text=text)):
            named = words.get(text.casefold())
            return Field(fields.CLASS, Word(named)) if named else tree
        case Not(part=part):
            return Not(with_classes(part, words))
        case And(parts=parts):
            return And(tuple(with_classes(part, words) for part in parts))
        case Or(parts=parts):
            return Or(tuple(with_classes(part, words) for part in parts))
    return tree


class _Lexeme(msgspec.Struct, frozen=True):
    """A sign (AND, OR, NOT, bracket) or a finished leaf, and where it begins (from 1)."""

    position: int
    sign: str = ""
    leaf: Query | None = None


_QUOTES = '"„“”«»'
_RUN = re.compile(rf"[^\s(){_QUOTES}]+")
_PHRASE = re.compile(rf"[{_QUOTES}](?P<text>[^{_QUOTES}]*)(?P<closed>[{_QUOTES}]?)")
_NAMED = re.compile(r"(?P<name>[^\W\d_]+):(?P<rest>.*)", re.DOTALL)
_SIGNS = {"AND": "AND", "UND": "AND", "OR": "OR", "ODER": "OR", "NOT": "NOT", "NICHT": "NOT"}


def _lexemes(text: str) -> list[_Lexeme]:
    """Cut a query into signs and leaves; runs without a letter or digit are left out."""
    lexemes: list[_Lexeme] = []
    offset = 0
    while offset < len(text):
        position, letter = offset + 1, text[offset]
        if letter in "()":
            lexemes.append(_Lexeme(position, sign=letter))
        elif letter == "-" and text[offset + 1 : offset + 2].strip():
            lexemes.append(_Lexeme(position, sign="NOT"))
        elif not letter.isspace():
            lexeme, offset = _lexeme(text, offset)
            if lexeme.sign or lexeme.leaf:
                lexemes.append(lexeme)
            continue
        offset += 1
    return lexemes


def _lexeme(text: str, offset: int) -> tuple[_Lexeme, int]:
    """Read a sign in letters, a field, a word or a phrase; also the offset behind it."""
    position = offset + 1
    typed, is_quoted, end = _typed(text, offset)
    if is_quoted:
        return _Lexeme(position, leaf=_value(typed, is_quoted, position)), end
    if typed in _SIGNS:
        return _Lexeme(position, sign=_SIGNS[typed]), end
    name = _field_name(typed, position, text[end : end + 1])
    if name:
        leaf, end = _field(name, text, offset + len(name) + 1)
        return _Lexeme(position, leaf=leaf), end
    return _Lexeme(position, leaf=_value(typed, is_quoted, position)), end


def _typed(text: str, offset: int) -> tuple[str, bool, int]:
    """A run or the inside of a phrase, whether it was quoted, and the offset behind it."""
    if run := _RUN.match(text, offset):
        return run.group(), False, run.end()
    phrase = _PHRASE.match(text, offset)
    if phrase is None:
        return "", False, offset
    if not phrase["closed"]:
        raise UsageFault("query_quote_open", position=offset + 1)
    return phrase["text"], True, phrase.end()


def _field_name(run: str, position: int, follower: str) -> str:
    """Name of the field that a run begins with, empty where its colon is mere text."""
    named = _NAMED.fullmatch(run)
    if not named:
        return ""
    name, rest = named["name"], named["rest"]
    is_text = rest[0] in "/:" if rest else not follower or follower not in _QUOTES + "("
    if is_text and not fields.is_field(name):
        return ""
    fields.field_named(name, position)
    return str(name)


def _field(spelling: str, text: str, offset: int) -> tuple[Query, int]:
    """Read the value of a field, which begins at `offset` or after the spaces there."""
    while text[offset : offset + 1].isspace():
        offset += 1
    position = offset + 1
    name = fields.field_named(spelling, position)
    typed, is_quoted, end = _typed(text, offset)
    typed = typed.strip()
    if name in fields.DATES and typed not in ("", "*"):
        first, last = dates.bounds(typed, position)
        return (Days(name, first, last) if first or last else Field(name, Everything())), end
    value = _value(typed, is_quoted, position)
    if value is None:
        raise UsageFault("query_value_missing", field=spelling, position=position)
    if name == fields.STATE and not isinstance(value, Everything):
        value = Word(fields.state_named(typed, position))
    return Field(name, value), end


def _value(typed: str, is_quoted: bool, position: int) -> Value | None:
    """The leaf that a run or a phrase is, None where it has no letter or digit."""
    if is_quoted:
        return Phrase(typed) if key(typed) else None
    if typed == "*":
        return Everything()
    star = typed.find("*")
    if star < 0:
        return Word(typed) if key(typed) else None
    if star < len(typed) - 1 or not key(typed):
        raise UsageFault("query_star_inside", met=typed, position=position + star)
    return Prefix(typed[:-1])


class _Reading:
    """Recursive descent over the lexemes: OR over AND over NOT over brackets and leaves."""

    def __init__(self, lexemes: list[_Lexeme], end: int) -> None:
        self._lexemes = [*lexemes, _Lexeme(end, sign="end")]
        self._next = 0

    @property
    def sign(self) -> str:
        return self._lexemes[self._next].sign

    @property
    def position(self) -> int:
        return self._lexemes[self._next].position

    def either(self, depth: int) -> Query:
        parts = [self._both(depth)]
        while self.sign == "OR":
            self._next += 1
            parts.append(self._both(depth))
        if len(parts) == 1:
            return parts[0]
        return Or(tuple(leaf for part in parts for leaf in _inside(part, Or)))

    def _both(self, depth: int) -> Query:
        parts = [self._operand(depth)]
        while self.sign not in ("OR", ")", "end"):
            self._next += self.sign == "AND"
            parts.append(self._operand(depth))
        if len(parts) == 1:
            return parts[0]
        return And(tuple(leaf for part in parts for leaf in _inside(part, And)))

    def _operand(self, depth: int) -> Query:
        lexeme = self._lexemes[self._next]
        if depth > DEPTH_LIMIT:
            raise UsageFault("query_too_deep", limit=DEPTH_LIMIT, position=lexeme.position)
        if lexeme.leaf is not None:
            self._next += 1
            return lexeme.leaf
        if lexeme.sign == "NOT":
            self._next += 1
            return Not(self._operand(depth + 1))
        if lexeme.sign != "(":
            met = "" if lexeme.sign == "end" else lexeme.sign
            raise UsageFault("query_operand_missing", met=met, position=lexeme.position)
        self._next += 1
        tree = self.either(depth + 1)
        if self.sign != ")":
            raise UsageFault("query_bracket_open", position=lexeme.position)
        self._next += 1
        return tree


def _inside(part: Query, kind: type[And] | type[Or]) -> tuple[Query, ...]:
    return part.parts if isinstance(part, kind) else (part,)
