"""Configuration: config.toml, pipelines/*.toml and filingplan.toml become one frozen value.

Promises that `load` either returns a complete `Config` or raises `ConfigProblems` with *every*
problem at once, each with file and key. Nothing else in the product reads these files.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from archiver.filingplan import RecordClass, Retention, classes, filing_plan
from archiver.settings import (
    Disposition,
    Inbox,
    Institution,
    Limits,
    Monitoring,
    Ocr,
    Pipeline,
    Places,
    Quality,
    References,
    Review,
    Rights,
    Seal,
    Search,
    Separate,
    Town,
    Ui,
    Verify,
    WorkLimits,
)
from archiver.tables import ConfigProblems, Problem, checked, parse

__all__ = [
    "Config", "ConfigProblems", "Disposition", "Inbox", "Institution", "Limits", "Monitoring",
    "Ocr", "Pipeline", "Places", "Problem", "Quality", "RecordClass", "References", "Retention",
    "Review", "Rights", "Seal", "Search", "Separate", "Town", "Ui", "Verify", "WorkLimits",
    "filing_plan", "find", "load",
]  # fmt: skip

# The kernel's room for the name of a unix socket (unix(7): 108 with its end).
_LONGEST_SOCKET = 107

BASES = (
    "agreed", "sure_rule", "rule_only", "model_only", "disagreed", "contradictory_rules",
    "corrected_alike", "unknown",
)  # fmt: skip
"""What the answer of the classifier may rest on: `archiver.classify.verdict.Basis`, which stands
on a floor above; a test compares them."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# As browsers check it (https://html.spec.whatwg.org/#valid-e-mail-address), which leaves out the
# quoted forms that nobody uses.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_MOST_PORT = 65535
_WEB = re.compile(r"https?://[^\s/]+(/\S*)?")

SEARCH_ORDER = ("./config.toml", "/etc/archiver/config.toml")


