"""Time stamps of a real authority (``openssl ts`` behind HTTP): good ones kept, others refused."""

import secrets
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import SystemFault
from archiver.proof import seal as seals
from archiver.proof import timestamp
from archiver.proof.heads import days_without_stamp, seal_day, seal_finished_days, stamp_day
from archiver.proof.keys import found_key
from archiver.proof.ledgerexport import Sources, export_ledger
from archiver.proof.ordering import with_sorted_certificates
from archiver.proof.stamp_process import Token
from archiver.proof.timestamp import Authority, ask, judge, read_roots, request
from archiver.proof.verification import verify_heads
from archiver.records import Event
from archiver.store.ledger import Ledger
from tests.town import wait_for

CONFIG = """
[tsa]
default_tsa = usual
[usual]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[stamper]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[mailer]
extendedKeyUsage = critical, emailProtection
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
"""


def openssl(folder, *arguments, given=b""):
    run = subprocess.run(["openssl", *arguments], cwd=folder, input=given, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


class LocalAuthority:
    """Certificates in a folder, and a server that answers as it is told."""

    def __init__(self, folder):
        self.folder, self.behave, self.asked = folder, None, []
        self.chain, self.signer = "root.pem", "stamper.pem"
        (folder / "ts.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for name in ("root", "foreign"):
            openssl(
                folder, "req", "-x509", *ec, "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-subj", f"/CN={name}", "-days", "30", "-config", "ts.cnf", "-extensions", "root",
            )  # fmt: skip
        for name in ("stamper", "mailer"):
            openssl(
                folder, "req", *ec, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}",
            )  # fmt: skip
            openssl(
                folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem",
                "-CAkey", "root.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "1",
                "-extfile", "ts.cnf", "-extensions", name,
            )  # fmt: skip

    def stamp(self, query):
        return openssl(
            self.folder, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "/dev/stdin",
            "-signer", self.signer, "-inkey", "stamper.key", "-chain", self.chain, given=query,
        )  # fmt: skip

    def answer(self, handler):
        query = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.asked.append((handler.headers["Content-Type"], query))
        if self.behave:
            return self.behave(handler, query)
        return send(handler, self.stamp(query))


def send(handler, body, kind="application/timestamp-reply", status=200):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    authority = LocalAuthority(tmp_path_factory.mktemp("authority"))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            authority.answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    yield authority
    server.shutdown()
    server.server_close()


@pytest.fixture
def local(made):
    made.behave = None
    made.asked.clear()
    return made


@pytest.fixture
def authority(local):
    return Authority(local.url, read_roots(local.folder / "root.pem"), 20.0)


IMPRINT = bytes.fromhex(seals.digest(b"a seal\n"))


def now():
    return datetime.now(UTC).isoformat()


def refused(authority, at=None):
    with pytest.raises(SystemFault) as fault:
        ask(IMPRINT, authority, secrets.randbits(63) | 1, at or now())
    assert fault.value.params["host"] == "127.0.0.1"
    return fault.value.reason


def test_a_stamp_is_what_openssl_takes_for_one(local, authority, tmp_path):
    raw = ask(IMPRINT, authority, 2**63 + 5, now())
    kind, query = local.asked[0]
    assert kind == "application/timestamp-query" and query == request(IMPRINT, 2**63 + 5)
    (tmp_path / "a.tsr").write_bytes(raw)
    (tmp_path / "a.tsq").write_bytes(query)
    said = openssl(
        tmp_path, "ts", "-verify", "-queryfile", "a.tsq", "-in", "a.tsr",
        "-CAfile", str(local.folder / "root.pem"),
    )  # fmt: skip
    assert b"Verification: OK" in said


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**64 - 1))
def test_requests_say_what_they_should(imprint, nonce):
    text = openssl("/", "ts", "-query", "-in", "/dev/stdin", "-text", given=request(imprint, nonce))
    assert b"Hash Algorithm: sha256" in text and b"Certificate required: yes" in text
    assert f"Nonce: 0x{nonce:0{len(f'{nonce:x}') + len(f'{nonce:x}') % 2}X}".encode() in text


def test_answers_that_are_not_to_be_believed_are_refused(local, authority, tmp_path):
    first = local.stamp(request(IMPRINT, 7))

    def says(body, **more):
        local.behave = lambda handler, _query: send(handler, body, **more)
        return refused(authority)

    assert says(first) == "timestamp_not_asked_for", "an old answer, sent again"
    assert says(b"") == "timestamp_unreadable"
    assert says(b"\x30\x03\x02\x01\x00") == "timestamp_unreadable"
    assert says(first[:-9]) == "timestamp_unreadable"
    assert says(b"\x30\x05\x30\x03\x02\x01\x02") == "timestamp_refused"
    assert says(first + b"\x00" * timestamp.MAX_ANSWER) == "timestamp_too_large"
    assert says(first, status=503) == "timestamp_unreachable"
    assert says(b"<html>Log in", kind="text/html") == "timestamp_unreachable"
    local.behave = lambda handler, query: send(
        handler, local.stamp(query.replace(IMPRINT, bytes(32)))
    )
    assert refused(authority) == "timestamp_other_seal"
    local.behave = None
    assert refused(authority, "2026-01-01T00:00:00.000Z") == "timestamp_wrong_time"
    foreign = Authority(local.url, read_roots(local.folder / "foreign.pem"))
    assert refused(foreign) == "timestamp_forged"


