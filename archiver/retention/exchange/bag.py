"""The words of a BagIt 1.0 bag (RFC 8493): declaration, information, manifests.

Promises pure texts and their reading. Reading is strict, stricter than the RFC allows: these are
our own bags, and a letter that is not as it was written is a damage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from archiver.retention.exchange.batch import Delivery

Algorithm = Literal["sha256", "sha512"]
ALGORITHMS: tuple[Algorithm, ...] = ("sha256", "sha512")
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_DIGITS: dict[Algorithm, int] = {"sha256": 64, "sha512": 128}
_CODES = {"%": "%25", "\n": "%0A", "\r": "%0D"}
_CODED = re.compile("%(25|0A|0D)")


def information(delivery: Delivery, payload_bytes: int) -> str:
    """bag-info.txt.

    Args:
        delivery: what the bag holds.
        payload_bytes: size of the one file of its payload.
    """
    head = delivery.head
    lines = (
        ("Source-Organization", head.authority.name),
        ("Contact-Name", head.authority.unit),
        ("External-Description", f"xdomea {head.version} 0503 für {head.archive.name}"),
        ("External-Identifier", head.process_id),
        ("Internal-Sender-Identifier", head.message_id),
        ("Bag-Group-Identifier", head.process_id),
        ("Bag-Count", f"{head.number} of {head.total}"),
        ("Bagging-Date", head.created_at[:10]),
        ("Payload-Oxum", f"{payload_bytes}.1"),
        ("Ledger-Head", delivery.ledger_head),
        ("Bag-Software-Agent", f"{head.product} {head.product_version}"),
    )
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in lines if value)


def manifest(digests: Mapping[str, str]) -> str:
    """A manifest.

    Args:
        digests: hex digits by path, relative to the bag.
    """
    return "".join(f"{digests[path]}  {_coded(path)}\n" for path in sorted(digests))


def read_manifest(content: str, algorithm: Algorithm) -> dict[str, str] | None:
    """Digests by path, or None where the text is not one that `manifest` wrote."""
    line = re.compile(f"([0-9a-f]{{{_DIGITS[algorithm]}}})  ([^\n]+)")
    if not content.endswith("\n"):
        return None
    found: dict[str, str] = {}
    for one in content[:-1].split("\n"):
        match = line.fullmatch(one)
        if not match or not _is_inside(match[2]) or match[2] in found:
            return None
        found[_plain(match[2])] = match[1]
    return found


def _is_inside(path: str) -> bool:
    """Whether a path stays in the bag."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and "\0" not in path


def _coded(path: str) -> str:
    return re.sub("[%\n\r]", lambda match: _CODES[match[0]], path)


def _plain(path: str) -> str:
    return _CODED.sub(lambda match: chr(int(match[1], 16)), path)
