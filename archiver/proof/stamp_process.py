"""A child that lives for one task: asks an authority, or checks the stamps that it gave.

Promises to cap itself before it reads a stranger's byte, to write one JSON line for each result as
soon as it is known, and nothing else. Started by `archiver.proof.timestamp` alone.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from archiver.proof.ordering import with_sorted_certificates

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MEMORY = 1 << 30
_CPU_SECONDS = 50
_SHA256 = "2.16.840.1.101.3.4.2.1"
_GRANTED = 0
_REPLY = "application/timestamp-reply"
_OK = 200

REASONS = frozenset(
    {
        "timestamp_unreadable",
        "timestamp_refused",
        "timestamp_other_seal",
        "timestamp_not_asked_for",
        "timestamp_forged",
    }
)


class Question(msgspec.Struct, frozen=True):
    """What to ask: a TimeStampReq for a URL; limit of the answer in bytes, of its time in s."""

    url: str
    body: bytes
    limit: int
    seconds: float


class Answer(msgspec.Struct, frozen=True):
    """What came: bytes, or an error (``too_large`` or words of the network for the log)."""

    body: bytes
    error: str


class Token(msgspec.Struct, frozen=True):
    """A TimeStampResp, and what it should be for.

    Attributes:
        raw: DER, as it came.
        imprint: SHA-256 of what was stamped, hex digits.
        nonce: of the request; None for a kept one, whose request is long gone.
    """

    raw: bytes
    imprint: str
    nonce: int | None = None


class Judging(msgspec.Struct, frozen=True):
    """Stamps to check against roots in PEM."""

    roots: bytes
    tokens: Sequence[Token]


class Verdict(msgspec.Struct, frozen=True):
    """What a stamp is worth: a reason of `REASONS`, or none and its time (ISO 8601, UTC)."""

    reason: str
    at: str


def verdict(token: Token, roots: Sequence[Certificate]) -> Verdict:
    """Check one stamp."""
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        response = decode_timestamp_response(with_sorted_certificates(token.raw))
        if response.status != _GRANTED:
            return Verdict("timestamp_refused", "")
        info = response.tst_info
        imprint, algorithm = info.message_imprint.message, info.message_imprint.hash_algorithm
        verifier = VerifierBuilder(roots=list(roots)).build()
    except ValueError:
        return Verdict("timestamp_unreadable", "")
    # The library compares the digests, but not what they are digests of.
    if imprint.hex() != token.imprint or algorithm.dotted_string != _SHA256:
        return Verdict("timestamp_other_seal", "")
    if token.nonce is not None and info.nonce != token.nonce:
        return Verdict("timestamp_not_asked_for", "")
    try:
        verifier.verify(response, imprint)
    except (VerificationError, ValueError):
        return Verdict("timestamp_forged", "")
    return Verdict("", info.gen_time.isoformat())


def fetch(question: Question) -> Answer:
    """Post a request by HTTP(S); no other scheme, no redirects."""
    import http.client
    import urllib.error
    import urllib.request as web

    opener = web.OpenerDirector()
    for handler in (web.ProxyHandler(), web.HTTPHandler(), web.HTTPSHandler()):
        opener.add_handler(handler)
    headers = {"Content-Type": "application/timestamp-query", "Accept": _REPLY}
    try:
        request = web.Request(question.url, question.body, headers)
        response = opener.open(request, timeout=question.seconds)
        if response is None:
            return Answer(b"", "no http")
        if response.status != _OK or response.headers.get_content_type() != _REPLY:
            return Answer(b"", f"HTTP {response.status} {response.headers.get_content_type()}")
        body = response.read(question.limit + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return Answer(b"", str(reason)[:200] or type(error).__name__)
    return Answer(b"", "too_large") if len(body) > question.limit else Answer(body, "")


def _cap(output: int) -> None:
    """Limit memory, CPU time and output; core files of secrets are not wanted."""
    for what, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def _say(result: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    sys.stdout.buffer.flush()


def _ask(given: bytes) -> None:
    _say(fetch(msgspec.json.decode(given, type=Question)))


def _judge(given: bytes) -> None:
    from cryptography import x509

    judging = msgspec.json.decode(given, type=Judging)
    roots = x509.load_pem_x509_certificates(judging.roots)
    for token in judging.tokens:
        _say(verdict(token, roots))


_TASKS: dict[str, Callable[[bytes], Any]] = {"ask": _ask, "judge": _judge}


if __name__ == "__main__":
    _cap(int(sys.argv[2]))
    _TASKS[sys.argv[1]](sys.stdin.buffer.read())
