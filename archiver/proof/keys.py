"""The archive's key for seals: one private file, and public ones beside it for everybody.

Promises that a private key is made once, with rights for its owner alone, is whole on disk before
it is used, and is never overwritten; and that a lost one is not quietly replaced, because nobody
would then notice that seals come from another hand.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.errors import IntegrityFault
from archiver.store import durable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PUBLIC_SUFFIX = ".pub"
_PRIVATE_MODE = 0o600
_OTHERS = 0o077
_MAX_BYTES = 10_000  # a key in PEM has some 120


def found_key(path: Path) -> Ed25519PrivateKey:
    """The private key; made at the first call, with its public key beside it in PEM.

    Args:
        path: of the private key, e.g. ``keys/seal.key``; the public one is ``keys/seal.pub``.

    Raises:
        IntegrityFault: ``seal_key_lost``, the public key is there but the private one is not;
            ``seal_key_mismatch``, they do not belong together; ``seal_key_open``, others may read
            the private key; ``seal_key_unreadable``.
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    public = path.with_suffix(PUBLIC_SUFFIX)
    with durable.storage_faults(path.parent):
        for place in (path.parent.parent, path.parent):
            place.mkdir(durable.FOLDER_MODE, exist_ok=True)
        if not path.exists():
            if public.exists():
                raise IntegrityFault("seal_key_lost", path=str(path))
            _make(path)
        key = _read_private(path)
        _keep_public(public, _public_pem(key.public_key()))
    return key


def known_keys(folder: Path) -> list[Ed25519PublicKey]:
    """All public keys in a folder: the one in use and those before it.

    Raises:
        IntegrityFault: ``seal_key_unreadable`` with the path.
    """
    return [read_public(path) for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}"))]


def read_public(path: Path) -> Ed25519PublicKey:
    """One public key in PEM.

    Raises:
        IntegrityFault: ``seal_key_unreadable``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_content(path))
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise IntegrityFault("seal_key_unreadable", path=str(path)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise IntegrityFault("seal_key_unreadable", path=str(path))
    return key


def _content(path: Path) -> bytes:
    with path.open("rb") as reader:
        return reader.read(_MAX_BYTES)


def _make(path: Path) -> None:
    """Write a new private key under another name and link it, which never overwrites."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, _PRIVATE_MODE)
    try:
        try:
            durable.write_all(descriptor, pem)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # Another process may have been quicker; then its key is the key.
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    durable.sync_folder(path.parent)


def _read_private(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if path.stat().st_mode & _OTHERS:
        raise IntegrityFault("seal_key_open", path=str(path))
    try:
        key = load_pem_private_key(_content(path), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IntegrityFault("seal_key_unreadable", path=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityFault("seal_key_unreadable", path=str(path))
    return key


def _public_pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _keep_public(path: Path, pem: bytes) -> None:
    if not path.exists():
        durable.replace(path, pem, stage=path.parent)
    elif path.read_bytes() != pem:
        raise IntegrityFault("seal_key_mismatch", path=str(path))
