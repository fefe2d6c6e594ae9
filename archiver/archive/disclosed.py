"""What is told of disclosures: of a look, and of what was given.

Promises plain values ready for JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from archiver.acts import Json
from archiver.disclosure.package import BASES, Disclosure
from archiver.disclosure.plan import Seen
from archiver.disclosure.request import Chosen, Request
from archiver.tongue import tr


def seen_json(one: Seen, chosen: Chosen, request: Request, keys: Sequence[str]) -> Json:
    """What a look says about one document; `keys` name its pages as they would be given."""
    is_decided = all(_decision(find.key, find.kind, request) for find in one.finds)
    return {
        "id": one.document,
        "version": one.version,
        "title": chosen.title,
        "pages": one.pages,
        "unread": list(one.unread),
        "weak": list(one.weak),
        "looked_through": list(chosen.looked_through),
        "pictures": [
            {"page": number, "key": key, "confirmed": key in request.confirmed}
            for number, key in enumerate(keys, 1)
            if is_decided
        ],
        "regions": sum(region.document == one.document for region in request.regions),
        "finds": [
            {
                "key": find.key,
                "kind": find.kind,
                "page": find.page,
                "term": request.terms[find.term].text,
                "ground": str(request.terms[find.term].ground),
                "context": find.context,
                "decision": _decision(find.key, find.kind, request),
            }
            for find in one.finds
        ],
    }


def _decision(key: str, kind: str, request: Request) -> str | None:
    if key in request.leave:
        return "leave"
    return "blacken" if kind == "exact" or key in request.blacken else None


def kept(row: Json) -> Disclosure:
    """The disclosure that a matter of the catalogue holds."""
    return msgspec.convert(row["about"], Disclosure, str_keys=True)


def disclosure_json(made: Disclosure) -> Json:
    """A disclosure, with the title of its basis and its bars by ground."""
    told: Json = msgspec.to_builtins(made, str_keys=True)
    return {
        "id": told.pop("request"),
        **told,
        "basis_title": tr(BASES[made.basis]),
        "bars": made.by_ground(),
    }
