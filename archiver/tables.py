"""TOML files checked against structs: every misfit becomes a problem with file and key.

Promises to note all problems and to raise none: what does not fit is left out, so that the reader
can go on and find the next one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from archiver.errors import ExitCode, Fault

# Beyond it lie infinity, "not a number", and what no system call can wait or set as a limit.
_MOST = 1e9


class Problem(msgspec.Struct, frozen=True):
    """One problem of the configuration.

    Attributes:
        file: where it stands.
        key: dotted key, or empty for the whole file.
        reason: code that `archiver.phrases` knows.
        params: values for its sentence.
    """

    file: Path
    key: str
    reason: str
    params: Mapping[str, str | int | float] = {}


class ConfigProblems(Fault):
    """The configuration cannot be used; `problems` names every reason."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("config_problems", count=len(problems))
        self.problems = problems


def parse(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """What a TOML file says; empty, with a problem noted, where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(Problem(file, "", "file_missing"))
    except OSError:
        problems.append(Problem(file, "", "file_unreadable"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(Problem(file, "", "not_toml", {"detail": str(error)}))
    return {}


def checked(
    kind: type[Any],
    table: Any,
    file: Path,
    prefix: str,
    problems: list[Problem],
    given: frozenset[str] | set[str] = frozenset(),
) -> dict[str, Any]:
    """Values of `table` that fit the fields of `kind`; every misfit is noted.

    Args:
        kind: a struct whose field types are the schema.
        table: what the file says.
        file: where it stands.
        prefix: what stands before the key in the problem's key.
        problems: is added to.
        given: fields that the caller sets, not the file.
    """
    if not isinstance(table, dict):
        problems.append(Problem(file, prefix.rstrip("."), "wrong_type", {"wanted": "table"}))
        return {}
    types = _types(kind)  # type: ignore[arg-type]
    known = [name for name in kind.__struct_fields__ if name not in given]
    required = kind.__struct_fields__[: -len(kind.__struct_defaults__) or None]
    problems += [Problem(file, prefix + key, "unknown_key") for key in table if key not in known]
    values: dict[str, Any] = {}
    for name in known:
        inner = types[name]
        if name in table and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            part = checked(inner, table[name], file, f"{prefix}{name}.", problems)
            values[name] = inner(**part)
        elif name in table and (row := _row_type(inner)) is not None:
            values[name] = tuple(_rows(row, table[name], file, prefix + name, problems))
        elif name in table:
            try:
                values[name] = _converted(table[name], inner)
            except (TypeError, ValueError):
                wanted = _type_name(inner)
                problems.append(Problem(file, prefix + name, "wrong_type", {"wanted": wanted}))
        elif name in required:
            problems.append(Problem(file, prefix + name, "key_missing"))
    return values


def _row_type(wanted: Any) -> type[msgspec.Struct] | None:
    """The struct of which a field holds any number; None where it holds something else."""
    inner = get_args(wanted)[0] if get_origin(wanted) is tuple else None
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def _rows(
    kind: type[msgspec.Struct], value: Any, file: Path, key: str, problems: list[Problem]
) -> Iterator[msgspec.Struct]:
    """The tables of a list that fit; every misfit is noted."""
    if not isinstance(value, list):
        problems.append(Problem(file, key, "wrong_type", {"wanted": "list"}))
        return
    for row in value:
        before = len(problems)
        part = checked(kind, row, file, f"{key}.", problems)
        if len(problems) == before:
            yield kind(**part)


@cache
def _types(kind: Any) -> dict[str, Any]:
    """Types of the fields of a struct; worked out once, since every class of the plan asks."""
    return get_type_hints(kind)


def _converted(value: Any, wanted: Any) -> Any:
    """`value` as the wanted type; TypeError or ValueError where it does not fit."""
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise ValueError(value)
        return value
    if get_origin(wanted) is tuple:
        if not isinstance(value, list):
            raise TypeError(value)
        return tuple(str(item) for item in value if _is_name(item))
    if wanted is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    if isinstance(value, int | float) and not abs(value) < _MOST:
        raise ValueError(value)
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is wanted:
        return value
    raise TypeError(value)


def _is_name(item: Any) -> bool:
    if not isinstance(item, str | int) or isinstance(item, bool):
        raise TypeError(item)
    return True


def _type_name(wanted: Any) -> str:
    if get_origin(wanted) is Literal:
        return " | ".join(f'"{choice}"' for choice in get_args(wanted))
    if get_origin(wanted) is tuple:
        return "list"
    return {Path: "path", str: "text", int: "number", float: "number", bool: "true/false"}[wanted]