@pytest.mark.parametrize("chain", [("root",), ("foreign", "root"), ("mailer", "root", "foreign")])
def test_certificates_may_come_in_any_order(local, authority, chain):
    """As openssl sends them: the signer's first, whatever DER says."""
    path = local.folder / "chain.pem"
    path.write_bytes(b"".join((local.folder / f"{name}.pem").read_bytes() for name in chain))
    local.chain = path.name
    raw = local.stamp(request(IMPRINT, 7))
    local.chain = "root.pem"
    (verdict,) = judge([Token(raw, IMPRINT.hex(), 7)], authority.roots)
    assert verdict.reason == ""
    assert sorted(with_sorted_certificates(raw)) == sorted(raw)


@given(st.binary(max_size=60))
def test_what_is_no_stamp_is_not_reordered(raw):
    nested = b"\x30" + bytes([len(raw)]) + raw
    for given_ in (raw, nested):
        assert sorted(with_sorted_certificates(given_)) == sorted(given_)


def test_a_certificate_that_is_not_for_stamping_stamps_nothing(local, authority):
    """OpenSSL refuses to sign so; a token of another maker is put together by `openssl cms`."""
    token = local.stamp(request(IMPRINT, 7))
    (local.folder / "good.tsr").write_bytes(token)
    info = openssl(
        local.folder, "ts", "-reply", "-in", "good.tsr", "-token_out", "-out", "/dev/stdout"
    )
    content = openssl(
        local.folder, "cms", "-verify", "-inform", "DER", "-in", "/dev/stdin", "-noverify",
        "-purpose", "any", given=info,
    )  # fmt: skip

    def signed_by(name):
        signed = openssl(
            local.folder, "cms", "-sign", "-binary", "-nodetach", "-outform", "DER",
            "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer", f"{name}.pem",
            "-inkey", f"{name}.key", "-md", "sha256", given=content,
        )  # fmt: skip
        inner = b"\x30\x03\x02\x01\x00" + signed
        raw = b"\x30\x82" + len(inner).to_bytes(2) + inner
        return judge([Token(raw, IMPRINT.hex(), 7)], authority.roots)[0].reason

    assert signed_by("stamper") == ""
    assert signed_by("mailer") == "timestamp_forged"


def short_lived(folder, seconds):
    """Give the stamper a certificate that runs out soon; until when."""
    root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    stamper = x509.load_pem_x509_certificate((folder / "stamper.pem").read_bytes())
    root_key = load_pem_private_key((folder / "root.key").read_bytes(), None)
    begin = datetime.now(UTC).replace(microsecond=0)
    until = begin + timedelta(seconds=seconds)
    builder = (
        x509.CertificateBuilder()
        .subject_name(stamper.subject)
        .issuer_name(root.subject)
        .public_key(stamper.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - timedelta(minutes=1))
        .not_valid_after(until)
    )
    for extension in stamper.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(root_key, SHA256())
    (folder / "short.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return until


def test_a_stamp_holds_when_its_certificate_has_run_out(local, authority, tmp_path):
    until = short_lived(local.folder, 3)
    local.signer = "short.pem"
    raw = local.stamp(request(IMPRINT, 7))
    wait_for(lambda: datetime.now(UTC) > until, "the end of the certificate", 10)
    late = local.stamp(request(IMPRINT, 7))
    local.signer = "stamper.pem"
    (tmp_path / "a.tsr").write_bytes(raw)
    plain = ["openssl", "ts", "-verify", "-digest", IMPRINT.hex(), "-in", "a.tsr", "-CAfile"]
    now_invalid = subprocess.run([*plain, local.folder / "root.pem"], cwd=tmp_path)
    assert now_invalid.returncode != 0, "today the certificate is not valid any more"
    verdicts = judge([Token(raw, IMPRINT.hex()), Token(late, IMPRINT.hex())], authority.roots)
    assert [verdict.reason for verdict in verdicts] == ["", "timestamp_forged"]


def test_nobody_there_and_no_way_there(authority, tmp_path):
    for url in ("http://127.0.0.1:1/", f"file://127.0.0.1{tmp_path}", "ftp://127.0.0.1/"):
        assert refused(Authority(url, authority.roots)) == "timestamp_unreachable", url
    with pytest.raises(SystemFault) as fault:
        read_roots(tmp_path / "none.pem")
    assert fault.value.reason == "timestamp_roots_unreadable"


def test_an_answer_that_never_ends_is_broken_off_in_time(local, authority):
    """A byte now and then keeps every single read from running out of time."""
    stop = threading.Event()

    def drip(handler, _query):
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.05):
            handler.wfile.write(b"x")

    local.behave = drip
    begun = time.monotonic()
    try:
        assert refused(Authority(local.url, authority.roots, 1.5)) == "timestamp_unreachable"
    finally:
        stop.set()
    assert time.monotonic() - begun < 10


