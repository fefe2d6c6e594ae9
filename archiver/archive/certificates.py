"""Certificates: what proves that records were destroyed.

Promises that a certificate is shown to those only who may see all that was destroyed with it.
"""

from __future__ import annotations

import msgspec

from archiver.acts import File, Json, Progress, act, silent
from archiver.archive.visit import Visit
from archiver.errors import Fault
from archiver.papers.destruction_sheet import STORES
from archiver.records import Id
from archiver.registry import destruction
from archiver.registry.certificates import CERTIFICATE, PAPER, issued
from archiver.rights import Right
from archiver.sight import MIXED
from archiver.tongue import tr


class Certificates(Visit):
    """Acts of those who prove a destruction."""

    @act(Right.READ)
    def list(self) -> Json:
        """Certificates of destruction, oldest first."""
        rows = self._house.register.matters("certificate")
        shown = ("batch", "documents", "at", "is_proved")
        return {
            "certificates": [
                {"id": row["id"], "state": row["state"], **{k: row["about"].get(k) for k in shown}}
                for row in rows
                if self._sees_certificate(row)
            ]
        }

    @act(Right.READ)
    def show(self, name: str) -> Json:
        """What a certificate says of its proof: ``is_complete``, and finds by store."""
        identifier, made = issued(self._house.registry, self._certificate_id(name))
        row = self._house.register.matter(identifier)
        return {
            "id": identifier,
            "batch": made.batch,
            "at": made.at,
            "documents": len(made.documents),
            "is_complete": made.is_complete,
            "is_proved": bool(row and row["about"].get("is_proved")),
            "witnesses": made.witnesses,
            "weak": made.weak,
            "left": made.left,
            "searched": [
                {**msgspec.to_builtins(one), "title": tr(STORES.get(one.store, one.store))}
                for one in made.searched
            ],
        }

    @act(Right.DISPOSE)
    def prove(self, name: str, thorough: bool = False, progress: Progress = silent) -> Json:
        """Look once more for what a certificate says is still there; see `show`."""
        proved = destruction.prove(
            self._house.registry,
            self._house,
            self._certificate_id(name),
            self._caller.pseudonym,
            thorough=thorough,
            progress=progress,
        )
        return self.show(proved)

    @act(Right.READ)
    def get(self, name: str, as_json: bool = False) -> File:
        """A certificate as PDF/A, or as JSON for machines.

        Raises:
            NotFound: ``no_such_certificate``.
            UsageFault: ``id_not_unique``.
        """
        identifier, _made = issued(self._house.registry, self._certificate_id(name))
        file, media = (CERTIFICATE, "application/json") if as_json else (PAPER, "application/pdf")
        stream = self._house.vault.open(identifier, file)
        size = stream.seek(0, 2)
        stream.seek(0)
        return File(stream, size, f"{identifier}-{file}", media, None)

    # --- inside --------------------------------------------------------------------------------

    def _certificate_id(self, name: str) -> Id:
        """Id of a certificate that this person may see.

        Raises:
            NotFound: ``no_such_certificate``.
            UsageFault: ``id_not_unique``.
        """
        sees = self._sees_certificate
        return str(self._matter(name, "certificate", "no_such_certificate", sees)["id"])

    def _sees_certificate(self, row: Json) -> bool:
        """Whether nothing was destroyed with it of a class that is kept from the person."""
        if self._sight.guards is None:
            return True

        try:
            _identifier, made = issued(self._house.registry, str(row["id"]))
        except Fault:
            return False  # nobody can tell
        gone = [one.document for one in made.documents]
        classes: dict[Id, str] = {}
        for line in self._house.register.history(gone):
            if "class" in line["data"]:
                classes[str(line["id"])] = str(line["data"]["class"])
        return all(self._sight.passes(classes.get(one, MIXED)) for one in gone)
