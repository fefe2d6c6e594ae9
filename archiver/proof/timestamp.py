"""Time stamps by an authority outside (RFC 3161): a proof of when a seal was there.

Promises that an answer is believed only if it is granted, is for this digest and this request, is
signed by a certificate for time stamping that leads to the configured roots and was valid when it
stamped, and tells about the same time as our clock; and that a kept stamp can be checked without a
network years later, when those certificates have run out. Revocation is not asked for.

An answer is a stranger's bytes, and parts of its check are OpenSSL's (C). So neither the network
nor the parser runs in this process: both do in children of `archiver.proof.stamp_process`, which
live for one task, cap their own memory, CPU and output, and are killed at a deadline. What comes
back is a short text that is checked here; a child that a stamp takes over can call it good, and
nothing more.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from archiver.errors import SystemFault
from archiver.proof.stamp_process import REASONS, Answer, Judging, Question, Token, Verdict

# Answers seen have 2 to 8 KB, with all certificates of the chain.
MAX_ANSWER = 64 * 1024
TOLERANCE = timedelta(minutes=10)
_BATCH = 400
_JUDGE_SECONDS = 60.0
_MAX_ROOTS = 1 << 20
_MAX_OUTPUT = 4 * MAX_ANSWER
# SEQUENCE of sha256's object identifier and NULL
_SHA256 = bytes.fromhex("300d06096086480165030402010500")


class Authority(msgspec.Struct, frozen=True):
    """Whom to ask.

    Attributes:
        url: ``http://`` or ``https://``; stamps are signed, so plain HTTP is usual and safe.
        roots: certificates that are trusted, PEM, see `read_roots`.
        seconds: for the whole exchange.
    """

    url: str
    roots: bytes
    seconds: float = 20.0

    @property
    def host(self) -> str:
        """Name for messages: without path, user and password."""
        return urlsplit(self.url).hostname or ""


def read_roots(path: Path) -> bytes:
    """The certificates that an authority's chain may end in.

    Raises:
        SystemFault: ``timestamp_roots_unreadable`` with the path.
    """
    from cryptography import x509

    try:
        with path.open("rb") as reader:
            content = reader.read(_MAX_ROOTS)
        x509.load_pem_x509_certificates(content)
    except (OSError, ValueError) as error:
        raise SystemFault("timestamp_roots_unreadable", path=str(path)) from error
    return content


def request(imprint: bytes, nonce: int) -> bytes:
    """A TimeStampReq in DER (RFC 3161, 2.4.1) that asks for the certificates too.

    Args:
        imprint: SHA-256 of what is to be stamped, 32 bytes.
        nonce: a random number of up to 64 bits, above 0.
    """
    assert len(imprint) == hashlib.sha256().digest_size
    assert 0 < nonce < 1 << 64
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    return _der(
        0x30,
        _der(0x02, b"\x01")
        + _der(0x30, _SHA256 + _der(0x04, imprint))
        + _der(0x02, number)
        + _der(0x01, b"\xff"),
    )


def _der(tag: int, content: bytes) -> bytes:
    assert len(content) < 0x80
    return bytes([tag, len(content)]) + content


def ask(imprint: bytes, authority: Authority, nonce: int, now: str) -> bytes:
    """Have a digest stamped, and believe nothing of the answer unchecked.

    Args:
        imprint: SHA-256, 32 bytes.
        authority: whom to ask.
        nonce: as in `request`; a new one each time.
        now: UTC, ISO 8601; the stamp's time may differ by `TOLERANCE`.

    Returns:
        The TimeStampResp as it came, at most `MAX_ANSWER` bytes.

    Raises:
        SystemFault: ``timestamp_unreachable``, ``timestamp_too_large``, ``timestamp_refused``,
            ``timestamp_unreadable``, ``timestamp_other_seal``, ``timestamp_not_asked_for``,
            ``timestamp_forged`` or ``timestamp_wrong_time``; each with the host.
    """
    raw = _fetch(authority, request(imprint, nonce))
    (verdict,) = judge([Token(raw, imprint.hex(), nonce)], authority.roots)
    if verdict.reason:
        raise SystemFault(verdict.reason, host=authority.host)
    if abs(datetime.fromisoformat(verdict.at) - datetime.fromisoformat(now)) > TOLERANCE:
        raise SystemFault("timestamp_wrong_time", host=authority.host)
    return raw


def _fetch(authority: Authority, body: bytes) -> bytes:
    question = Question(authority.url, body, MAX_ANSWER, authority.seconds)
    # Proxies of the town hall stand in the environment.
    lines = _lines("ask", question, authority.seconds, dict(os.environ))
    try:
        answer = msgspec.json.decode(b"".join(lines), type=Answer)
    except msgspec.DecodeError:
        raise SystemFault("timestamp_unreachable", host=authority.host, error="timeout") from None
    if answer.error == "too_large":
        raise SystemFault("timestamp_too_large", host=authority.host)
    if answer.error:
        raise SystemFault("timestamp_unreachable", host=authority.host, error=answer.error)
    return answer.body


def judge(tokens: Sequence[Token], roots: bytes) -> list[Verdict]:
    """Check stamps, without a network and without a clock.

    Returns:
        One verdict for each token, in order; one at which a child dies is ``timestamp_unreadable``.
    """
    verdicts: list[Verdict] = []
    while len(verdicts) < len(tokens):
        batch = tokens[len(verdicts) : len(verdicts) + _BATCH]
        said = _verdicts(_lines("judge", Judging(roots, batch), _JUDGE_SECONDS, {}))
        verdicts += said[: len(batch)]
        if len(said) < len(batch):
            verdicts.append(Verdict("timestamp_unreadable", ""))
    return verdicts


def _verdicts(lines: list[bytes]) -> list[Verdict]:
    """Verdicts up to the first line that is none."""
    verdicts = []
    for line in lines:
        try:
            verdict = msgspec.json.decode(line, type=Verdict)
            is_whole = verdict.reason in REASONS if verdict.reason else _is_time(verdict.at)
        except (msgspec.DecodeError, ValueError):
            break
        if not is_whole:
            break
        verdicts.append(verdict)
    return verdicts


def _is_time(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _lines(task: str, given: Any, seconds: float, environment: dict[str, str]) -> list[bytes]:
    """Run one child; the whole lines that it wrote before it ended or its time was over."""
    command = [sys.executable, "-I", "-m", "archiver.proof.stamp_process", task, str(_MAX_OUTPUT)]
    with tempfile.TemporaryFile() as output:
        # Over time, run() kills it; what it wrote until then still counts.
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command,
                input=msgspec.json.encode(given),
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                env=environment,
                cwd="/",
                check=False,
            )
        output.seek(0)
        content = output.read(_MAX_OUTPUT)
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