def test_every_changed_byte_is_found_and_one_bad_stamp_spoils_no_other(local, authority):
    raw = local.stamp(request(IMPRINT, 7))
    good = Token(raw, IMPRINT.hex())
    tokens = [good]
    for place in range(0, len(raw), 5):
        changed = bytearray(raw)
        changed[place] ^= 0x55
        tokens.append(Token(bytes(changed), IMPRINT.hex()))
    tokens.append(good)
    verdicts = judge(tokens, authority.roots)
    assert [v.reason for v in (verdicts[0], verdicts[-1])] == ["", ""]
    told = [(n * 5, v) for n, v in enumerate(verdicts[1:-1]) if not v.reason]
    # What carries no meaning (a certificate's own signature beside a trusted copy) may change.
    assert all(v.at == verdicts[0].at for _place, v in told)
    assert len(told) < len(tokens) // 3, told


def test_a_judge_that_dies_blames_the_stamp_before_it(local, authority, monkeypatch):
    raw = local.stamp(request(IMPRINT, 7))
    good = Token(raw, IMPRINT.hex())
    lines, died = timestamp._lines, []

    def dying(task, given, seconds, environment):
        """The child breaks down at its second stamp, once."""
        said = lines(task, given, seconds, environment)
        if died:
            return said
        died.append(True)
        return said[:1]

    monkeypatch.setattr(timestamp, "_lines", dying)
    reasons = [verdict.reason for verdict in judge([good] * 4, authority.roots)]
    assert reasons == ["", "timestamp_unreadable", "", ""]


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger")
    made.append([Event("received", f"2026-03-0{d}T12:00:00.000Z", "daemon", "X") for d in (2, 3)])
    return made


def test_seals_are_stamped_once_and_checked_with_the_ledger(local, authority, ledger, tmp_path):
    heads, key = tmp_path / "heads", found_key(tmp_path / "seal.key")
    seal_day(ledger, heads, key, "2026-03-02", now())
    seal_finished_days(ledger, heads, key, now())
    assert days_without_stamp(heads) == ["2026-03-02", "2026-03-03"]
    path = stamp_day(heads, "2026-03-03", authority, 9, now())
    raw = path.read_bytes()
    assert stamp_day(heads, "2026-03-03", authority, 10, now()) == path
    assert len(local.asked) == 1 and days_without_stamp(heads) == ["2026-03-02"]

    def found(roots=authority.roots):
        problems = verify_heads(ledger.read(), heads, [key.public_key()], "2026-03-04", roots)
        return [(problem.code, problem.day) for problem in problems]

    assert found() == [] == found(None)
    assert found(read_roots(local.folder / "foreign.pem")) == [("timestamp_forged", "2026-03-03")]
    (heads / "2026-03-02.tsr").write_bytes(raw)
    assert found() == [("timestamp_other_seal", "2026-03-02")]
    (heads / "2026-03-02.tsr").unlink()
    path.write_bytes(raw[: len(raw) // 2])
    assert found() == [("timestamp_unreadable", "2026-03-03")]


def test_an_export_brings_all_that_its_stamps_need(local, authority, ledger, tmp_path):
    heads, key = tmp_path / "heads", found_key(tmp_path / "keys" / "seal.key")
    seal_finished_days(ledger, heads, key, now())
    stamp_day(heads, "2026-03-03", authority, 9, now())

    def checked(name, roots):
        sources = Sources(heads, tmp_path / "keys", local.folder / roots)
        made = export_ledger(ledger, sources, tmp_path / name, now())
        command = [sys.executable, "-I", str(made.path / "check_ledger.py")]
        return subprocess.run(command, capture_output=True, text=True).stdout

    assert "ALL HOLDS" in checked("good", "root.pem")
    assert "heads/2026-03-03.json has a wrong time stamp" in checked("bad", "foreign.pem")
    text = (tmp_path / "good" / "README.txt").read_text(encoding="utf-8")
    command = text[text.rindex("openssl ts -verify") :].replace("DAY", "2026-03-03")
    by_hand = subprocess.run(["sh", "-c", command], cwd=tmp_path / "good", capture_output=True)
    assert b"Verification: OK" in by_hand.stdout, by_hand.stderr


def test_a_stamp_from_before_its_seal_is_none(local, authority, ledger, tmp_path):
    """Whoever holds the key can write any time into a seal, but not into a stamp."""
    heads, key = tmp_path / "heads", found_key(tmp_path / "seal.key")
    seal_finished_days(ledger, heads, key, "2091-01-01T00:00:00.000Z")
    stamp_day(heads, "2026-03-03", authority, 9, now())
    problems = verify_heads(ledger.read(), heads, [key.public_key()], "2026-03-04", authority.roots)
    assert [problem.code for problem in problems] == ["timestamp_wrong_time"]
