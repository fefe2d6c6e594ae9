"""What the procedure documentation says beside the configuration: engines, machine, rules, digests.

Promises to ask each thing where it really stands, and to name as missing what is missing, so that
the text never claims an engine or a rule that is not there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from archiver import __version__
from archiver.clock import town_day
from archiver.config import Config, RecordClass, Retention
from archiver.papers.procedure_ground import RuleVersion, Surroundings
from archiver.registry import rulebook
from archiver.registry.parts import Registry
from archiver.retention.rules import FOR_ALL, Rule, RuleBook

if TYPE_CHECKING:
    from archiver.store.chain import Head

_GIB = 1 << 30
_MISSING = "fehlt"
_SECONDS = 20.0
# What does the work that the text speaks of, as the package index and the system call it.
_LIBRARIES = (
    ("OCRmyPDF", "ocrmypdf"),
    ("pikepdf", "pikepdf"),
    ("PDFium", "pypdfium2"),
    ("ZXing", "zxing-cpp"),
    ("cryptography", "cryptography"),
)
_PROGRAMS = (
    ("Tesseract", "tesseract", "--version"),
    ("Ghostscript", "gs", "--version"),
    ("Poppler", "pdftoppm", "-v"),
    ("Bubblewrap", "bwrap", "--version"),
)


def surroundings(registry: Registry, head: Head, version: str = "") -> Surroundings:
    """What stands beside the configuration now.

    Args:
        registry: of the archive.
        head: of its ledger.
        version: of the documentation; empty: the day.
    """
    at = registry.now()
    return Surroundings(
        version=version or town_day(at).isoformat(),
        at=at,
        product=f"archiver {__version__}",
        engines=tuple(engines(registry.config)),
        host=machine(),
        system=system(),
        rules=tuple(rule_versions(rulebook.in_force(registry))),
        ledger_seq=head.seq,
        ledger_digest=head.digest,
        settings=tuple(settings_digests(registry.config)),
    )


def in_force(registry: Registry) -> Config:
    """The configuration with the periods that count today.

    A filing plan that nobody has adopted yet says what will count; the text must say what does.
    """
    config, today = registry.config, registry.today
    waiting = set(rulebook.pending(registry))
    book = rulebook.in_force(registry)
    classes = []
    for one in config.classes:
        versions = book.in_force(one.key, today) if one.key in waiting else ()
        classes.append(_ruled(one, versions[-1]) if versions else one)
    return msgspec.structs.replace(config, classes=tuple(classes))


def _ruled(record_class: RecordClass, rule: Rule) -> RecordClass:
    """A class with the period of a rule; how sure its source is stays unsaid."""
    kept = Retention(
        years=rule.amount.years,
        months=rule.amount.months,
        days=rule.amount.days,
        permanent=rule.permanent,
        start=rule.event,
        year_end=rule.year_end,
        not_before=rule.not_before,
        basis=rule.basis,
        disposition=rule.disposition,
    )
    return msgspec.structs.replace(record_class, retention=kept)


def rule_versions(book: RuleBook) -> Iterator[RuleVersion]:
    """All versions of all rules, by class, oldest first."""
    for key in sorted(book.versions):
        for rule in book.versions[key]:
            since = "" if rule.valid_from == FOR_ALL else rule.valid_from.isoformat()
            waits = rule.transition is not None and rule.transition.confirmed_on is None
            yield RuleVersion(key, rule.version, since, not waits)


def settings_digests(config: Config) -> Iterator[tuple[str, str]]:
    """Every file of the configuration with its SHA-256."""
    folder = config.file.parent
    for path in (
        config.file,
        folder / "filingplan.toml",
        *sorted((folder / "pipelines").glob("*.toml")),
    ):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else _MISSING
        yield str(path.relative_to(folder)), digest


def engines(config: Config) -> Iterator[tuple[str, str]]:
    """Name and version of what reads, searches and makes PDF/A."""
    for name, program, flag in _PROGRAMS:
        yield name, _program_version(program, flag)
    chosen = ((config.ocr.engine, config.ocr.engine), (config.search.engine, config.search.engine))
    for name, library in (*chosen, *_LIBRARIES):
        try:
            yield name, importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            yield name, _MISSING
    yield "Erkennungsmodelle", config.ocr.languages


def _program_version(program: str, flag: str) -> str:
    """What a program says of itself: the first word of its answer that begins with a digit."""
    if not shutil.which(program):
        return _MISSING
    try:
        ended = subprocess.run(
            [program, flag],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _MISSING
    words = (ended.stdout + ended.stderr).decode("utf-8", "replace").split()
    return next((word for word in words if word[:1].isdigit()), _MISSING)


def machine() -> str:
    """Class of the machine: processor, cores, memory."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{platform.machine()}, {cores} Kerne, {round(memory / _GIB)} GB"


def system() -> str:
    """Operating system, kernel and Python."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, Kern {platform.release()}, Python {platform.python_version()}"
