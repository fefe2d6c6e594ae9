"""Configuration: config.toml, pipelines/*.toml and filingplan.toml become one frozen value.

Promises that `load` either returns a complete `Config` or raises `ConfigProblems` with *every*
problem at once, each with file and key. Nothing else in the product reads these files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from archiver.filingplan import RecordClass, Retention, classes, filing_plan
from archiver.tables import ConfigProblems, Problem, checked, parse

__all__ = [
    "Config", "ConfigProblems", "Pipeline", "Problem", "RecordClass", "Retention", "filing_plan",
    "find", "load",
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

SEARCH_ORDER = ("./config.toml", "/etc/archiver/config.toml")


class Ui(msgspec.Struct, frozen=True):
    """How the product speaks to people."""

    language: Literal["de", "en"] = "de"


class Places(msgspec.Struct, frozen=True):
    """Folders and files of one archive; absolute once loaded."""

    inbox: Path = Path("inbox")
    vault: Path = Path("vault")
    ledger: Path = Path("ledger")
    catalogue: Path = Path("catalogue.db")
    index: Path = Path("index")
    stage: Path = Path("stage")
    released: Path = Path("released")
    exports: Path = Path("exports")
    learned: Path = Path("learned")
    socket: Path = Path("archiver.sock")

    def folders(self) -> dict[str, Path]:
        """The places that must exist as folders, by key; `learned` is made when it is needed."""
        names = ("inbox", "vault", "ledger", "index", "stage", "released", "exports")
        return {name: getattr(self, name) for name in names}


class Inbox(msgspec.Struct, frozen=True):
    """How drop folders are watched."""

    watch: Literal["events", "poll"] = "events"
    poll_seconds: float = 10.0
    settle_seconds: float = 5.0
    empty_after_seconds: float = 60.0
    keep_released_days: int = 14


class WorkLimits(msgspec.Struct, frozen=True):
    """Processes and what each may use."""

    processes: int = 0
    memory_mib: int = 3072
    wall_seconds: int = 900
    file_mib: int = 2048
    cage: Literal["auto", "none"] = "auto"

    @property
    def engines(self) -> int:
        """Number of recognition engines, at least one."""
        return self.processes or len(os.sched_getaffinity(0))


class Ocr(msgspec.Struct, frozen=True):
    """Which engine reads, and when a person must look."""

    engine: Literal["tesserocr", "pytesseract"] = "tesserocr"
    languages: str = "deu"
    paragraph_signs: bool = True
    accept_confidence: float = 87.0


class Limits(msgspec.Struct, frozen=True):
    """Sizes above which a file is kept, but not opened or read."""

    file_mib: int = 1024
    megapixels: int = 100
    pages: int = 5000


class Search(msgspec.Struct, frozen=True):
    """Which index answers."""

    engine: Literal["tantivy", "whoosh"] = "tantivy"


class Rights(msgspec.Struct, frozen=True):
    """Groups (names or numbers) of this machine and what they are to the archive."""

    staff: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class Town(msgspec.Struct, frozen=True):
    """The town itself, so that its own name is never taken for another's."""

    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class References(msgspec.Struct, frozen=True):
    """How the town's references look and what stands before them."""

    shapes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Review(msgspec.Struct, frozen=True):
    """When a person is asked, and who is told by mail what waits.

    Attributes:
        ask: bases of an answer (`archiver.classify.verdict.Basis`) for which a person confirms the
            class; for others that do not stand alone the document is filed as unclassified.
        mail_to: addresses to which a summary goes each day; it holds numbers, no names or text.
        mail_at: time of day, HH:MM.
        mail_from: sender of the summary.
        mail_host: of the mail server.
        mail_port: of the mail server.
    """

    ask: tuple[str, ...] = (
        "disagreed", "contradictory_rules", "corrected_alike", "rule_only", "model_only",
    )  # fmt: skip
    mail_to: tuple[str, ...] = ()
    mail_at: str = "06:30"
    mail_from: str = "archiver@localhost"
    mail_host: str = "localhost"
    mail_port: int = 25


class Separate(msgspec.Struct, frozen=True):
    """How what is dropped is divided into documents.

    Attributes:
        at: ``none`` (one file, one document), ``sheets``, ``pages`` (a fixed number of sides) or
            ``numbers`` (barcodes with an archive number).
        pages: of each document, for ``pages``.
        two_sided: the scanner gives both sides of each sheet.
        backs_follow_minutes: a one-sided scanner: the fronts of a stack are one file, its backs
            the next one, within so many minutes; 0: not so.
        prefix: of archive numbers on labels that this product has not printed.
    """

    at: Literal["none", "sheets", "pages", "numbers"] = "none"
    pages: int = 0
    two_sided: bool = False
    backs_follow_minutes: float = 0.0
    prefix: str = "ASN"


class Pipeline(msgspec.Struct, frozen=True):
    """One drop folder; `name` is the name of its file without ending."""

    name: str
    folder: str
    title: str = ""
    clerks: tuple[str, ...] = ()
    separate: Separate = Separate()


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
    pipelines: tuple[Pipeline, ...] = ()
    classes: tuple[RecordClass, ...] = ()

    def drop_folder(self, pipeline: Pipeline) -> Path:
        """The folder in which a pipeline's clerks drop their scans."""
        return self.places.inbox / pipeline.folder


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Find the configuration: `-c`, else ARCHIVER_CONFIG, else ./config.toml, else /etc.

    Raises:
        ConfigProblems: none of them is there.
    """
    named = explicit or (Path(environ["ARCHIVER_CONFIG"]) if "ARCHIVER_CONFIG" in environ else None)
    candidates = [named] if named else [Path(name) for name in SEARCH_ORDER]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigProblems([Problem(candidates[0], "", "config_not_found")])


def load(file: Path) -> Config:
    """Read and check the configuration in `file` and the files beside it.

    Raises:
        ConfigProblems: with all problems found in all files.
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
    problems += _missing_folders(config)
    problems += _bad_values(config)
    if problems:
        raise ConfigProblems(problems)
    return config


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
    files = sorted(folder.glob("*.toml"))
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
        if _surely_missing(folder):
            yield Problem(config.file, f"places.{key}", "folder_missing", {"folder": str(folder)})
    for pipeline in config.pipelines:
        folder = config.drop_folder(pipeline)
        if _surely_missing(folder):
            file = config.file.parent / "pipelines" / f"{pipeline.name}.toml"
            yield Problem(file, "folder", "folder_missing", {"folder": str(folder)})


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
    }
    not_below_zero = {
        "inbox.settle_seconds": config.inbox.settle_seconds,
        "inbox.empty_after_seconds": config.inbox.empty_after_seconds,
        "inbox.keep_released_days": config.inbox.keep_released_days,
        "work.processes": config.work.processes,
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
    for key, address in (*addresses, ("review.mail_from", review.mail_from)):
        if not _ADDRESS.fullmatch(address):
            yield Problem(file, key, "not_an_address", {"value": address})
