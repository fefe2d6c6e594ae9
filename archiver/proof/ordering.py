"""The certificates of a time stamp in the order that DER asks for.

Promises to change nothing but that order, which no signature is over. DER wants the members of a
SET OF sorted (X.690, 11.6), RFC 5652 wants DER there, and many authorities, all that run on
``openssl ts`` among them, send the signer's certificate first; a strict parser takes none of these.
"""

from __future__ import annotations

_CERTIFICATES = 0xA0
# How many elements to pass before the one to step into: answer, token, its content, SignedData,
# and there version, digest algorithms and content before the certificates.
_WAY = (0, 1, 1, 0, 3)
_LONG = 0x80
_MAX_LENGTH_BYTES = 4


def with_sorted_certificates(raw: bytes) -> bytes:
    """A TimeStampResp whose certificates are in order; what is not one comes back as it is."""
    try:
        return _sorted(raw)
    except (ValueError, IndexError):
        return raw


def _sorted(raw: bytes) -> bytes:
    start, end = 0, len(raw)
    for passed in _WAY:
        at = start
        for _ in range(passed):
            _tag, _start, at = _element(raw, at, end)
        tag, start, end = _element(raw, at, end)
    if tag != _CERTIFICATES:
        return raw
    members, at = [], start
    while at < end:
        _tag, _start, after = _element(raw, at, end)
        members.append(raw[at:after])
        at = after
    return raw[:start] + b"".join(sorted(members)) + raw[end:]


def _element(raw: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Tag, begin and end of the content of the element at a place.

    Raises:
        ValueError, IndexError: there is no whole element before the limit.
    """
    length, start = raw[at + 1], at + 2
    if length & _LONG:
        size = length ^ _LONG
        if not 1 <= size <= _MAX_LENGTH_BYTES:
            raise ValueError("length")
        length, start = int.from_bytes(raw[start : start + size]), start + size
    if start + length > limit:
        raise ValueError("end")
    return raw[at], start, start + length
