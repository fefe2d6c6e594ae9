"""Looking after: the state of everything, index and catalogue made anew, everything verified."""

from __future__ import annotations

from collections import Counter
from shutil import disk_usage

import msgspec

from archiver import phrases
from archiver.acts import Json, Progress, act, silent
from archiver.answers import problem_answer, shown_name
from archiver.archive.visit import Visit
from archiver.backup import note as backed_up
from archiver.clock import stored
from archiver.errors import ExitCode, SystemFault, UsageFault
from archiver.monitoring import note
from archiver.pipeline import rounds
from archiver.pipeline.audit import audit
from archiver.pipeline.health import Trouble
from archiver.pipeline.office import cage_of
from archiver.pipeline.trial import trial
from archiver.pipeline.watch import survey
from archiver.records import Event, Id
from archiver.registry import holdbook, rulebook
from archiver.registry.units import withdrawn_due
from archiver.retention.holds import to_review
from archiver.rights import Right
from archiver.sight import UNJUDGED

# A person reads some; a script that wants more asks for more.
STATUS_LIMIT = 50
MOST_LISTED = 10_000


class Upkeep(Visit):
    """Acts of the one IT person."""

    @act(Right.STATUS, "quick")
    def status(self, limit: int = STATUS_LIMIT) -> Json:
        """What waits, what is held, how many documents in each state, and what is wrong.

        Args:
            limit: most names and problems to list of each kind.

        Returns:
            lists as long as `limit` allows; ``counts`` has how many there are in all, and
            ``problem_counts`` how many problems of each reason.

        Raises:
            UsageFault: ``limit_out_of_range``.
        """
        if not 1 <= limit <= MOST_LISTED:
            raise UsageFault("limit_out_of_range", limit=limit, most=MOST_LISTED)

        mine = self._standing
        house = self._house
        # Nobody knows of what class a file is that still lies in its folder.
        sees_inbox = mine.sees_all and self._sight.passes(UNJUDGED)
        shown = [p for p in house.config.pipelines if sees_inbox or p.name in mine.pipelines]
        office = house.office
        listings = office.listings() if office else survey(house.config)
        inbox: dict[str, list[str]] = {"waiting": [], "held": [], "ignored": []}
        counts = dict.fromkeys((*inbox, "problems"), 0)
        held_for: Counter[str] = Counter()
        problems: list[Json] = []
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
                counts[kind] += len(sightings)
                room = sightings[: max(0, limit - len(inbox[kind]))]
                names = (shown_name(sighting.name) for sighting in room)
                inbox[kind] += [f"{pipeline.folder}/{name}" for name in names]
            held_for.update(str(entry.reason) for entry in listing.held)
            problems += [
                problem_answer(None, one.sighting.name, one.reason, {})
                for one in listing.held[: max(0, limit - len(problems))]
            ]
        seen = self._seen
        pipelines = None if mine.sees_all else mine.pipelines
        rows = seen.problems(pipelines, limit=limit - len(problems))
        by_reason = Counter(seen.problem_counts(pipelines)) + held_for
        counts["problems"] = by_reason.total()
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
            "counts": counts,
            "problem_counts": dict(by_reason.most_common()),
            "figures": self._figures() if mine.sees_all else {},
            "daemon": office is not None,
            "cage": office.cage if office else None,
            "work": {"queued": queued, "active": active},
            "system": [
                *(office.troubles() if office else self._clock_trouble()),
                *self._tails(),
                *self._ledger_troubles(),
            ],
            "verify": self._verified() if mine.sees_all else None,
            "backup": self._backed_up() if mine.sees_all else None,
        }

    def _tails(self) -> list[Json]:
        """What a crash had left at the end of the ledger, for as long as it lies beside it."""
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

    def _ledger_troubles(self) -> list[Json]:
        """An empty ledger beside a vault that is not, and files of months that have not come."""
        house, at = self._house, self._house.now()
        told = [
            Trouble("ledger", "ledger_stray", {"path": str(path)}, at, times=1)
            for path in house.ledger.strays(at)
        ]
        if house.lacks_ledger():
            path = str(house.config.places.ledger)
            told.append(Trouble("ledger", "ledger_lost", {"path": path}, at, times=1))
        return [one.told() for one in told]

    def _figures(self) -> Json:
        """What monitoring measures: times in seconds, space in bytes."""
        house = self._house
        waited, looked = house.office.watching() if house.office else (0.0, None)
        return {
            "free_bytes": disk_usage(house.config.places.vault).free,
            "waited_seconds": waited,
            "looked_seconds": looked,
            "oldest_unfinished": self._seen.oldest_unfinished(),
            "verified": msgspec.to_builtins(note.verified(house.config.places.stage)),
        }

    def _verified(self) -> Json:
        """How far the daemon has come with reading everything again, and what it found."""
        config = self._house.config
        return rounds.told(config.places.stage, config.verify.days)

    @act(Right.READ)
    def clock(self) -> Json:
        """What time it is for the archive.

        Returns:
            ``at`` (the machine's), ``sure`` (by which periods end), ``doubt`` (code, or None) and
            ``message``, ``advice``.
        """
        house = self._house
        doubt = house.doubt()
        code, params = (doubt.code, doubt.params) if doubt else ("", {})
        return {
            "at": doubt.at if doubt else house.now(),
            "sure": house.sure(),
            "doubt": code or None,
            "message": phrases.sentence(code, params) if doubt else "",
            "advice": phrases.advice(code, params) if doubt else "",
        }

    @act(Right.MAINTAIN)
    def confirm_clock(self) -> Json:
        """Take the machine's clock as right, because the person says so; the ledger is told."""
        house = self._house
        before = house.sure()
        at = house.time.confirm()
        event = Event("clock_confirmed", at, self._caller.pseudonym, data={"before": before})
        house.register.record(event)
        if house.office is not None:
            house.office.clock.look()
        return {"at": at}

    def _clock_trouble(self) -> list[Json]:
        """What is wrong with the clock, where no daemon says so."""
        house = self._house
        told = []
        if house.time.is_mark_damaged:
            told.append(Trouble("clock", "clock_forgotten", {}, house.now(), times=1).told())
        doubt = house.doubt()
        if doubt is not None:
            trouble = Trouble("clock", doubt.code, doubt.params, doubt.believed, times=1)
            told.append(trouble.told())
        return told

    def _backed_up(self) -> Json | None:
        """The last back-up: ``made_at``, ``folder``, ``problems``; None where there was none."""
        last = backed_up.last(self._house.config.places.stage)
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
        registry = self._house.registry
        waiting = rulebook.in_force(registry).unconfirmed
        late = to_review(holdbook.standing(registry), registry.today)
        return {
            "not_adopted": list(rulebook.pending(registry)),
            "unconfirmed": [{"class": rule.key, "version": rule.version} for rule in waiting],
            "holds_to_review": [
                hold.id for hold in late if self._covered(hold.scope, hold.targets)
            ],
            "withdrawn_due": withdrawn_due(self._shown)
            if self._standing.may(Right.DISPOSE)
            else [],
        }

    @act(Right.MAINTAIN)
    def try_cage(self) -> Json:
        """Build the cage that is used, by the daemon where one runs, and have a line read in it.

        Returns:
            ``cage``, ``space``, ``landlock``, ``reads``, ``said``: see `archiver.pipeline.trial`.
        """
        house = self._house
        kind = house.office.cage if house.office else cage_of(house.config)
        found: Json = msgspec.to_builtins(trial(house.config, kind))
        return found

    @act(Right.MAINTAIN)
    def reindex(self, progress: Progress = silent) -> Json:
        """Make the search index anew from the vault.

        Returns:
            ``documents``: how many are in it; ``unread``: ids of those whose words are damaged or
            lost, which are found by what the catalogue knows alone.
        """
        unread: list[Id] = []
        return {"documents": self._house.reindex(progress, unread.append), "unread": unread}

    @act(Right.MAINTAIN)
    def rebuild(self, progress: Progress = silent) -> Json:
        """Make catalogue and index anew from vault and ledger; only where no daemon runs.

        Raises:
            SystemFault: ``daemon_runs``: the catalogue cannot be exchanged under it.
            IntegrityFault: one of them cannot be read; nothing was changed.
        """
        house = self._house
        if house.office is not None:
            raise SystemFault("daemon_runs", exit_code=ExitCode.LOCKED)
        lines = house.new_catalogue(progress)
        house.intake.recover(house.folders())
        house.intake.adopt_unknown()
        return {"lines": lines, **self.reindex(progress)}

    @act(Right.MAINTAIN, while_wanted=True)
    def verify(self, progress: Progress = silent) -> Json:
        """Read everything again: every object, the ledger's chain and seals, the catalogue.

        Returns:
            ``objects`` (how many were read), ``lines`` of the ledger, ``seals``, ``problems``.
        """
        house = self._house
        report = audit(house.config, house.vault, house.ledger, house.register, progress)
        verified = note.Verified(house.now(), len(report["problems"]))
        stage = house.config.places.stage
        note.remember_verified(stage, verified)
        if house.office is not None:
            house.office.verified(report["problems"])
        else:
            rounds.remember(stage, rounds.remembered(stage).seen(report["problems"]))
        return report
