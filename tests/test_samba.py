"""A real Samba share on the loopback: slow uploads, pauses, renames, overwriting, deleting.

The server writes as the user ``nobody``, the daemon runs as a user of its own, as they do in a town
hall. Skipped where smbd and smbclient are not installed. The short form, with real writers and
without a server, is `tests/test_pausing_writers.py`.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pytest

from tests import paper
from tests.test_pausing_writers import OwnedTown, place
from tests.town import wait_for

__all__ = ["place"]

_MISSING = [name for name in ("smbd", "smbclient") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {', '.join(_MISSING)}"),
    pytest.mark.root,
]
NOBODY, NOGROUP = 65534, 65534
_CONFIGURATION = """[global]
server role = standalone server
interfaces = lo
bind interfaces only = yes
smb ports = {port}
map to guest = Bad User
guest account = nobody
private dir = {state}
lock directory = {state}
state directory = {state}
cache directory = {state}
pid directory = {state}
ncalrpc dir = {state}/ncalrpc
log file = {state}/log
disable spoolss = yes
load printers = no
server min protocol = SMB2
smb2 max write = 65536

[posteingang]
path = {folder}
guest ok = yes
read only = no
force group = nogroup
create mask = 0660
force create mode = 0660
directory mask = 2770
hide dot files = yes
follow symlinks = no
"""


def long_pdf(*titles: str) -> bytes:
    """A PDF with a text page for each title and half a megabyte that nobody sees."""
    sink = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper.text_pdf([(one, *paper.LETTER) for one in titles]))) as pdf:
        pdf.Root.Ballast = pdf.make_stream(random.Random(titles[0]).randbytes(600_000))
        pdf.save(sink)
    return sink.getvalue()


class Share:
    """The drop folder of a town as Windows machines see it."""

    def __init__(self, town: OwnedTown, port: int) -> None:
        self._address = ["smbclient", "//127.0.0.1/posteingang", "-p", str(port), "-N", "-E"]
        self._town = town

    def does(self, *commands: str) -> None:
        """Run commands to their end."""
        subprocess.run(
            [*self._address, "-c", "; ".join(commands)],
            check=True,
            capture_output=True,
            cwd=self._town.root.parent,
            timeout=60,
        )

    def puts(self, name: str) -> subprocess.Popen[bytes]:
        """Begin to upload what is then written to its standard input."""
        return subprocess.Popen(
            [*self._address, "-c", f"put - {name}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def served_share(town: OwnedTown) -> Iterator[Share]:
    """An smbd of our own for the town's drop folder."""
    os.chown(town.inbox, town.inbox.stat().st_uid, NOGROUP)
    state = town.root.parent / "samba"
    (state / "ncalrpc").mkdir(parents=True)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    configuration = state / "smb.conf"
    configuration.write_text(_CONFIGURATION.format(port=port, state=state, folder=town.inbox))
    server = subprocess.Popen(
        ["smbd", "--foreground", "--no-process-group", "-s", str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    share = Share(town, port)

    def answers() -> bool:
        assert server.poll() is None, (state / "log").read_text()
        try:
            share.does("ls")
        except subprocess.CalledProcessError:
            return False
        return True

    try:
        wait_for(answers, "the share answers", 30.0)
        yield share
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def pause(town: OwnedTown, name: str, upload: subprocess.Popen[bytes], first: bytes) -> None:
    """Send the first part; go on when it has lain there unchanged longer than it must."""
    assert upload.stdin is not None
    upload.stdin.write(first)
    upload.stdin.flush()

    def rests() -> bool:
        try:
            found = (town.inbox / name).stat()
        except FileNotFoundError:
            return any((town.root / "released").iterdir())
        return found.st_size > 0 and time.time() - found.st_ctime > 2.0

    wait_for(rests, f"{name} rests")


def ends(upload: subprocess.Popen[bytes], rest: bytes) -> None:
    assert upload.stdin is not None
    upload.stdin.write(rest)
    upload.stdin.close()
    assert upload.wait(timeout=30) == 0


def digests(town: OwnedTown) -> set[str]:
    """SHA-512 of every received file that the vault holds."""
    return {
        hashlib.sha512(path.read_bytes()).hexdigest()
        for path in (town.root / "vault").rglob("original.*")
    }


def test_uploads_over_samba_come_whole(place: Path) -> None:
    town = OwnedTown(place / "town")
    contents = {name: long_pdf(f"Akte {name}", "Kanalplan") for name in ("a", "b", "c", "d", "e")}
    with served_share(town) as share, town.served(may_lease=True, group=NOGROUP):
        # Slow, with a pause in the middle of the file.
        upload = share.puts("langsam.pdf")
        pause(town, "langsam.pdf", upload, contents["a"][:400_000])
        assert not town.search()
        ends(upload, contents["a"][400_000:])
        # Written under another name, then renamed.
        (place / "b").write_bytes(contents["b"])
        share.does("put b b.tmp", "rename b.tmp fertig.pdf")
        # Overwritten at once with another paper: both or the second, never half of each.
        (place / "c").write_bytes(contents["c"])
        (place / "d").write_bytes(contents["d"])
        share.does("put c gleich.pdf", "put d gleich.pdf")
        # Taken back before or while it is read.
        (place / "e").write_bytes(contents["e"])
        for number in range(5):
            share.does(f"put e weg{number}.pdf", f"del weg{number}.pdf")
        wait_for(lambda: len(town.search("Kanalplan state:filed")) >= 3, "all are filed")
        town.wait_until_settled()
        known = {hashlib.sha512(content).hexdigest() for content in contents.values()}
        assert digests(town) <= known
        for name in ("a", "b", "d"):
            assert hashlib.sha512(contents[name]).hexdigest() in digests(town)
        assert town.status()["problems"] == []


def test_without_the_capability_the_rest_of_a_slow_upload_comes_back(place: Path) -> None:
    town = OwnedTown(place / "town", unsure_seconds=0.5, compare_seconds=0.5)
    content = long_pdf("Akte", "Kanalplan", "Deckblatt")
    with served_share(town) as share, town.served(may_lease=False, group=NOGROUP):
        upload = share.puts("langsam.pdf")
        pause(town, "langsam.pdf", upload, content[:400_000])
        wait_for(lambda: any((town.root / "released").iterdir()), "half of it is taken")
        ends(upload, content[400_000:])
        (whole,) = wait_for(lambda: town.search("Kanalplan state:filed"), "the whole is filed")
        assert whole["pages"] == 3
        assert hashlib.sha512(content).hexdigest() in digests(town)
        # The half is kept, and the clerk is told of it.
        states = town.status()["documents"]
        assert states.get("quarantined", 0) + states.get("review", 0) == 1
