"""The ledger: its head, its seals and its export.

Promises that each answer is made from what lies on the disk now, and that an export holds ids,
codes and times only.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import phrases
from archiver.acts import File, Json, act
from archiver.archive.visit import Visit
from archiver.clock import town_day
from archiver.errors import NotFound, Refusal, UsageFault
from archiver.pipeline.health import Health
from archiver.pipeline.office import new_nonce
from archiver.pipeline.sealaudit import check_seals
from archiver.pipeline.sealer import Sealer, seal_folders
from archiver.proof.heads import stored_seals
from archiver.proof.ledgerexport import Sources, Span, export_ledger
from archiver.rights import Right

if TYPE_CHECKING:
    from archiver.house import House
    from archiver.store.chain import Head

_GROUPS, _GROUP = 5, 4
_HEX = frozenset("0123456789abcdef")


def short_head(seq: int, digest: str) -> str:
    """A head of the ledger to be printed on paper: its number and 20 digits of its digest."""
    groups = (digest[at : at + _GROUP] for at in range(0, _GROUPS * _GROUP, _GROUP))
    return f"{seq}-{'-'.join(groups)}"


def written_head(word: str) -> tuple[int, str]:
    """Number and beginning of the digest of a head, as `short_head` has printed it.

    Raises:
        UsageFault: ``not_a_head``.
    """
    number, _, digits = word.strip().lower().partition("-")
    digest = digits.replace("-", "").replace(" ", "")
    is_head = number.isascii() and number.isdigit() and len(digest) >= _GROUPS * _GROUP
    if not is_head or not set(digest) <= _HEX or int(number) < 1:
        raise UsageFault("not_a_head", value=word)
    return int(number), digest


def newest(house: House) -> Head:
    """The last line of the ledger.

    Raises:
        NotFound: ``ledger_span_empty``: there is none yet.
    """
    head = house.ledger.head()
    if not head.seq:
        raise NotFound("ledger_span_empty")
    return head


class Ledger(Visit):
    """Acts of those who prove what was done, and of those who check it."""

    @act(Right.READ)
    def head(self) -> Json:
        """The ledger's last line: ``seq``, ``digest``, ``short`` (to print), ``at``, ``sealed``."""
        seq, digest = newest(self._house)
        stored = stored_seals(seal_folders(self._house.config).heads)
        return {
            "seq": seq,
            "digest": digest,
            "short": short_head(seq, digest),
            "at": self._house.now(),
            "sealed": stored[-1].day if stored else "",
        }

    @act(Right.MAINTAIN)
    def seal(self) -> Json:
        """Seal all days that are over, and have the newest seal stamped where that is configured.

        Returns:
            ``days`` that were sealed, ``stamped`` (day, or empty).

        Raises:
            IntegrityFault, SystemFault: as `archiver.pipeline.sealer.Sealer`.
        """
        sealer = self._sealer()
        days = sealer.seal(self._caller.pseudonym)
        return {"days": days, "stamped": sealer.stamp()}

    @act(Right.DISPOSE)
    def verify(self, head: str = "") -> Json:
        """Follow the whole chain, and check all seals and time stamps against it.

        Args:
            head: of an earlier day, as it was printed; it must still lie in the ledger.

        Returns:
            ``lines``, ``seals``, ``stamps``, ``newest`` (day of the newest seal), ``keys``
            (fingerprints), ``problems`` (each with ``code``, ``path``, ``message``).

        Raises:
            UsageFault: ``not_a_head``.
        """
        house = self._house
        asked = written_head(head) if head else None
        seq, digest = house.register.head()
        problems = []
        for one in house.ledger.verify(expected_head=(seq, digest)):
            place = f"{one.file}:{one.seq}"
            message = phrases.sentence(f"audit_ledger_{one.code}", {"path": place})
            problems.append({"code": f"ledger_{one.code}", "path": place, "message": message})
        report = check_seals(house.config, house.ledger, house.register)
        problems += [
            {"code": one.code, "path": one.path, "message": one.message} for one in report.troubles
        ]
        if asked and not self._is_there(*asked):
            message = phrases.sentence("head_not_in_ledger", {"seq": asked[0]})
            problems.append({"code": "head_not_in_ledger", "path": "", "message": message})
        return {
            "lines": seq,
            "seals": report.seals,
            "stamps": report.stamps,
            "newest": report.newest,
            "keys": list(report.keys),
            "problems": problems,
        }

    @act(Right.DISPOSE)
    def export(self, first: date | None = None, last: date | None = None) -> File:
        """The ledger as a zip that others can check without this program.

        Args:
            first: day of the town from which on; None: from the beginning.
            last: day of the town up to which; None: to the end.

        Raises:
            NotFound: ``ledger_span_empty``.
            Refusal: ``ledger_names_more``: it names papers that the person may not see.
            IntegrityFault: ``ledger_broken``.
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        if not self._sight.is_whole:
            raise Refusal("ledger_names_more")
        house, now = self._house, self._house.now()
        folders = seal_folders(house.config)
        sources = Sources(folders.heads, folders.keys, house.config.timestamp_roots)
        days = (None if day is None else day.isoformat() for day in (first, last))
        span = Span(None, None, *days)
        name = f"ledger-{town_day(now).isoformat()}.zip"
        with tempfile.TemporaryDirectory(dir=house.config.places.stage, suffix=".tmp") as folder:
            target = Path(folder) / name
            export_ledger(house.ledger, sources, target, now, span)
            # The open file outlives its name.
            stream = target.open("rb")
            return File(stream, target.stat().st_size, name, "application/zip", None)

    # --- inside --------------------------------------------------------------------------------

    def _is_there(self, seq: int, digits: str) -> bool:
        """Whether the ledger's line of a number has a digest that begins so."""
        entry = next(iter(self._house.ledger.read(seq - 1)), None)
        return entry is not None and entry.seq == seq and entry.digest.startswith(digits)

    def _sealer(self) -> Sealer:
        """The daemon's where it runs here, so that no two seal at once."""
        house = self._house
        if house.office is not None:
            return house.office.sealer

        return Sealer(
            house.config, house.ledger, house.register, house.now, new_nonce, Health(house.now)
        )
