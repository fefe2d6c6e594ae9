"""Figures for Prometheus: the state of the archive in its text format.

The form is that of https://prometheus.io/docs/instrumenting/exposition_formats/; the file is for
the textfile collector of the node exporter. Promises counts, codes and times only, no names.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.monitoring.signs import Sign

Sample = tuple[str, Mapping[str, str], float]

_HELP = {
    "documents": "Documents by state.",
    "inbox_files": "Files in the drop folders by what becomes of them.",
    "queue_documents": "Documents that wait to be worked on.",
    "active_documents": "Documents that are worked on.",
    "review_documents": "Documents that wait for a decision.",
    "problems": "Files and documents that a person must look at, by reason.",
    "trouble": "Trouble of the system by part and reason.",
    "sign": "What is wrong, by key and grade.",
    "free_bytes": "Free space on the disk of the vault.",
    "waited_seconds": "How long the oldest file in a drop folder has waited.",
    "looked_seconds": "How long ago the drop folders were looked at.",
    "backup_timestamp_seconds": "When the last back-up was made.",
    "verified_timestamp_seconds": "When the archive was last verified.",
    "verified_problems": "Problems that the last verification found.",
    "written_timestamp_seconds": "When these figures were written.",
}


def text(status: Mapping[str, Any], found: Sequence[Sign], at: datetime) -> str:
    """Give the figures as text.

    Args:
        status: see `archiver.monitoring.signs.signs`.
        found: the signs that are there.
        at: now, aware.
    """
    lines, before = [], ""
    for name, labels, value in _samples(status, found, at):
        if name != before:
            lines += [f"# HELP archiver_{name} {_HELP[name]}", f"# TYPE archiver_{name} gauge"]
            before = name
        inside = ",".join(f'{key}="{_escaped(one)}"' for key, one in labels.items())
        lines.append(
            f"archiver_{name}{{{inside}}} {value}" if inside else f"archiver_{name} {value}"
        )
    return "\n".join(lines) + "\n"


def _samples(status: Mapping[str, Any], found: Sequence[Sign], at: datetime) -> Iterator[Sample]:
    figures = status["figures"]
    for state, count in status["documents"].items():
        yield "documents", {"state": state}, count
    for kind in ("waiting", "held", "ignored"):
        yield "inbox_files", {"kind": kind}, status["counts"][kind]
    yield "queue_documents", {}, status["work"]["queued"]
    yield "active_documents", {}, status["work"]["active"]
    yield "review_documents", {}, status["review"].get("waiting", 0)
    for reason, count in status["problem_counts"].items():
        yield "problems", {"reason": reason}, count
    for trouble in status["system"]:
        yield "trouble", {key: trouble[key] for key in ("part", "reason", "grade")}, 1
    for sign in found:
        yield "sign", {"key": sign.key, "grade": sign.grade}, 1
    yield "free_bytes", {}, figures["free_bytes"]
    yield "waited_seconds", {}, round(figures["waited_seconds"], 1)
    if figures["looked_seconds"] is not None:
        yield "looked_seconds", {}, round(figures["looked_seconds"], 1)
    if status["backup"]:
        yield "backup_timestamp_seconds", {}, _seconds(status["backup"]["made_at"])
    if figures["verified"]:
        yield "verified_timestamp_seconds", {}, _seconds(figures["verified"]["at"])
        yield "verified_problems", {}, figures["verified"]["problems"]
    yield "written_timestamp_seconds", {}, round(at.timestamp(), 3)


def _seconds(moment: str) -> float:
    return round(datetime.fromisoformat(moment).timestamp(), 3)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write(target: Path, content: str) -> None:
    """Write the file so that every reader sees the old figures or the new ones, never a mix.

    Raises:
        OSError: as the disk said; no half file is left.
    """
    # The collector reads only names that end in .prom.
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)  # for the collector, whatever the service's mask says
            file.write(content)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
