"""The check-up: what the archive needs of this machine, and the remedy where it is missing.

Promises to change nothing and to look at each thing on its own, so that one missing thing never
hides another.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from archiver import phrases
from archiver.config import Config
from archiver.errors import ExitCode, Fault, SystemFault
from archiver.inbox import leases
from archiver.rights import group_number, owner_of

_LITTLE_SPACE = 5 << 30
_NO_SPACE = 500 << 20
_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid; unix(7)


@dataclass(frozen=True)
class Result:
    """One thing that was looked at.

    Attributes:
        code: reason code of the sentence and its remedy.
        grade: ``ok``, ``notice`` (works, could be better) or ``bad``.
        params: values for the sentence.
    """

    code: str
    grade: Literal["ok", "notice", "bad"]
    params: dict[str, str | int | float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The result as people and scripts get it."""
        return {
            "code": self.code,
            "grade": self.grade,
            "message": phrases.sentence(self.code, self.params),
            "remedy": phrases.advice(self.code, self.params),
        }


def results(config: Config, try_cage: Callable[[], dict[str, Any]]) -> list[Result]:
    """Look at everything.

    Args:
        config: of the archive.
        try_cage: asks whoever opens received files to try his cage: the daemon, where one runs.
    """
    looks: tuple[Callable[[Config], Iterator[Result]], ...] = (
        _engine,
        _programs,
        _folders,
        _groups,
        _space,
        _daemon,
    )
    return [*_cage(try_cage), *(result for look in looks for result in look(config))]


def outcome(found: list[Result]) -> ExitCode:
    """The exit code for what was found."""
    bad = [result.code for result in found if result.grade == "bad"]
    if any(code in ("check_engine_missing", "check_language_missing") for code in bad):
        return ExitCode.ENGINE_MISSING
    return ExitCode.FINDINGS if bad else ExitCode.OK


def _engine(config: Config) -> Iterator[Result]:
    """The engine and the models it is configured for."""
    from archiver.recognise import engine

    name = config.ocr.engine
    try:
        opened = engine.open_engine(name, config.ocr.languages)
    except SystemFault as fault:
        if fault.reason == "language_missing":
            yield Result("check_language_missing", "bad", dict(fault.params))
        else:
            yield Result("check_engine_missing", "bad", {"engine": name})
        return
    version, models = opened.version(), opened.languages()
    opened.close()
    yield Result("check_engine", "ok", {"engine": name, "version": version})
    yield Result("check_languages", "ok", {"languages": config.ocr.languages})
    if "osd" not in models:
        yield Result("check_osd_missing", "notice")
    if config.ocr.paragraph_signs and not any("atin" in model for model in models):
        yield Result("check_latin_missing", "notice")


def _programs(config: Config) -> Iterator[Result]:
    """Programs and libraries beside the engine."""
    del config
    for program, package in (("pdftoppm", "poppler-utils"), ("tesseract", "tesseract-ocr")):
        if shutil.which(program):
            yield Result("check_program", "ok", {"program": program})
        else:
            values: dict[str, str | int | float] = {"program": program, "package": package}
            yield Result("check_program_missing", "bad", values)
    if not shutil.which("gs"):
        yield Result("check_gs_missing", "notice")
    for library in ("ocrmypdf", "tantivy", "watchdog"):
        version = importlib.metadata.version(library)
        yield Result("check_library", "ok", {"library": library, "version": version})


def _cage(try_cage: Callable[[], dict[str, Any]]) -> Iterator[Result]:
    """Whether files from outside are opened in a cage, and can be read there."""
    try:
        found = try_cage()
    except Fault as fault:
        yield Result(
            "check_cage_untried", "notice", {"why": phrases.sentence(fault.reason, fault.params)}
        )
        return
    kind, said = str(found["cage"]), str(found["said"])
    if kind == "missing":
        yield Result("check_cage_missing", "bad", {"said": said})
    elif not found["reads"]:
        yield Result("check_cage_fails", "bad", {"cage": kind, "said": said})
    elif kind == "none":
        yield Result("check_cage_off", "notice")
    else:
        yield Result("check_cage", "ok", {"cage": kind})
        if kind != "bubblewrap":
            yield Result("check_cage_second", "notice")


def _folders(config: Config) -> Iterator[Result]:
    """Whether this user may write where the daemon must, and the vault can be published to."""
    places = config.places
    writable = [*places.folders().values(), *(config.drop_folder(p) for p in config.pipelines)]
    there = [folder for folder in writable if folder.exists()]  # others are made at the start
    denied = [folder for folder in there if not os.access(folder, os.W_OK | os.X_OK)]
    for folder in denied:
        yield Result("check_folder_denied", "bad", {"folder": str(folder)})
    if not denied:
        yield Result("check_folders", "ok")
    with contextlib.suppress(OSError):
        if places.vault.stat().st_dev != places.stage.stat().st_dev:
            yield Result("check_stage_elsewhere", "bad")


def _groups(config: Config) -> Iterator[Result]:
    """Whether this machine knows the groups on which rights rest."""
    rights = config.rights
    named = {*rights.staff, *rights.reviewers, *rights.archivists}
    named.update(*(one.clerks for one in config.pipelines), *(one.groups for one in config.classes))
    for group in sorted(named):
        if group_number(group) is None:
            yield Result("check_group_unknown", "notice", {"group": group})


def _space(config: Config) -> Iterator[Result]:
    """Free space where the vault is."""
    free = shutil.disk_usage(config.places.vault).free
    values: dict[str, str | int | float] = {"free": phrases.decimal(free / (1 << 30), 1)}
    if free < _NO_SPACE:
        yield Result("check_space_gone", "bad", values)
    elif free < _LITTLE_SPACE:
        yield Result("check_space_little", "notice", values)
    else:
        yield Result("check_space", "ok", values)


def _daemon(config: Config) -> Iterator[Result]:
    """Whether a daemon answers, and whether it can know who writes into its drop folders."""
    process = listener(config.places.socket)
    if process is None:
        yield Result("check_daemon_off", "notice")
        return
    yield Result("check_daemon", "ok")
    owner = owner_of(config)
    for pipeline in config.pipelines:
        folder = config.drop_folder(pipeline)
        # Its own rights count, not those of whoever runs this.
        reason = leases.doubt(folder, owner, Path(f"/proc/{process}/status"))
        if reason is not None:
            yield Result(reason, "notice", {"folder": str(folder)})


def listener(place: Path) -> int | None:
    """Number of the process that listens on a socket, None where none answers."""
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(place))
            peer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return None
    return int(_CREDENTIALS.unpack(peer)[0])
