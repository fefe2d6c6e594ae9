"""Configuration: config.toml, pipelines/*.toml and filingplan.toml become one frozen value.

Promises that `load` either returns a complete `Config` or raises `ConfigProblems` with *every*
problem at once, each with file and key. Nothing else in the product reads these files.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from archiver.errors import ExitCode, Fault

_SHORTEST_PHRASE = 3  # letters; shorter ones are found in every text
# The kernel's room for the name of a unix socket (unix(7): 108 with its end).
_LONGEST_SOCKET = 107

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
    socket: Path = Path("archiver.sock")

    def folders(self) -> dict[str, Path]:
        """The places that must exist as folders, by key."""
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


class Town(msgspec.Struct, frozen=True):
    """The town itself, so that its own name is never taken for another's."""

    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class References(msgspec.Struct, frozen=True):
    """How the town's references look and what stands before them."""

    shapes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Pipeline(msgspec.Struct, frozen=True):
    """One drop folder; `name` is the name of its file without ending."""

    name: str
    folder: str
    title: str = ""
    clerks: tuple[str, ...] = ()


StartEvent = Literal[
    "",
    "closed",  # the file was closed (zu den Akten)
    "created",
    "issued",
    "sent_or_received",
    "last_entry",
    "awarded",
    "contract_ended",
    "registered",
    "moved_or_died",
    "expired",
    "elected",
    "left_service",
    "final",  # can no longer be appealed against
    "deregistered",
    "demolished",
]


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long records of a class are kept, and what happens then.

    Attributes:
        years, months: the period after `start`; both 0: it ends with that event. Without a
            `start` no period is named.
        permanent: never destroyed.
        start: event from which the period counts.
        year_end: the period counts from the end of the calendar year of that event.
        not_before: an event before which the period never ends, empty where there is none.
        basis: the norm or list that says so, for people.
        disposition: A archive, B appraise, V destroy; empty where the archivist has not said.
        confidence: how sure the basis is: high (norm read), medium (secondary), low (convention).
    """

    years: int = 0
    months: int = 0
    permanent: bool = False
    start: StartEvent = ""
    year_end: bool = False
    not_before: StartEvent = ""
    basis: str = ""
    disposition: Literal["A", "B", "V", ""] = ""
    confidence: Literal["high", "medium", "low", ""] = ""


class RecordClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of the filing plan.

    Attributes:
        key: stable, never shown translated; documents name it.
        number: in the filing plan (Aktenplan).
        title: for people.
        words: headline words and phrases by which a document is known; none: no rule.
        zone: characters of a document's head in which the words count.
        generic: the words count only where no other class has a headline.
        sure: a clear headline alone files the document, without agreement of the model.
        leads: the office that leads.
        fields: names of the fields that a document of the class should have.
        retention: how long it is kept, and then.
    """

    key: str
    number: str = ""
    title: str = ""
    words: tuple[str, ...] = ()
    zone: int = 400
    generic: bool = False
    sure: bool = False
    leads: str = ""
    fields: tuple[str, ...] = ()
    retention: Retention = Retention()


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
    rights: Rights = Rights()
    pipelines: tuple[Pipeline, ...] = ()
    classes: tuple[RecordClass, ...] = ()

    def drop_folder(self, pipeline: Pipeline) -> Path:
        """The folder in which a pipeline's clerks drop their scans."""
        return self.places.inbox / pipeline.folder


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
    classes = _classes(root / "filingplan.toml", problems)
    config = Config(
        file=file, places=places, pipelines=tuple(pipelines), classes=tuple(classes), **sections
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
    "rights": Rights,
}


