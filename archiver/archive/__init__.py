"""The façade: every use case of the archive is an act of one of its parts; also the Python API.

Promises that rights are asked first and in one place, that answers are plain values ready for
JSON, and that a part is loaded when it is first needed: a search opens nothing but the index.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from archiver.acts import Act, File, Json, Progress, acts_of, silent, sound
from archiver.archive.visit import Visit
from archiver.errors import UsageFault
from archiver.house import House
from archiver.patience import Patience
from archiver.rights import Caller, Right

if TYPE_CHECKING:
    from archiver.archive.certificates import Certificates
    from archiver.archive.disclosures import Disclosures
    from archiver.archive.disposal import Disposal
    from archiver.archive.documents import Documents
    from archiver.archive.dossiers import Dossiers
    from archiver.archive.examples import Examples
    from archiver.archive.holds import Holds
    from archiver.archive.intake import Intake
    from archiver.archive.ledger import Ledger
    from archiver.archive.notes import Notes
    from archiver.archive.periods import Periods
    from archiver.archive.procedure import Procedure
    from archiver.archive.quality import Quality
    from archiver.archive.review import Review
    from archiver.archive.scans import Scans
    from archiver.archive.upkeep import Upkeep
    from archiver.archive.versions import Versions

__all__ = ["Archive", "File", "Json", "Progress", "acts", "load_parts", "silent"]


class Archive:
    """One archive as one person sees it; its attributes are its parts.

    Args:
        house: what the archive is made of.
        caller: the person, as the kernel names him.

    Attributes:
        caller: as given.
        patience: ends when the person waits no more for what can be given up.
    """

    # A part stands in the module of its name.
    certificates: Certificates
    disclosures: Disclosures
    disposal: Disposal
    documents: Documents
    dossiers: Dossiers
    examples: Examples
    holds: Holds
    intake: Intake
    ledger: Ledger
    notes: Notes
    periods: Periods
    procedure: Procedure
    quality: Quality
    review: Review
    scans: Scans
    upkeep: Upkeep
    versions: Versions

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self.caller = caller
        self.patience = Patience()

    def _made(self, part: type[Visit]) -> Visit:
        return part(self._house, self.caller, self.patience)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Visit:
            """A part, made when it is first asked for."""
            if name not in _PARTS:
                raise AttributeError(name)
            part = self._made(_part(name))
            setattr(self, name, part)
            return part

    def asked(self, path: str) -> tuple[Visit, Act]:
        """The part and the act that a path names, for whoever has the right to it.

        Args:
            path: name of the part, a dot, name of the act.

        Raises:
            Refusal: ``not_allowed``; for what is no act, to all but the owner.
            UsageFault: ``bad_request``: it is no act.
        """
        name, _, word = path.partition(".")
        is_part = name in _PARTS
        part = self._made(_part(name) if is_part else Visit)
        act = acts_of(type(part)).get(word) if is_part else None
        part.require(act.right if act else Right.MAINTAIN)
        if act is None:
            raise UsageFault("bad_request", word=sound(path))
        return part, act


_PARTS: dict[str, str] = Archive.__annotations__


def _part(name: str) -> type[Visit]:
    module = import_module(f"archiver.archive.{name}")
    return cast("type[Visit]", getattr(module, _PARTS[name]))


def load_parts() -> None:
    """Load all parts at once, for whoever serves several people: nobody waits for a part then."""
    for name in _PARTS:
        _part(name)


def acts() -> dict[str, Act]:
    """All acts by their paths, which are routes, methods of the client and permissions at once."""
    return {f"{part}.{name}": act for part in _PARTS for name, act in acts_of(_part(part)).items()}