class Config(msgspec.Struct, frozen=True):
    """Everything that is configured, checked and with absolute paths."""

    file: Path
    ui: Ui = Ui()
    places: Places = Places()
    inbox: Inbox = Inbox()
    work: WorkLimits = WorkLimits()
    ocr: Ocr = Ocr()
    limits: Limits = Limits()
    search: Search = Search()
    town: Town = Town()
    references: References = References()
    review: Review = Review()
    rights: Rights = Rights()
    disposition: Disposition = Disposition()
    quality: Quality = Quality()
    seal: Seal = Seal()
    monitoring: Monitoring = Monitoring()
    verify: Verify = Verify()
    pipelines: tuple[Pipeline, ...] = ()
    classes: tuple[RecordClass, ...] = ()

    @property
    def timestamp_roots(self) -> Path | None:
        """File with the certificates of the time-stamp authority, None where none is asked."""
        return self.file.parent / self.seal.timestamp_ca if self.seal.timestamp_ca else None

    @property
    def metrics_file(self) -> Path | None:
        """Where figures for Prometheus are written, None where they are not."""
        name = self.monitoring.metrics_file
        return self.file.parent / name if name else None

    def drop_folder(self, pipeline: Pipeline) -> Path:
        """The folder in which a pipeline's clerks drop their scans."""
        return self.places.inbox / pipeline.folder


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Find the configuration: `-c`, else ARCHIVER_CONFIG, else ./config.toml, else /etc.

    What merely lies where somebody stands is taken only where nobody else can have put it there:
    it says which programs run and to whom the archive talks.

    Raises:
        ConfigProblems: none of them is there, or one that this user may not read.
    """
    named = explicit or (Path(environ["ARCHIVER_CONFIG"]) if "ARCHIVER_CONFIG" in environ else None)
    candidates = [named] if named else [Path(name) for name in SEARCH_ORDER]
    problem = Problem(candidates[0], "", "config_not_found")
    for candidate in candidates:
        try:
            if not stat.S_ISREG(candidate.stat().st_mode):
                continue
            is_ours = named or candidate.is_absolute() or _is_ours(candidate)
        except PermissionError:
            # Somebody's home in which `sudo -u archiver` was typed; the next place may have one.
            problem = Problem(candidate, "", "file_unreadable")
            continue
        except OSError:
            continue
        if is_ours:
            return candidate
        problem = Problem(candidates[0], "", "config_of_others")
    raise ConfigProblems([problem])


def _is_ours(file: Path) -> bool:
    """Whether a file, what is read with it and all on the way there belong to us or root alone."""
    real = file.resolve()
    beside = [real.parent / "filingplan.toml", real.parent / "pipelines"]
    beside += real.parent.glob("pipelines/*.toml")
    there = [path for path in beside if path.exists()]
    return all(_is_private(path) for path in (*_way(file), real.parent, real, *there))


def _way(file: Path) -> Iterator[Path]:
    """The folder in which a file lies, and each in which a link on the way to it lies."""
    here, *steps = (Path(part) for part in file.absolute().parts)
    yield file.absolute().parent
    while steps:
        step = here / steps.pop(0)
        if step.name == "..":
            here = here.parent
        elif step.is_symlink():
            yield here
            steps = [*(Path(part) for part in step.readlink().parts), *steps]
        else:
            here = step


def _is_private(path: Path) -> bool:
    """Whether a path belongs to us or root, and nobody else may write there."""
    seen = path.stat()
    is_shared = seen.st_mode & stat.S_IWOTH or (
        seen.st_mode & stat.S_IWGRP and seen.st_gid not in (0, os.getegid())
    )
    return seen.st_uid in (0, os.geteuid()) and not is_shared


def load(file: Path, *, folders: bool = True) -> Config:
    """Read and check the configuration in `file` and the files beside it.

    Args:
        file: config.toml.
        folders: whether the folders that cannot be made anew must be there.

    Raises:
        ConfigProblems: with all problems found in all files.
    """
    config, problems = read(file, folders=folders)
    if problems:
        raise ConfigProblems(problems)
    return config


def read(file: Path, *, folders: bool = True) -> tuple[Config, list[Problem]]:
    """Read the configuration as far as it can be, for what must be said all the same.

    Args:
        file: as for `load`.
        folders: as for `load`.

    Returns:
        The configuration, in which values of a wrong type have their defaults, and all problems.
    """
    problems: list[Problem] = []
    file = file.resolve()
    root = file.parent
    sections = _sections(file, problems)
    places = _absolute(sections.pop("places"), root)
    pipelines = _pipelines(root / "pipelines", problems)
    plan = classes(root / "filingplan.toml", problems)
    config = Config(
        file=file, places=places, pipelines=tuple(pipelines), classes=tuple(plan), **sections
    )
    if folders:
        problems += _missing_folders(config)
    problems += _overlaps(config)
    problems += _bad_values(config)
    return config, problems


_SECTIONS: dict[str, type[Any]] = {
    "ui": Ui,
    "places": Places,
    "inbox": Inbox,
    "work": WorkLimits,
    "ocr": Ocr,
    "limits": Limits,
    "search": Search,
    "town": Town,
    "references": References,
    "review": Review,
    "rights": Rights,
    "disposition": Disposition,
    "quality": Quality,
    "seal": Seal,
    "monitoring": Monitoring,
    "verify": Verify,
}


def _sections(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """All sections of config.toml; what is wrong is noted and replaced by its default."""
    table = parse(file, problems)
    problems += [Problem(file, key, "unknown_key") for key in table if key not in _SECTIONS]
    sections: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        part = table.get(name, {})
        if not isinstance(part, dict):
            problems.append(Problem(file, name, "wrong_type", {"wanted": "table"}))
            part = {}
        sections[name] = kind(**checked(kind, part, file, f"{name}.", problems))
    return sections


def _pipelines(folder: Path, problems: list[Problem]) -> Iterator[Pipeline]:
    """Every pipelines/*.toml; two on one drop folder are a problem."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        files = []
    except OSError:
        problems.append(Problem(folder, "", "file_unreadable"))
        return
    if not files:
        problems.append(Problem(folder, "", "no_pipeline"))
    taken: dict[str, str] = {}
    for file in files:
        values = checked(Pipeline, parse(file, problems), file, "", problems, given={"name"})
        place = values.get("folder")
        if place is None:
            continue
        if not place or {"/", "\0"} & set(place) or place.startswith((".", "_")):
            problems.append(Problem(file, "folder", "bad_folder_name", {"value": place}))
        elif place in taken:
            problems.append(
                Problem(file, "folder", "folder_taken", {"value": place, "other": taken[place]})
            )
        else:
            taken[place] = file.name
            yield Pipeline(name=file.stem, **values)


def _absolute(places: Places, root: Path) -> Places:
    resolved = {name: root / getattr(places, name) for name in Places.__struct_fields__}
    return Places(**resolved)


def _missing_folders(config: Config) -> Iterator[Problem]:
    for key, folder in config.places.folders().items():
        if key in config.places.renewable() and _is_absent(folder):
            continue  # it is made at the start
        if _surely_missing(folder):
            yield Problem(config.file, f"places.{key}", "folder_missing", {"folder": str(folder)})
    for pipeline in config.pipelines:
        folder = config.drop_folder(pipeline)
        if _surely_missing(folder):
            file = config.file.parent / "pipelines" / f"{pipeline.name}.toml"
            yield Problem(file, "folder", "folder_missing", {"folder": str(folder)})


def _is_absent(folder: Path) -> bool:
    """Whether there is nothing of this name, not even something else."""
    try:
        folder.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def _overlaps(config: Config) -> Iterator[Problem]:
    """Folders that lie in one another: files of the one would be taken for those of the other."""
    places = config.places
    spots = {f"places.{key}": _Spot(folder) for key, folder in places.all_folders().items()}
    catalogue = {"places.catalogue": _Spot(places.catalogue)}
    for key, spot in (spots | catalogue).items():
        for other in (one for one in spots if one != key and spot.is_within(spots[one])):
            params = {"folder": str(spot.place), "other": other}
            yield Problem(config.file, key, "places_overlap", params)
    # A drop folder lies in the inbox, but a link may lead it elsewhere.
    del spots["places.inbox"]
    drops = {
        f"pipelines/{pipeline.name}.toml": _Spot(config.drop_folder(pipeline))
        for pipeline in config.pipelines
    }
    for name, drop in drops.items():
        for other, spot in (spots | drops).items():
            if other != name and (drop.is_within(spot) or spot.is_within(drop)):
                params = {"folder": str(drop.place), "other": other}
                yield Problem(config.file.parent / name, "folder", "places_overlap", params)


class _Spot:
    """A place by all that it can be known by: real path and, where it exists, which file it is.

    Attributes:
        place: as it is configured.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        real = Path(os.path.realpath(place))  # a loop of links is no error here
        self._own = _ways(real)
        self._around = self._own.union(*map(_ways, real.parents))

    def is_within(self, other: _Spot) -> bool:
        """Whether it is or lies in another place, whatever links and mounts lead there."""
        return not self._around.isdisjoint(other._own)


def _ways(real: Path) -> frozenset[object]:
    try:
        status = real.stat()
    except OSError:
        return frozenset({real})
    return frozenset({real, (status.st_dev, status.st_ino)})


def _surely_missing(folder: Path) -> bool:
    """True where the folder is not there; a folder that may not be seen is not missing."""
    try:
        folder.stat()
    except PermissionError:
        return False
    except OSError:
        return True
    return not folder.is_dir()


def _bad_values(config: Config) -> Iterator[Problem]:
    """Numbers that have the right type and no sense."""
    above_zero = {
        "inbox.poll_seconds": config.inbox.poll_seconds,
        "work.memory_mib": config.work.memory_mib,
        "work.wall_seconds": config.work.wall_seconds,
        "work.file_mib": config.work.file_mib,
        "limits.file_mib": config.limits.file_mib,
        "limits.megapixels": config.limits.megapixels,
        "limits.pages": config.limits.pages,
        "monitoring.queue_hours": config.monitoring.queue_hours,
        "monitoring.waiting_minutes": config.monitoring.waiting_minutes,
    }
    not_below_zero = {
        "inbox.settle_seconds": config.inbox.settle_seconds,
        "inbox.unsure_seconds": config.inbox.unsure_seconds,
        "inbox.empty_after_seconds": config.inbox.empty_after_seconds,
        "inbox.compare_seconds": config.inbox.compare_seconds,
        "inbox.keep_released_days": config.inbox.keep_released_days,
        "disposition.withdrawn_days": config.disposition.withdrawn_days,
        "work.processes": config.work.processes,
        "monitoring.free_gib": config.monitoring.free_gib,
        "monitoring.quarantine_most": config.monitoring.quarantine_most,
        "monitoring.backup_days": config.monitoring.backup_days,
        "verify.days": config.verify.days,
        "ocr.accept_confidence": config.ocr.accept_confidence,
    }
    for key, number in above_zero.items():
        if number <= 0:
            yield Problem(config.file, key, "not_positive", {"value": number})
    for key, number in not_below_zero.items():
        if number < 0:
            yield Problem(config.file, key, "negative", {"value": number})
    if len(os.fsencode(str(config.places.socket))) > _LONGEST_SOCKET:
        yield Problem(config.file, "places.socket", "socket_path_long", {"most": _LONGEST_SOCKET})
    if not config.ocr.languages.replace("+", "").replace("_", "").isalnum():
        yield Problem(
            config.file, "ocr.languages", "bad_languages", {"value": config.ocr.languages}
        )
    yield from _bad_review(config.file, config.review)
    yield from _bad_disposition(config)
    yield from _bad_seal(config)
    yield from _bad_monitoring(config.file, config.monitoring)


def _bad_review(file: Path, review: Review) -> Iterator[Problem]:
    """What is wrong with who is asked and told."""
    for basis in review.ask:
        if basis not in BASES:
            params = {"value": basis, "known": ", ".join(BASES)}
            yield Problem(file, "review.ask", "unknown_basis", params)
    if not _TIME.fullmatch(review.mail_at):
        yield Problem(file, "review.mail_at", "not_a_time", {"value": review.mail_at})
    if not 1 <= review.mail_port <= _MOST_PORT:
        bounds = {"value": review.mail_port, "most": _MOST_PORT}
        yield Problem(file, "review.mail_port", "port_out_of_range", bounds)
    addresses = [("review.mail_to", address) for address in review.mail_to]
    yield from _bad_addresses(file, (*addresses, ("review.mail_from", review.mail_from)))


def _bad_monitoring(file: Path, monitoring: Monitoring) -> Iterator[Problem]:
    """What is wrong with who is told of trouble."""
    mail_to = [("monitoring.mail_to", address) for address in monitoring.mail_to]
    yield from _bad_addresses(file, mail_to)
    if monitoring.webhook and not _WEB.fullmatch(monitoring.webhook):
        params = {"value": monitoring.webhook}
        yield Problem(file, "monitoring.webhook", "not_a_web_address", params)


def _bad_addresses(file: Path, addresses: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for key, address in addresses:
        if not _ADDRESS.fullmatch(address):
            yield Problem(file, key, "not_an_address", {"value": address})


def _bad_disposition(config: Config) -> Iterator[Problem]:
    """What is wrong with how records are handed over and checked."""
    disposition, keys = config.disposition, {one.key for one in config.classes}
    for name in ("waived", "secret", "personal"):
        for key in getattr(disposition, name):
            if key not in keys:
                params = {"value": key}
                yield Problem(config.file, f"disposition.{name}", "class_not_planned", params)
    for name in ("authority", "archive"):
        party: Institution = getattr(disposition, name)
        if bool(party.prefix) != bool(party.key):
            yield Problem(config.file, f"disposition.{name}", "half_a_key")
    for backup in disposition.backups:
        if backup.keep_days < 0:
            params = {"value": str(backup.keep_days)}
            yield Problem(config.file, "disposition.backups", "negative", params)
    if not 0 <= config.quality.percent <= 100:
        params = {"value": str(config.quality.percent)}
        yield Problem(config.file, "quality.percent", "not_a_percentage", params)


def _bad_seal(config: Config) -> Iterator[Problem]:
    """What is wrong with who stamps the seals: an answer can only be checked with certificates."""
    url = config.seal.timestamp_url
    if not url:
        return
    if not _WEB.fullmatch(url):
        yield Problem(config.file, "seal.timestamp_url", "not_a_web_address", {"value": url})
    if not config.seal.timestamp_ca:
        yield Problem(config.file, "seal.timestamp_ca", "timestamp_ca_missing")
