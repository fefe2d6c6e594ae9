"""Seals: made once a day, found out when forged, cut out or not of this ledger."""

import os
import re
import stat
import subprocess
from datetime import date, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import IntegrityFault, Refusal
from archiver.proof import seal as seals
from archiver.proof.heads import day_ends, seal_day, seal_finished_days, stored_seals
from archiver.proof.keys import found_key, known_keys
from archiver.proof.premis_events import KINDS, TERMS, event_type
from archiver.proof.seal import Sealing, check, encode, parse, sealed, signed_bytes
from archiver.proof.stamp_process import REASONS as STAMP_REASONS
from archiver.proof.verification import verify_heads
from archiver.records import Event
from archiver.sentences import REASONS
from archiver.store.chain import GENESIS, chain
from archiver.store.ledger import Ledger
from archiver.store.projection import MOVES

ID = "01J0000000000000000000000A"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
TODAY = "2026-03-10T09:00:00.000Z"


def event(day, hour=12, kind="received"):
    return Event(kind, f"2026-03-{day:02}T{hour:02}:00:00.000Z", "daemon", ID)


@pytest.fixture
def ledger(tmp_path):
    """Lines of the 2nd, 3rd, 5th (late at night, so the 6th in town), 9th and 10th."""
    made = Ledger(tmp_path / "ledger")
    made.append([event(2), event(2, 13), event(3)])
    made.append([event(5, 23)])
    made.append([event(9), event(9, 14), event(10, 8)])
    return made


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "heads"


def days(folder):
    return [one.day for one in stored_seals(folder)]


def found(ledger, heads, keys=(KEY,), due="2026-03-10"):
    problems = verify_heads(ledger.read(), heads, [key.public_key() for key in keys], due)
    return [(problem.code, problem.day) for problem in problems]


def seal_one_by_one(ledger, heads):
    for day in range(2, 10):
        seal_day(ledger, heads, KEY, f"2026-03-{day:02}", TODAY)


def test_each_day_on_which_something_happened_has_one_seal(ledger, heads):
    seal_one_by_one(ledger, heads)
    assert days(heads) == ["2026-03-02", "2026-03-03", "2026-03-06", "2026-03-09"]
    made = [one.seal for one in stored_seals(heads)]
    assert [seal.seq for seal in made] == [2, 3, 4, 6]
    entries = {entry.seq: entry for entry in ledger.read()}
    assert all(seal.digest == entries[seal.seq].digest for seal in made)
    assert {seal.archive for seal in made} == {entries[1].digest}
    raws = [b"", *((heads / one.file).read_bytes() for one in stored_seals(heads))]
    assert [seal.prev for seal in made] == [
        seals.digest(raw) if raw else "0" * 64 for raw in raws[:-1]
    ]
    assert found(ledger, heads) == []


def test_a_seal_once_made_stays(ledger, heads):
    first = seal_day(ledger, heads, KEY, "2026-03-03", TODAY)
    raw = (heads / "2026-03-03.json").read_bytes()
    assert seal_day(ledger, heads, OTHER, "2026-03-03", "2027-01-01T00:00:00.000Z") == first
    assert (heads / "2026-03-03.json").read_bytes() == raw
    assert [path.name for path in heads.iterdir()] == ["2026-03-03.json"]
    with pytest.raises(Refusal) as refusal:
        seal_day(ledger, heads, KEY, "2026-03-02", TODAY)
    assert refusal.value.reason == "seal_out_of_order"
    assert seal_day(ledger, heads, KEY, "2026-03-04", TODAY) is None
    # Half past eleven at night in London is the next day in town, and that is not over.
    with pytest.raises(Refusal) as refusal:
        seal_day(ledger, heads, KEY, "2026-03-10", "2026-03-09T23:30:00.000Z")
    assert refusal.value.reason == "seal_day_not_over"


def test_sealing_begins_with_one_seal_and_catches_up(ledger, heads):
    assert [s.day for s in seal_finished_days(ledger, heads, KEY, TODAY)] == ["2026-03-09"]
    assert seal_finished_days(ledger, heads, KEY, TODAY) == []
    ledger.append([event(10, 20), event(12), event(13), event(13, 13)])
    # The lines that tell of seals call for no seal.
    ledger.append([event(14, 1, "sealed"), event(15)])
    late = "2026-03-16T01:00:00.000Z"
    caught_up = [s.day for s in seal_finished_days(ledger, heads, KEY, late)]
    assert caught_up == ["2026-03-10", "2026-03-12", "2026-03-13", "2026-03-15"]
    assert found(ledger, heads, due="2026-03-16") == []


