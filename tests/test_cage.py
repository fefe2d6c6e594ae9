"""The cage holds: what a caged process sees, and that it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import pytest

from archiver.recognise import cage, kernel, wire
from archiver.recognise.confinement import SCRATCH
from archiver.recognise.guard import descendants
from archiver.recognise.visible import visible

# The standard library's timeit runs words of the command line as code, and it is visible in
# every cage, which the tests are not.
RUNNER = "timeit"
PROBE = """
import os, socket, sys
sock = socket.socket(fileno=int(sys.argv[1]))
try:
    root = sorted(os.listdir("/"))
except OSError:
    root = []
seen = {"root": root, "open": [], "written": []}
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
os._exit(0)
"""
KINDS = ["bubblewrap", "landlock", "none"]


@pytest.fixture(params=KINDS)
def kind(request):
    needs(request.param)
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
    words = [f"exec({PROBE!r})", f"#{secret}|/etc/passwd|/etc/hostname", f"#{port}"]
    caged = cage.spawn(RUNNER, kind=kind, scratch=scratch, arguments=words)
    try:
        caged.sock.settimeout(30)
        seen, _fds = wire.receive(caged.sock)
        return seen
    finally:
        caged.kill()


def needs(kind):
    if kind == "bubblewrap" and cage.probe() != "bubblewrap":
        pytest.skip("this machine allows no bubblewrap")
    if kind == "landlock" and not kernel.landlock_version():
        pytest.skip("this kernel has no Landlock")


@pytest.mark.parametrize("kind", ["bubblewrap", "landlock"])
def test_inside_there_is_no_network_and_no_file_of_the_archive(kind, tmp_path, listener):
    needs(kind)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "vault.txt"
    secret.write_text("secret")
    seen = look_around(kind, scratch, secret, listener)
    assert seen["network"] is False
    assert seen["open"] == []
    assert seen["written"] == [SCRATCH if kind == "bubblewrap" else str(scratch)]
    assert set(seen["environment"]) <= {
        "PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR", "LANG",
        "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "TESSDATA_PREFIX", "PWD", "LC_CTYPE",
    }  # fmt: skip
    assert Path(seen["package"]) == Path(cage.__file__).parent.parent / "records.py"
    if kind == "bubblewrap":
        # Whatever the product and its Python are installed below is all that is seen of a place.
        needed = {Path(place).parts[1] for place in visible().places}
        needed |= {Path(link).parts[1] for link, _target in visible().links}
        assert set(seen["root"]) <= {"dev", "proc", "scratch", "tmp", *needed}
        # Ghostscript's own resources lie there on Debian; nothing else of it is seen.
        beyond = {name for name in seen["var"] if not name.startswith("/var/lib/ghostscript")}
        assert beyond <= {"/var", "/var/lib"}


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
    for child in descendants(pid):
        try:
            if Path(f"/proc/{child}/comm").read_text() == "sleep\n":
                found.append(child)
        except OSError:
            pass
    return found


def test_kill_ends_the_whole_family(kind, tmp_path):
    caged = sleeper(kind, tmp_path)
    until(lambda: sleepers_below(caged.pid))
    family = [caged.pid, *descendants(caged.pid)]
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
    until(lambda: family.extend(descendants(pid)) or family or kind == "none")
    daemon.kill()
    daemon.wait()
    until(lambda: not any(runs(one) for one in [pid, *family]))
    daemon.stdin.close()
    daemon.stdout.close()


LINKED = """
import socket, sys
from archiver.recognise import cage, wire
caged = cage.spawn("timeit", kind="bubblewrap", scratch=None, arguments=[sys.argv[1]])
caged.sock.settimeout(30)
try:
    print(wire.receive(caged.sock)[0]["python"])
except wire.PeerGone:
    sys.exit(caged.words.verbatim())
finally:
    caged.kill()
"""
ANSWER = """
import socket, sys
from archiver.recognise import wire
wire.send(socket.socket(fileno=int(sys.argv[1])), {"python": sys.version})
"""


def test_a_python_reached_through_links_starts_in_the_cage(tmp_path):
    """As uv, asdf, pyenv and pipx install it: every hop lies in another folder."""
    needs("bubblewrap")
    real = Path(sys.executable).resolve()
    local, shelf, venv = tmp_path / "local" / "bin", tmp_path / "shelf", tmp_path / "venv"
    local.mkdir(parents=True)
    shelf.mkdir()
    (venv / "bin").mkdir(parents=True)
    (shelf / "3.x").symlink_to(real.parent)
    (shelf / "current").symlink_to("3.x")
    (local / "python3").symlink_to(Path("..", "..", "shelf", "current", real.name))
    (venv / "bin" / "python").symlink_to(local / "python3")
    (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
    (venv / "pyvenv.cfg").write_text(f"home = {local}\n")
    command = [str(venv / "bin" / "python"), "-c", LINKED, f"exec({ANSWER!r})"]
    package = str(Path(cage.__file__).parents[2])
    ended = subprocess.run(
        command, env={"PYTHONPATH": package, "PATH": "/usr/bin"}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == sys.version.replace("\n", " ") or sys.version in ended.stdout


def test_what_a_caged_process_says_stays_bounded_and_holds_no_text(kind, tmp_path):
    code = """
import sys
sys.stderr.write("Sehr geehrter Herr Geheim\\n" * 100_000)
sys.stderr.flush()
"""
    failing = "def lesen():\n    raise ValueError('Herr Geheim wohnt in der Teststrasse')\nlesen()"
    caged = cage.spawn(RUNNER, kind=kind, scratch=tmp_path, arguments=[code])
    until(lambda: not caged.alive() or caged.words.verbatim())
    assert len(caged.words.verbatim()) < 5000
    caged.kill()
    caged = cage.spawn(RUNNER, kind=kind, scratch=tmp_path, arguments=[failing])
    until(lambda: not caged.alive())
    said = caged.words.outline()
    assert "ValueError" in said
    assert "Geheim" not in said and "Teststrasse" not in said
    caged.kill()


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -11),
        ("import os; os._exit(3)", 3),
    ],
)
def test_how_a_caged_process_ended_is_known(kind, tmp_path, code, ended):
    caged = cage.spawn(RUNNER, kind=kind, scratch=tmp_path, arguments=[code])
    assert caged.ended(60) == ended
    caged.kill()


def test_packages_that_the_environment_names_are_there_in_the_cage() -> None:
    """A Python without packages of its own is given them, as where a service has no venv."""
    given = os.pathsep.join((str(Path(cage.__file__).parents[2]), sysconfig.get_path("purelib")))
    code = (
        "from archiver.recognise import cage;"
        "print([kind for kind in cage.CAGES if not isinstance(cage.tried(kind), str)])"
    )
    ended = subprocess.run(
        [sys._base_executable, "-c", code],
        env={"PYTHONPATH": given, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [kind for kind in cage.CAGES if not isinstance(cage.tried(kind), str)]
    assert ended.stdout.strip() == str(ours)
