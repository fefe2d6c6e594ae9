"""Who may do what: the one table of rights, asked by the acts and by nobody else.

Promises that the answer depends only on the table, the configuration and on who the kernel says
the caller is. Roles add up; who has none is refused everything.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

import msgspec

from archiver.config import Config
from archiver.errors import Refusal
from archiver.records import UNCLASSIFIED
from archiver.sight import UNJUDGED, Sight


class Role(StrEnum):
    """What a person is to the archive."""

    OWNER = "owner"
    STAFF = "staff"
    REVIEWER = "reviewer"
    ARCHIVIST = "archivist"
    CLERK = "clerk"


class Right(StrEnum):
    """What a person may want to do; each act of the archive takes one of these."""

    SEARCH = "search"
    READ = "read"
    STATUS = "status"
    ADD = "add"
    DECIDE = "decide"
    TIDY = "tidy"
    SETTLE = "settle"
    DISPOSE = "dispose"
    MAINTAIN = "maintain"


# The table. DECIDE is the review desk; SETTLE is retry, dismiss, withdraw; TIDY is the first two
# of what came by one's own folders; MAINTAIN is reindex, rebuild, verify, learn;
# DISPOSE is dossiers, periods, holds, batches, samples, disclosure and the release of batches.
_REVIEWING = frozenset(
    {Right.SEARCH, Right.READ, Right.STATUS, Right.DECIDE, Right.TIDY, Right.SETTLE}
)
TABLE: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.STAFF: frozenset({Right.SEARCH, Right.READ, Right.STATUS}),
    Role.REVIEWER: _REVIEWING,
    Role.ARCHIVIST: _REVIEWING | {Right.DISPOSE},
    Role.CLERK: frozenset({Right.ADD, Right.STATUS, Right.TIDY}),
}


class Caller(msgspec.Struct, frozen=True):
    """A person as the kernel names him.

    Attributes:
        uid: number of the user.
        gids: numbers of all his groups.
    """

    uid: int
    gids: frozenset[int]

    @property
    def pseudonym(self) -> str:
        """How the ledger names him."""
        return f"uid:{self.uid}"


def myself() -> Caller:
    """The user of this process."""
    return Caller(os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


class Standing(msgspec.Struct, frozen=True):
    """What one caller is to one archive.

    Attributes:
        roles: all that he has.
        pipelines: names of the pipelines whose clerk he is; the owner is clerk of all.
    """

    roles: frozenset[Role]
    pipelines: tuple[str, ...]

    def may(self, right: Right) -> bool:
        """Whether one of the roles gives the right."""
        return any(right in TABLE[role] for role in self.roles)

    def require(self, right: Right) -> None:
        """Refuse what no role allows.

        Raises:
            Refusal: ``not_allowed``.
        """
        if not self.may(right):
            raise Refusal("not_allowed", act=str(right))

    def require_pipeline(self, pipeline: str) -> None:
        """Refuse adding to another clerk's folder.

        Raises:
            Refusal: ``not_your_folder``.
        """
        if pipeline not in self.pipelines:
            raise Refusal("not_your_folder", pipeline=pipeline)

    @property
    def sees_all(self) -> bool:
        """Whether problems of all folders are shown, not only those of his own."""
        return bool(self.roles & {Role.OWNER, Role.STAFF, Role.REVIEWER, Role.ARCHIVIST})


def standing(config: Config, caller: Caller, owner: int) -> Standing:
    """What a caller is to the archive.

    Args:
        config: names the groups.
        caller: as the kernel names him.
        owner: user to whom the archive belongs.
    """
    if caller.uid in (0, owner):
        everywhere = tuple(pipeline.name for pipeline in config.pipelines)
        return Standing(frozenset({Role.OWNER}), everywhere)
    roles = set()
    if _in_any(caller, config.rights.staff):
        roles.add(Role.STAFF)
    if _in_any(caller, config.rights.reviewers):
        roles.add(Role.REVIEWER)
    if _in_any(caller, config.rights.archivists):
        roles.add(Role.ARCHIVIST)
    mine = tuple(p.name for p in config.pipelines if _in_any(caller, p.clerks))
    if mine:
        roles.add(Role.CLERK)
    return Standing(frozenset(roles), mine)


def sight(config: Config, caller: Caller, mine: Standing) -> Sight:
    """Which papers a caller may see.

    A class of the plan that names groups is closed to all others but the owner. From whom a class
    is kept, from him is also kept what may be of it: received files that were divided, what is
    destroyed, classes that the plan does not have, and, unless it is for him to decide, what
    nobody has judged yet: papers that were not read, and unclassified ones, for which a plan that
    names groups for them says otherwise. Papers that were taken back are there for those alone
    who dispose of records.

    Args:
        config: names the groups.
        caller: as the kernel names him.
        mine: what he is to the archive.
    """
    if Role.OWNER in mine.roles:
        return Sight()
    closed = {one.key for one in config.classes if one.groups and not _in_any(caller, one.groups)}
    guards, unjudged = None, frozenset({UNJUDGED, UNCLASSIFIED} - closed)
    if closed:
        open_ = {one.key for one in config.classes if one.groups or one.key != UNCLASSIFIED}
        judged_by_him = unjudged if mine.may(Right.DECIDE) else frozenset()
        guards = frozenset(open_ - closed) | judged_by_him
    return Sight(guards, mine.may(Right.DISPOSE), mine.may(Right.READ), mine.pipelines, unjudged)


def owner_of(config: Config) -> int:
    """The user to whom an archive belongs: most of vault, ledger, stage and index are his.

    A single folder that somebody made or copied as root does not lock the owner out: what he may
    not use is named when it is met.

    Raises:
        OSError: none of them can be asked.
    """
    places = config.places
    owners: Counter[int] = Counter()
    for place in (places.vault, places.ledger, places.stage, places.index):
        with suppress(OSError):
            owners[place.stat().st_uid] += 1
    if not owners:
        return places.vault.stat().st_uid
    return owners.most_common(1)[0][0]


def _in_any(caller: Caller, groups: Sequence[str]) -> bool:
    return any(group_number(group) in caller.gids for group in groups)


def group_number(group: str) -> int | None:
    """Number of a group by its name or number; None where this machine does not know it."""
    if group.isdigit():
        return int(group)
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
