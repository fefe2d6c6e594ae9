"""The seal: the ledger's last line of a day, signed, in one small file that others can check.

Promises that a seal is one line of canonical JSON (keys sorted, no blanks, ASCII) whose last key
is the signature, so that what was signed is the file without that key, and everybody with the
public key can check it with ``sed`` and ``openssl``, without this program. Each seal names the
digest of the one before, so that seals are a chain too.

What it proves depends on who holds the key: against those who do not, each line up to the seal;
against those who do, only what a time stamp (`archiver.proof.timestamp`) or a copy in other hands
proves. Signatures are Ed25519 (RFC 8032), digests SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

ALGORITHM = "Ed25519"
FORMAT = "archiver ledger head 1"
NONE_BEFORE = "0" * 64


class Sealing(msgspec.Struct, frozen=True):
    """What a seal speaks of.

    Attributes:
        archive: digest of the ledger's first line, as hex digits; no other archive has it.
        day: of the town, ISO; `seq` is the last line of that day.
        seq: number of the line.
        digest: SHA-256 of the line with its newline, as hex digits.
        prev: SHA-256 of the file of the seal before, as hex digits; 64 zeros for the first.
    """

    archive: str
    day: str
    seq: int
    digest: str
    prev: str


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One seal as it stands in its file; keys in alphabetical order, the signature last.

    Attributes:
        algorithm: `ALGORITHM`.
        archive, day, seq, digest, prev: as in `Sealing`.
        at: when it was made, UTC, ISO 8601.
        format: `FORMAT`; a signature for anything else can never be taken for a seal's.
        public_key: `fingerprint` of the key that checks it.
        signature: base64; over all the rest, see `signed_bytes`.
    """

    algorithm: str
    archive: str
    at: str
    day: str
    digest: str
    format: str
    prev: str
    public_key: str
    seq: int
    signature: str


assert tuple(sorted(Seal.__struct_fields__)) == Seal.__struct_fields__


def encode(seal: Seal) -> bytes:
    """The file of a seal."""
    return msgspec.json.encode(seal) + b"\n"


def signed_bytes(seal: Seal) -> bytes:
    """What the signature is over: the file without ``,"signature":"…"``, newline included."""
    fields = msgspec.structs.asdict(seal)
    del fields["signature"]
    return msgspec.json.encode(fields) + b"\n"


def parse(raw: bytes) -> Seal | None:
    """Read the file of a seal; None where it is not one in its one form, byte by byte."""
    try:
        seal = msgspec.json.decode(raw, type=Seal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_known = seal.format == FORMAT and seal.algorithm == ALGORITHM
    # Letters outside ASCII would make "without that key" depend on the reader.
    return seal if is_known and raw.isascii() and encode(seal) == raw else None


def digest(raw: bytes) -> str:
    """SHA-256 of a seal's file, as hex digits: what the next seal and the time stamp name."""
    return hashlib.sha256(raw).hexdigest()


def sealed(sealing: Sealing, key: Ed25519PrivateKey, at: str) -> Seal:
    """Sign.

    Args:
        sealing: what is sealed.
        key: the archive's private key.
        at: the time, UTC, ISO 8601.
    """
    unsigned = Seal(
        algorithm=ALGORITHM,
        archive=sealing.archive,
        at=at,
        day=sealing.day,
        digest=sealing.digest,
        format=FORMAT,
        prev=sealing.prev,
        public_key=fingerprint(key.public_key()),
        seq=sealing.seq,
        signature="",
    )
    signature = base64.b64encode(key.sign(signed_bytes(unsigned))).decode()
    return msgspec.structs.replace(unsigned, signature=signature)


def check(seal: Seal, public_key: Ed25519PublicKey) -> bool:
    """Whether this key's owner made this seal."""
    from cryptography.exceptions import InvalidSignature

    try:
        signature = base64.b64decode(seal.signature, validate=True)
        public_key.verify(signature, signed_bytes(seal))
    except (InvalidSignature, ValueError):
        return False
    # The key named in the seal has to be the one that was asked.
    return seal.public_key == fingerprint(public_key)


def fingerprint(public_key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's SubjectPublicKeyInfo in DER, as hex digits.

    The same as ``openssl pkey -pubin -in seal.pub -outform DER | sha256sum``.
    """
    from cryptography.hazmat.primitives import serialization

    return hashlib.sha256(
        public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).hexdigest()


def by_fingerprint(keys: Iterable[Ed25519PublicKey]) -> Mapping[str, Ed25519PublicKey]:
    """Keys by the name that seals call them."""
    return {fingerprint(key): key for key in keys}
