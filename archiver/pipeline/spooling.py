"""Spooling: bytes that a person sends, on their way into the stage, and what is known of them.

Promises that a spooled file is durable and hashed on the way, and that nothing of it was parsed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from archiver.inbox import claim
from archiver.inbox.names import display_name
from archiver.recognise.media import sniff
from archiver.records import Id
from archiver.store import durable, objects
from archiver.store.objects import DropKey, Receipt


def spooled(source: BinaryIO, part: Path) -> claim.Copied:
    """Write a stream into the stage, durable, and hash it on the way."""
    sha512, sha256 = hashlib.sha512(), hashlib.sha256()
    size, head, tail = 0, b"", b""
    with durable.storage_faults(part), part.open("xb") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
            sha512.update(chunk)
            sha256.update(chunk)
            size += len(chunk)
            head += chunk[: claim.HEAD_BYTES - len(head)]
            tail = (tail + chunk)[-claim.TAIL_BYTES :]
        target.flush()
        os.fsync(target.fileno())
    return claim.Copied(size, sha512.hexdigest(), sha256.hexdigest(), head, tail)


def new_receipt(
    identifier: Id,
    copied: claim.Copied,
    name: bytes,
    pipeline: str,
    actor: str,
    at: str,
    key: DropKey | None = None,
) -> Receipt:
    """The receipt of a file that was copied into the stage.

    Args:
        identifier: of the accession.
        copied: size, digests, first and last bytes.
        name: of the file, as bytes.
        pipeline: by which it came.
        actor: pseudonym of who brought it.
        at: now, UTC, ISO 8601.
        key: where it lay, None where it was sent.
    """
    return Receipt(
        id=identifier,
        pipeline=pipeline,
        file=display_name(name),
        file_raw=name,
        size=copied.size,
        media_type=sniff(copied.head, copied.tail) or objects.UNKNOWN_TYPE,
        sha512=copied.sha512,
        salt=secrets.token_bytes(16),
        actor=actor,
        received_at=at,
        drop=key,
    )