def test_an_empty_ledger_has_nothing_to_seal(tmp_path, heads):
    ledger = Ledger(tmp_path / "none")
    assert seal_finished_days(ledger, heads, KEY, TODAY) == []
    assert seal_day(ledger, heads, KEY, "2026-03-02", TODAY) is None
    assert found(ledger, heads) == []


def test_a_missing_seal_is_named_with_its_day_wherever_it_lay(ledger, heads):
    seal_one_by_one(ledger, heads)
    for day in days(heads):
        path = heads / f"{day}.json"
        raw = path.read_bytes()
        path.unlink()
        named = found(ledger, heads)
        if day == "2026-03-02":
            # Nothing but the link says that it was not the third on which sealing began.
            assert named == [("seal_link_broken", "2026-03-03")]
        else:
            assert ("seal_missing_day", day) in named
            assert {code for code, _day in named} <= {"seal_missing_day", "seal_link_broken"}
        path.write_bytes(raw)
    for path in heads.iterdir():
        path.unlink()
    assert found(ledger, heads) == [("seal_missing_day", "2026-03-09")]
    assert found(ledger, heads, due="2026-03-09") == [("seal_missing_day", "2026-03-06")]


def test_every_changed_byte_of_a_seal_is_found(ledger, heads):
    seal_one_by_one(ledger, heads)
    path = heads / "2026-03-03.json"
    raw = path.read_bytes()
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 1
        path.write_bytes(changed)
        named = found(ledger, heads)
        assert named[0][0] in {"seal_unreadable", "seal_forged", "seal_key_unknown"}, place
        assert [day for _code, day in named] == ["2026-03-03"], place


def test_a_seal_from_another_key_or_under_another_day_is_none(ledger, heads):
    seal_one_by_one(ledger, heads)
    assert found(ledger, heads, keys=(OTHER,))[0] == ("seal_key_unknown", "2026-03-02")
    path = heads / "2026-03-06.json"
    ours = parse(path.read_bytes())
    sealing = Sealing(ours.archive, ours.day, ours.seq, ours.digest, ours.prev)
    foreign = sealed(sealing, OTHER, TODAY)
    path.write_bytes(encode(foreign))
    assert found(ledger, heads) == [("seal_key_unknown", "2026-03-06")]
    named_ours = msgspec.structs.replace(foreign, public_key=ours.public_key)
    path.write_bytes(encode(named_ours))
    assert found(ledger, heads) == [("seal_forged", "2026-03-06")]
    elsewhere = msgspec.structs.replace(sealing, archive="0" * 64)
    path.write_bytes(encode(sealed(elsewhere, KEY, TODAY)))
    assert ("seal_not_in_ledger", "2026-03-06") in found(ledger, heads)
    path.write_bytes((heads / "2026-03-09.json").read_bytes())
    assert found(ledger, heads) == [("seal_forged", "2026-03-06")]


def test_a_rewritten_ledger_does_not_pass(ledger, heads, tmp_path):
    seal_one_by_one(ledger, heads)
    rewritten = Ledger(tmp_path / "rewritten")
    rewritten.append([event(2), event(2, 14), event(3), event(5, 23)])
    rewritten.append([event(9), event(9, 14), event(10, 8)])
    assert rewritten.verify() == [], "the chain alone says nothing against it"
    assert found(rewritten, heads) == [
        ("seal_not_in_ledger", day)
        for day in ["2026-03-02", "2026-03-03", "2026-03-06", "2026-03-09"]
    ]
    cut = Ledger(tmp_path / "cut")
    cut.append([event(2), event(2, 13), event(3)])
    assert found(cut, heads) == [
        ("seal_not_in_ledger", "2026-03-06"),
        ("seal_not_in_ledger", "2026-03-09"),
    ]


def test_a_broken_chain_is_told_with_the_seals(ledger, heads):
    seal_one_by_one(ledger, heads)
    path = ledger.folder / "2026-03.jsonl"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"T13:00", b"T13:01"))
    assert found(ledger, heads) == [("seal_not_in_ledger", "2026-03-02"), ("seal_chain_broken", "")]
    path.write_bytes(raw[:300] + b"}" + raw[301:])
    assert ("seal_chain_broken", "") in found(ledger, heads)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "seal.key"
    key = found_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    raw, public = path.read_bytes(), path.with_suffix(".pub")
    public.unlink()
    again = found_key(path)
    assert again.private_bytes_raw() == key.private_bytes_raw() and path.read_bytes() == raw
    (known,) = known_keys(path.parent)
    assert seals.fingerprint(known) == seals.fingerprint(key.public_key())
    assert sorted(file.name for file in path.parent.iterdir()) == ["seal.key", "seal.pub"]