def _sections(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """All sections of config.toml; what is wrong is noted and replaced by its default."""
    table = _parse(file, problems)
    problems += [Problem(file, key, "unknown_key") for key in table if key not in _SECTIONS]
    sections: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        part = table.get(name, {})
        if not isinstance(part, dict):
            problems.append(Problem(file, name, "wrong_type", {"wanted": "table"}))
            part = {}
        sections[name] = kind(**_checked(kind, part, file, f"{name}.", problems))
    return sections


def _pipelines(folder: Path, problems: list[Problem]) -> Iterator[Pipeline]:
    """Every pipelines/*.toml; two on one drop folder are a problem."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        problems.append(Problem(folder, "", "no_pipeline"))
    taken: dict[str, str] = {}
    for file in files:
        values = _checked(Pipeline, _parse(file, problems), file, "", problems, given={"name"})
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


def filing_plan(file: Path) -> tuple[RecordClass, ...]:
    """Read and check one filing plan.

    Raises:
        ConfigProblems: with all problems found in it.
    """
    problems: list[Problem] = []
    classes = tuple(_classes(file, problems))
    if problems:
        raise ConfigProblems(problems)
    return classes


def _classes(file: Path, problems: list[Problem]) -> Iterator[RecordClass]:
    """The classes of the filing plan; a key used twice is a problem, and so is a phrase."""
    table = _parse(file, problems)
    problems += [Problem(file, key, "unknown_key") for key in table if key != "class"]
    rows = table.get("class", [])
    if not isinstance(rows, list):
        problems.append(Problem(file, "class", "wrong_type", {"wanted": "list"}))
        rows = []
    seen: set[str] = set()
    owners: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        where = f"class[{number}]."
        values = _sound(row) or _checked(RecordClass, row, file, where, problems)
        key = values.get("key")
        if key is None:
            continue
        problems += _bad_class(values, file, where, owners)
        if key in seen:
            problems.append(Problem(file, where + "key", "key_twice", {"value": key}))
        else:
            seen.add(key)
            yield RecordClass(**values)


def _bad_class(
    values: Mapping[str, Any], file: Path, where: str, owners: dict[str, str]
) -> Iterator[Problem]:
    """What is wrong with one class beside its types.

    Args:
        values: of the class.
        file: where it stands.
        where: what stands before a key in a problem's key.
        owners: key of the class by phrase, of the classes before; is added to.
    """
    key = values["key"]
    if not key:
        yield Problem(file, where + "key", "key_missing")
    if values.get("zone", 1) <= 0:
        yield Problem(file, where + "zone", "not_positive", {"value": values["zone"]})
    retention = values.get("retention", Retention())
    for name in ("years", "months"):
        if getattr(retention, name) < 0:
            value = getattr(retention, name)
            yield Problem(file, f"{where}retention.{name}", "negative", {"value": value})
    for phrase in values.get("words", ()):
        if sum(char.isalnum() for char in phrase) < _SHORTEST_PHRASE:
            yield Problem(file, where + "words", "phrase_too_short", {"value": phrase})
            continue
        owner = owners.setdefault("".join(phrase.casefold().split()), key)
        if owner != key:
            params = {"value": phrase, "other": owner}
            yield Problem(file, where + "words", "phrase_taken", params)


def _parse(file: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(Problem(file, "", "file_missing"))
    except OSError:
        problems.append(Problem(file, "", "file_unreadable"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(file, "", "not_toml", {"detail": str(error)}))
    return {}


def _checked(
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
            part = _checked(inner, table[name], file, f"{prefix}{name}.", problems)
            values[name] = inner(**part)
        elif name in table:
            try:
                values[name] = _converted(table[name], inner)
            except (TypeError, ValueError):
                wanted = _type_name(inner)
                problems.append(Problem(file, prefix + name, "wrong_type", {"wanted": wanted}))
        elif name in required:
            problems.append(Problem(file, prefix + name, "key_missing"))
    return values


@cache
def _types(kind: Any) -> dict[str, Any]:
    """Types of the fields of a struct; worked out once, since every class of the plan asks."""
    return get_type_hints(kind)


def _sound(row: Any) -> dict[str, Any] | None:
    """Values of a class of the plan where nothing is wrong with them, which is soon said."""
    try:
        return msgspec.structs.asdict(msgspec.convert(row, RecordClass))
    except msgspec.ValidationError:
        return None


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


# Beyond it lie infinity, "not a number", and what no system call can wait or set as a limit.
_MOST = 1e9


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
