"""Settings: the sections of config.toml and pipelines/*.toml as values with their defaults.

Promises plain frozen values; which of them make sense together is asked by `archiver.config`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec


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
    seals: Path = Path("seals")
    socket: Path = Path("archiver.sock")

    def folders(self) -> dict[str, Path]:
        """The places that must exist as folders, by key; others are made when they are needed."""
        names = ("inbox", "vault", "ledger")
        return {name: getattr(self, name) for name in names} | self.renewable()

    def all_folders(self) -> dict[str, Path]:
        """Every place that is a folder, by key."""
        return self.folders() | {"learned": self.learned, "seals": self.seals}

    def renewable(self) -> dict[str, Path]:
        """Those that the archive makes by itself where they are missing: nothing is lost by it."""
        names = ("index", "stage", "released", "exports")
        return {name: getattr(self, name) for name in names}


class Inbox(msgspec.Struct, frozen=True):
    """How drop folders are watched."""

    watch: Literal["events", "poll"] = "events"
    poll_seconds: float = 10.0
    settle_seconds: float = 5.0
    unsure_seconds: float = 60.0
    empty_after_seconds: float = 60.0
    compare_seconds: float = 300.0
    keep_released_days: int = 14


class WorkLimits(msgspec.Struct, frozen=True):
    """Processes and what each may use."""

    processes: int = 0
    memory_mib: int = 3072
    wall_seconds: int = 900
    file_mib: int = 2048
    scratch_mib: int = 2048
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
    archivists: tuple[str, ...] = ()


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


class Institution(msgspec.Struct, frozen=True):
    """An authority or an archive as the messages of a disposal name it.

    Attributes:
        name: in full.
        unit: organisational unit, may be empty.
        prefix, key: its entry in the directory of German public services (DVDV); both or none.
        aliases: other names under which it signs.
    """

    name: str = ""
    unit: str = ""
    prefix: str = ""
    key: str = ""
    aliases: tuple[str, ...] = ()


class Backup(msgspec.Struct, frozen=True):
    """A back-up that still holds what was destroyed, for a while.

    Attributes:
        name: for people.
        keep_days: after so many days it no longer does.
    """

    name: str
    keep_days: int


class Disposition(msgspec.Struct, frozen=True):
    """How records are handed over and destroyed.

    Attributes:
        two_persons: who approves a batch has not proposed it, and who destroys has not approved.
        waived: keys of classes that the archive has waived in general: they need no offer.
        destroy_handed_over: what the archive has taken over is destroyed here.
        secret: keys of classes whose content a law binds to secrecy.
        personal: keys of classes whose records are about a person by their purpose.
        xdomea: version of the messages.
        format_code, format_list: entry of PDF/A in the code list "dateiformat", and its version.
        authority: who hands over.
        archive: who takes over.
        backups: which back-ups there are, for certificates of destruction.
        withdrawn_days: after so many days papers that were taken back may be destroyed.
    """

    two_persons: bool = True
    waived: tuple[str, ...] = ()
    destroy_handed_over: bool = True
    secret: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    xdomea: Literal["3.1.0", "4.0.0"] = "3.1.0"
    format_code: str = "999"
    format_list: str = "1.0"
    authority: Institution = Institution()
    archive: Institution = Institution()
    backups: tuple[Backup, ...] = ()
    withdrawn_days: int = 30


class Quality(msgspec.Struct, frozen=True):
    """Quality control of scans.

    Attributes:
        percent: of the documents of which a sample is drawn; 0: no sample is asked for.
        other_person: who has brought a document may not check it.
    """

    percent: float = 5.0
    other_person: bool = False


class Verify(msgspec.Struct, frozen=True):
    """How often every object is read again by the running daemon; 0 days: never."""

    days: int = 30


class Seal(msgspec.Struct, frozen=True):
    """How the ledger's head is sealed each day.

    Attributes:
        daily: whether it is.
        timestamp_url: of a time-stamp authority (RFC 3161); empty: none is asked.
        timestamp_ca: file with the certificates of the authority, PEM.
    """

    daily: bool = True
    timestamp_url: str = ""
    timestamp_ca: str = ""


class Monitoring(msgspec.Struct, frozen=True):
    """From when on something is wrong, and who is told.

    Attributes:
        metrics_file: where figures for Prometheus are written each minute; empty: nowhere.
        mail_to: addresses to which alarms go; the sender is that of the daily summary.
        sendmail: the machine's mail program.
        webhook: web address to which alarms are posted; empty: none.
        free_gib: least free space on the disk of the vault.
        queue_hours: longest time for a paper to be read.
        waiting_minutes: longest time for a file to lie in a drop folder.
        quarantine_most: most files in quarantine.
        backup_days: greatest age of the last back-up; 0: it is not looked at.
    """

    metrics_file: str = ""
    mail_to: tuple[str, ...] = ()
    sendmail: str = "/usr/sbin/sendmail"
    webhook: str = ""
    free_gib: float = 5.0
    queue_hours: float = 24.0
    waiting_minutes: float = 60.0
    quarantine_most: int = 20
    backup_days: float = 7.0


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
