"""Looking after: the state of everything, index and catalogue made anew, everything verified."""

from __future__ import annotations

from archiver.answers import problem_answer, shown_name
from archiver.archive.visit import Json, Progress, Visit, silent
from archiver.clock import stored
from archiver.rights import Act
from archiver.sight import UNJUDGED


class Upkeep(Visit):
    """Use cases of the one IT person."""

    def status(self) -> Json:
        """What waits, what is held, how many documents in each state, and every problem."""
        from archiver.pipeline.watch import survey

        mine = self._standing
        mine.require(Act.STATUS)
        house = self._house
        # Nobody knows of what class a file is that still lies in its folder.
        sees_inbox = mine.sees_all and self._sight.passes(UNJUDGED)
        shown = [p for p in house.config.pipelines if sees_inbox or p.name in mine.pipelines]
        office = house.office
        listings = office.listings() if office else survey(house.config)
        inbox: dict[str, list[str]] = {"waiting": [], "held": [], "ignored": []}
        problems = []
        for pipeline in shown:
            listing = listings.get(pipeline.name)
            if listing is None:
                continue
            held = [entry.sighting for entry in listing.held]
            groups = {
                "waiting": (*listing.waiting, *listing.settled),
                "held": held,
                "ignored": listing.ignored,
            }
            for kind, sightings in groups.items():
                names = (shown_name(sighting.name) for sighting in sightings)
                inbox[kind] += [f"{pipeline.folder}/{name}" for name in names]
            problems += [problem_answer(None, h.sighting.name, h.reason, {}) for h in listing.held]
        seen = self._seen
        rows = seen.problems(None if mine.sees_all else mine.pipelines)
        problems += [
            problem_answer(str(r["id"]), bytes(r["file_raw"]), str(r["reason"]), r["params"])
            for r in rows
        ]
        queued, active = office.progress() if office else (0, 0)
        return {
            "inbox": inbox,
            "documents": seen.counts() if mine.sees_all else {},
            "review": self._reviewed() if mine.sees_all else {},
            "retention": self._kept() if mine.sees_all else {},
            "problems": problems,
            "daemon": office is not None,
            "work": {"queued": queued, "active": active},
            "system": [*(office.troubles() if office else []), *self._tails()],
            "backup": self._backed_up() if mine.sees_all else None,
        }

    def _tails(self) -> list[Json]:
        """What a crash had left at the end of the ledger, for as long as it lies beside it."""
        from archiver.pipeline.health import Trouble

        return [
            Trouble(
                "ledger",
                "ledger_tail_kept",
                {"path": str(path)},
                stored(path.stat().st_mtime),
                times=1,
            ).told()
            for path in self._house.ledger.tails()
        ]

    def _backed_up(self) -> Json | None:
        """The last back-up: ``made_at``, ``folder``, ``problems``; None where there was none."""
        from archiver.backup import note

        last = note.last(self._house.config.places.stage)
        if last is None:
            return None
        return {"made_at": last.made_at, "folder": last.folder, "problems": last.troubles}

    def _reviewed(self) -> Json:
        """How much waits at the review desk, and since when."""
        register = self._seen
        waiting = register.waiting()
        return {
            "waiting": len(waiting),
            "oldest": str(waiting[0]["changed_at"]) if waiting else None,
            "unclassified": register.unclassified(),
        }

    def _kept(self) -> Json:
        """What waits for the archivist: rules that nobody adopted or confirmed, holds to review."""
        from archiver.registry import holdbook, rulebook
        from archiver.retention.holds import to_review

        registry = self._house.registry
        waiting = rulebook.in_force(registry).unconfirmed
        late = to_review(holdbook.standing(registry), registry.today)
        return {
            "not_adopted": list(rulebook.pending(registry)),
            "unconfirmed": [{"class": rule.key, "version": rule.version} for rule in waiting],
            "holds_to_review": [hold.id for hold in late],
        }

    def reindex(self, progress: Progress = silent) -> Json:
        """Make the search index anew from the vault; returns the number of documents."""
        self._standing.require(Act.MAINTAIN)
        return {"documents": self._house.reindex(progress)}

    def rebuild(self, progress: Progress = silent) -> Json:
        """Make catalogue and index anew from vault and ledger; only where no daemon runs.

        Raises:
            IntegrityFault: one of them cannot be read; nothing was changed.
        """
        self._standing.require(Act.MAINTAIN)
        house = self._house
        lines = house.new_catalogue(progress)
        house.intake.recover(house.folders())
        house.intake.adopt_unknown()
        return {"lines": lines, "documents": house.reindex(progress)}

    def verify(self, progress: Progress = silent) -> Json:
        """Read everything again: every object, the ledger's chain and seals, the catalogue.

        Returns:
            ``objects`` (how many were read), ``lines`` of the ledger, ``seals``, ``problems``.
        """
        from archiver.pipeline.audit import audit

        self._standing.require(Act.MAINTAIN)
        house = self._house
        return audit(house.config, house.vault, house.ledger, house.register, progress)
