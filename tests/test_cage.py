"""The cage holds: what a caged process sees, and that it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archiver.recognise import cage, wire

# The standard library's timeit runs words of the command line as code, and it is visible in
# every cage, which the tests are not.
RUNNER = "timeit"
PROBE = """
import os, socket, sys
sock = socket.socket(fileno=int(sys.argv[1]))
seen = {"root": sorted(os.listdir("/")), "open": [], "written": []}
seen["environment"] = sorted(os.environ)
for path in sys.argv[3].strip("#").split("|"):
    try:
        with open(path, "rb") as stream:
            stream.read(1)
        seen["open"].append(path)
    except OSError:
        pass
for folder in (sys.prefix, "/usr", os.environ["TMPDIR"]):
    try:
        with open(os.path.join(folder, "archiver-probe"), "w") as stream:
            stream.write("x")
        os.unlink(os.path.join(folder, "archiver-probe"))
        seen["written"].append(folder)
    except OSError:
        pass
import archiver.records
seen["package"] = archiver.records.__file__
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[4].strip("#"))), timeout=2).close()
    seen["network"] = True
except OSError:
    seen["network"] = False
from archiver.recognise import wire
seen["var"] = [top for top, _folders, _files in os.walk("/var")]
wire.send(sock, seen)
sock.recv(1)
os._exit(0)
"""
KINDS = ["bubblewrap", "none"]


@pytest.fixture(params=KINDS)
def kind(request):
    if request.param == "bubblewrap" and cage.probe() != "bubblewrap":
        pytest.skip("this machine allows no bubblewrap")
    return request.param


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.01)


def look_around(kind, scratch, secret, port):
    (scratch / "probe.py").write_text(PROBE)
    inside = cage.SCRATCH_INSIDE if kind == "bubblewrap" else str(scratch)
    code = f"exec(open('{inside}/probe.py').read())"
    words = [code, f"#{secret}|/etc/passwd|/etc/hostname", f"#{port}"]
    caged = cage.spawn(RUNNER, kind=kind, scratch=scratch, arguments=words)
    try:
        caged.sock.settimeout(30)
        seen, _fds = wire.receive(caged.sock)
        return seen
    finally:
        caged.kill()


def test_inside_there_is_no_network_and_no_file_of_the_archive(tmp_path, listener):
    if cage.probe() != "bubblewrap":
        pytest.skip("this machine allows no bubblewrap")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "vault.txt"
    secret.write_text("secret")
    seen = look_around("bubblewrap", scratch, secret, listener)
    assert seen["network"] is False
    assert seen["open"] == []
    assert seen["written"] == [cage.SCRATCH_INSIDE]
    assert not {"home", "srv", "mnt"} & set(seen["root"])
    # Ghostscript's own resources lie there on Debian; nothing else of it is seen.
    beyond = {name for name in seen["var"] if not name.startswith("/var/lib/ghostscript")}
    assert beyond <= {"/var", "/var/lib"}
    assert set(seen["environment"]) <= {
        "PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR", "LANG",
        "OMP_THREAD_LIMIT", "TESSDATA_PREFIX", "PWD", "LC_CTYPE",
    }  # fmt: skip
    assert Path(seen["package"]) == Path(cage.__file__).parent.parent / "records.py"


def test_the_probe_would_see_more_without_a_cage(tmp_path, listener):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "vault.txt"
    secret.write_text("secret")
    seen = look_around("none", scratch, secret, listener)
    assert seen["network"] is True
    assert str(secret) in seen["open"]


def sleeper(kind, scratch):
    code = "import subprocess,os; subprocess.run(['/bin/sleep', '600'])"
    return cage.spawn(RUNNER, kind=kind, scratch=scratch, arguments=[code])


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sleepers_below(pid):
    found = []
    for child in cage.descendants(pid):
        try:
            if Path(f"/proc/{child}/comm").read_text() == "sleep\n":
                found.append(child)
        except OSError:
            pass
    return found


def test_kill_ends_the_whole_family(kind, tmp_path):
    caged = sleeper(kind, tmp_path)
    until(lambda: sleepers_below(caged.pid))
    family = [caged.pid, *cage.descendants(caged.pid)]
    caged.kill()
    assert not caged.alive()
    until(lambda: not any(runs(pid) for pid in family))


def test_the_end_of_the_calling_thread_is_not_the_end_of_the_process(kind, tmp_path):
    started = []
    thread = threading.Thread(target=lambda: started.append(sleeper(kind, tmp_path)))
    thread.start()
    thread.join()
    (caged,) = started
    until(lambda: sleepers_below(caged.pid))
    assert caged.alive()
    caged.kill()


def test_a_caged_process_ends_with_the_daemon(kind, tmp_path):
    code = (
        "import sys; from pathlib import Path; from archiver.recognise import cage\n"
        f"c = cage.spawn({RUNNER!r}, kind={kind!r}, scratch=Path({str(tmp_path)!r}),\n"
        '  arguments=["import time; time.sleep(600)"])\n'
        "print(c.pid, flush=True); sys.stdin.read()"
    )
    daemon = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert daemon.stdout is not None
    pid = int(daemon.stdout.readline())
    family = []
    until(lambda: family.extend(cage.descendants(pid)) or family or kind == "none")
    daemon.kill()
    daemon.wait()
    until(lambda: not any(runs(one) for one in [pid, *family]))
    daemon.stdin.close()
    daemon.stdout.close()
