"""What goes into a cage is a copy: what is done to it reaches nothing, and it is checked."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from archiver.recognise import cage, sealing, wire
from archiver.recognise.reader import Reader
from archiver.recognise.sealing import copied, is_nobodys, is_sealed
from archiver.store import objects
from tests import lane
from tests.lane import Lane

LIMITS = cage.Limits(address_space=2 << 30, cpu_seconds=20, file_size=1 << 30, wall_seconds=40.0)


@pytest.fixture
def archive(tmp_path):
    with Lane(lane.founded(tmp_path / "town")) as opened:
        yield opened


def stored(archive, document):
    return archive.house.vault.path(document, objects.original_name("application/pdf"))


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def test_a_copy_in_memory_is_sealed_and_hashed(tmp_path):
    path = tmp_path / "received"
    path.write_bytes(b"received" * 1000)
    with path.open("rb") as file:
        copy = copied(file.fileno())
    assert copy.sha512 == hashlib.sha512(path.read_bytes()).hexdigest()
    assert is_sealed(copy.fd)
    with pytest.raises(PermissionError):
        os.pwrite(copy.fd, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(copy.fd, 1)
    os.close(copy.fd)


def test_a_large_copy_is_a_file_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "LARGEST_IN_MEMORY", 10)
    path = tmp_path / "received"
    path.write_bytes(b"received" * 1000)
    with path.open("rb") as file:
        assert not is_nobodys(file.fileno())
        copy = copied(file.fileno(), tmp_path / "room")
    assert is_nobodys(copy.fd) and not is_sealed(copy.fd)
    assert os.pread(copy.fd, 8000, 0) == path.read_bytes()
    assert list((tmp_path / "room").iterdir()) == []
    with pytest.raises(OSError):
        os.pwrite(copy.fd, b"x", 0)
    os.close(copy.fd)


def test_no_descriptor_of_the_vault_reaches_reader_or_invoice_process(archive, monkeypatch):
    """Every message to a caged process is looked at on its way."""
    sent = []
    real = wire.send

    def look(sock, message, fds=()):
        sent.extend(str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in fds)
        real(sock, message, fds)

    monkeypatch.setattr(wire, "send", look)
    document = archive.drop("brief.pdf", lane.letter("Kanal"))
    path = stored(archive, document)
    with path.open("rb") as file, Reader(archive.root / "slot", "none", LIMITS) as reader:
        assert reader.inspect(file.fileno(), "application/pdf").sheets
        os.close(reader.weave([file.fileno()] * 2, "application/pdf", [(0, 1), (1, 1)]))
        archive.tools.invoices.examine(file.fileno(), "application/pdf", date(2026, 12, 31))
    files = [name for name in sent if not name.startswith("socket:")]
    assert len(files) >= 4
    assert all(name.startswith("/memfd:") for name in files)


def test_an_original_that_is_not_what_was_received_is_told_and_not_read(archive):
    document = archive.drop("brief.pdf", lane.letter("Kanal"))
    spoil(stored(archive, document))
    assert archive.walk(document) == "quarantined"
    assert archive.reason(document) == ("quarantined", "object_damaged")


def test_an_original_that_changes_while_it_is_read_is_told(archive, monkeypatch):
    document = archive.drop("brief.pdf", lane.letter("Kanal"))
    inspect = archive.tools.reader.inspect

    def hostile(fd, media_type):
        spoil(stored(archive, document))
        return inspect(fd, media_type)

    monkeypatch.setattr(archive.tools.reader, "inspect", hostile)
    assert archive.walk(document) == "quarantined"
    assert archive.reason(document) == ("quarantined", "object_damaged")


def test_what_is_put_right_is_read_after_all(archive):
    document = archive.drop("brief.pdf", lane.letter("Kanal"))
    path = stored(archive, document)
    whole = path.read_bytes()
    spoil(path)
    archive.walk(document)
    path.write_bytes(whole)
    archive.archive.intake.retry(document)
    assert archive.walk(document) in ("filed", "review")
