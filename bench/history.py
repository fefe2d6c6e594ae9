"""Each measurement leaves a line: of which commit, on what machine, with what, and its ratios.

Promises lines of `bench/history.jsonl` that can be compared over the years. They hold ratios taken
within one run, because seconds say little on a machine with other work. A short form only shows
that the measurement works; what it measures says nothing about the product.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

FILE = Path(__file__).with_name("history.jsonl")
_PACKAGES = ("archiver", "ocrmypdf", "tesserocr", "pikepdf", "tantivy", "numpy", "scikit-learn")


class Line(msgspec.Struct, frozen=True):
    """One run of one measurement.

    Attributes:
        bench: module of this folder.
        form: ``short`` or ``long``.
        at: when it ended, UTC, ISO 8601.
        commit: twelve digits, with ``+`` where files were changed since; empty where it is unknown.
        machine: cores, processor, memory, kernel.
        versions: of Python and of what the product is made of.
        ratios: by name, e.g. processor time of the archiver over that of the bare engine.
    """

    bench: str
    form: Literal["short", "long"]
    at: str
    commit: str
    machine: str
    versions: dict[str, str]
    ratios: dict[str, float]


def options(parser: argparse.ArgumentParser, **short: Any) -> argparse.Namespace:
    """Read the command line of a measurement.

    Args:
        parser: with the options of its own.
        short: values that these have in the short form.

    Returns:
        the options, with ``short`` and ``history``.
    """
    text = "as little work as shows that it runs; limits are not asked then"
    parser.add_argument("--short", action="store_true", help=text)
    parser.add_argument("--history", type=Path, default=FILE, help="file that gets a line")
    asked = parser.parse_args()
    if asked.short:
        vars(asked).update(short)
    return asked


def note(asked: argparse.Namespace, bench: str, ratios: Mapping[str, float]) -> None:
    """Append a line to the history.

    Args:
        asked: options as `options` gives them.
        bench: the module's name.
        ratios: what was measured.

    Raises:
        OSError: the file cannot be written.
    """
    line = Line(
        bench=bench,
        form="short" if asked.short else "long",
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        machine=machine(),
        versions={name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        ratios={name: round(value, 4) for name, value in ratios.items()},
    )
    with asked.history.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")


def machine() -> str:
    """What kind of machine this is."""
    cores = len(os.sched_getaffinity(0))
    model = _named(Path("/proc/cpuinfo"), "model name") or platform.machine()
    memory = int(_named(Path("/proc/meminfo"), "MemTotal").split()[0]) >> 20
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{cores} cores, {model}, {memory} GiB, Linux {kernel}"


def _named(file: Path, name: str) -> str:
    """The first value of that name in a file of /proc; empty where there is none."""
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for key, _colon, value in lines if key.strip() == name), "")


def _commit() -> str:
    words = ["git", "-C", str(FILE.parent), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