def test_a_key_that_cannot_be_trusted_is_not_used(tmp_path):
    path = tmp_path / "seal.key"
    found_key(path)
    private, public = path.read_bytes(), path.with_suffix(".pub")

    def reason():
        with pytest.raises(IntegrityFault) as fault:
            found_key(path)
        return fault.value.reason

    path.chmod(0o640)
    assert reason() == "seal_key_open"
    path.chmod(0o600)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    assert reason() == "seal_key_unreadable"
    path.write_bytes(private)
    foreign = tmp_path / "other" / "seal.key"
    found_key(foreign)
    public.write_bytes(foreign.with_suffix(".pub").read_bytes())
    assert reason() == "seal_key_mismatch"
    path.unlink()
    assert reason() == "seal_key_lost"
    assert not path.exists()
    # A person moved the old public key aside: seals of both keys can be checked from now on.
    public.rename(tmp_path / "seal-2025.pub")
    found_key(path)
    assert len(known_keys(tmp_path)) == 2


def test_a_crash_while_the_key_is_made_leaves_a_whole_key_or_none(tmp_path, monkeypatch):
    path = tmp_path / "seal.key"

    def failing(*_):
        raise OSError(5, "cut")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", failing)
        with pytest.raises(Exception, match="storage_failed"):
            found_key(path)
    assert list(tmp_path.iterdir()) == []
    found_key(path)


def test_a_seal_can_be_checked_with_sed_and_openssl(ledger, heads, tmp_path):
    key = found_key(tmp_path / "seal.key")
    seal_finished_days(ledger, heads, key, TODAY)
    script = """
        sed 's/,"signature":"[^"]*"}$/}/' heads/2026-03-09.json > message
        sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' heads/2026-03-09.json | base64 -d > signature
        openssl pkeyutl -verify -pubin -inkey seal.pub -rawin -in message -sigfile signature
        openssl pkey -pubin -in seal.pub -outform DER | sha256sum
    """
    run = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True)
    assert "Signature Verified Successfully" in run.stdout, run.stderr
    assert seals.fingerprint(key.public_key()) in run.stdout


HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
SEALINGS = st.builds(Sealing, HEX, st.dates().map(date.isoformat), st.integers(1, 2**53), HEX, HEX)


@given(SEALINGS, st.data())
def test_only_what_was_signed_is_genuine(sealing, data):
    seal = sealed(sealing, KEY, TODAY)
    raw = encode(seal)
    assert parse(raw) == seal and check(seal, KEY.public_key())
    assert not check(seal, OTHER.public_key())
    assert re.sub(rb',"signature":"[^"]*"}$', b"}", raw) == signed_bytes(seal)
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    other = parse(changed)
    assert other is None or not check(other, KEY.public_key())
    assert parse(raw + b" ") is None and parse(b" " + raw) is None


MOMENTS = st.tuples(st.integers(1, 20), st.sampled_from(["received", "filed", "sealed"]))


@given(st.lists(MOMENTS, max_size=30), st.integers(0, 20), st.integers(1, 21))
def test_ends_of_days_hold_every_line_before_them(moments, after, before):
    """Also where the clock was set back, so that days do not come in order."""
    entries = chain([event(day, kind=kind) for day, kind in moments], GENESIS)

    def name(day):
        return (date(2026, 3, 1) + timedelta(days=day - 1)).isoformat()

    ends = day_ends(entries, name(after), name(before))
    own = {name(d) for d, kind in moments if after < d < before and kind != "sealed"}
    assert list(ends) == sorted(own)
    seqs = [entry.seq for entry in ends.values()]
    assert seqs == sorted(seqs)
    for day, end in ends.items():
        assert all(e.seq <= end.seq for e in entries if e.at[:10] <= day)


def test_every_kind_of_line_has_a_premis_type():
    assert {*MOVES, "received", "duplicate", "separated", "sealed"} <= set(KINDS)
    assert {code for code in KINDS.values() if code} == set(TERMS)
    assert event_type("destroyed") == (
        "deletion",
        "http://id.loc.gov/vocabulary/preservation/eventType/del",
    )
    assert event_type("hold_reviewed") == ("hold_reviewed", "")
    assert event_type("of_a_later_version") == ("of_a_later_version", "")


def test_every_code_of_proof_has_a_sentence():
    told = {
        *("seal_unreadable", "seal_forged", "seal_key_unknown", "seal_link_broken"),
        *("seal_missing_day", "seal_not_in_ledger", "seal_chain_broken", "timestamp_wrong_time"),
    }
    assert told | STAMP_REASONS <= set(REASONS)
