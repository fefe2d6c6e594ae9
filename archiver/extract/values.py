"""What extraction takes and gives: known senders and shapes in, fields with their evidence out.

Promises plain frozen values without I/O. A field that is no fact is a candidate: it is shown to a
person at the review desk, and nothing is filed because of it.
"""

from __future__ import annotations

import msgspec

from archiver.records import Box, Field, FieldKind

__all__ = ["COMMON_SHAPES", "Box", "Extracted", "Field", "FieldKind", "Known", "KnownSender"]


class KnownSender(msgspec.Struct, frozen=True):
    """One line of the table of known senders.

    Attributes:
        key: stable name of the line.
        name: as it shall be shown.
        names: other ways in which it is printed.
        ibans: without blanks.
        vat_ids: without blanks.
        domains: of its e-mail addresses; none of a public provider.
    """

    key: str
    name: str
    names: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()
    vat_ids: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


# Shapes of references that towns use (facts from municipal letters); see `references.compiled`.
COMMON_SHAPES = (
    "99.999.99999-9",
    "9.9999.999999.9",
    "9+.9+-9+/9999",
    "9+.9+/A+ 9999-9+",
    "9+.9+-A+ 9+/9999",
    "9+.9+-A+ 9+/99",
    "A+-9999/9999",
    "9999/9999",
)


class Known(msgspec.Struct, frozen=True):
    """What the town has configured or confirmed.

    Attributes:
        shapes: of its references, see `archiver.extract.references.compiled`.
        labels: further words that a reference of ours stands behind.
        senders: confirmed senders.
        own_names: names of the town itself, e.g. ``Stadt Musterbach``.
        own_domains: of its e-mail addresses.
    """

    shapes: tuple[str, ...] = COMMON_SHAPES
    labels: tuple[str, ...] = ()
    senders: tuple[KnownSender, ...] = ()
    own_names: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()


class Extracted(msgspec.Struct, frozen=True):
    """All fields of a document, the surest of each kind first."""

    fields: tuple[Field, ...] = ()

    def fact(self, kind: FieldKind) -> Field | None:
        """The surest fact of this kind, None where nothing is sure."""
        return next((field for field in self.all(kind) if field.is_fact), None)

    def all(self, kind: FieldKind) -> tuple[Field, ...]:
        """Facts and candidates of this kind, facts first, the surest first."""
        return tuple(field for field in self.fields if field.kind == kind)
