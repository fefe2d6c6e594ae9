"""An archive of an invented town for tests: real folders, the real daemon, the real command.

Nothing here sleeps for a guessed time: `wait_for` looks again until a condition holds or a
deadline has passed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from archiver.cli.remote import RemoteArchive
from archiver.errors import Fault
from archiver.recognise.guard import descendants

COMMAND = str(Path(sys.executable).with_name("archiver"))
DEADLINE = 180.0


# What an archive at rest has in its stage: folders of work, the state of clock and verification.
STANDING = ("pages", "cage", "clock.json", "verify.json", "verified.json")


def wait_for(condition: Callable[[], Any], what: str, deadline: float = DEADLINE) -> Any:
    """Look until `condition` gives something true; returns that."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {deadline} s: {what}")


@contextmanager
def workers_paused(daemon: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever a daemon starts for papers stands still; the daemon itself goes on."""
    over = threading.Event()

    def signalled(number: signal.Signals) -> None:
        for pid in descendants(daemon.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def pause() -> None:
        # Again and again, for it may start more of them.
        while not over.wait(0.02):
            signalled(signal.SIGSTOP)

    pausing = threading.Thread(target=pause)
    pausing.start()
    try:
        yield
    finally:
        over.set()
        pausing.join()
        signalled(signal.SIGCONT)


class Town:
    """One archive.

    Args:
        root: an empty or new folder.
        settings: changes of config.toml, e.g. ``{"inbox": {"settle_seconds": 0.2}}``. Nobody is
            asked about classes unless ``{"review": {"ask": [...]}}`` says so.
    """

    def __init__(self, root: Path, settings: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.root = root
        self.config = root / "config.toml"
        self.command("init", str(root), configured=False)
        quick = {"settle_seconds": 0.2, "empty_after_seconds": 0.5, "poll_seconds": 0.2}
        merged: dict[str, dict[str, Any]] = {
            "inbox": quick,
            "ui": {"language": "en"},
            # Two cores run two tests at once; those of work side by side ask for more.
            "work": {"processes": 1},
            # What a test drops is filed unless the paper itself is bad.
            "review": {"ask": []},
            # Batches can be released without anybody having looked at them.
            "quality": {"percent": 0},
        }
        for section, values in (settings or {}).items():
            merged.setdefault(section, {}).update(values)
        self.configure(merged)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox" / "incoming"

    @property
    def problems(self) -> Path:
        return self.inbox / "_problems"

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Change keys of config.toml where they stand."""
        lines = self.config.read_text(encoding="utf-8").splitlines()
        section = ""
        for number, line in enumerate(lines):
            if line.startswith("["):
                section = line.strip("[").partition("]")[0]  # a comment may follow
            key = line.partition("=")[0].strip()
            if key in settings.get(section, {}):
                lines[number] = f"{key} = {json.dumps(settings[section][key])}"
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def drop(self, name: str | bytes, data: bytes) -> Path:
        """Put a file into the drop folder as a clerk's program does."""
        path = self.inbox / (name if isinstance(name, str) else os.fsdecode(name))
        path.write_bytes(data)
        return path

    def command(
        self, *arguments: str, configured: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; its exit code is for the caller to judge."""
        named = ["-c", str(self.config)] if configured else []
        options.setdefault("timeout", DEADLINE)
        return subprocess.run(
            [COMMAND, *named, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            **options,
        )

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and read its answer.

        What tests ask again and again is asked at the daemon's door, where one runs: a Python for
        each look would take the processor from what is waited for.
        """
        with suppress(Fault, OSError, UnicodeError):
            match arguments:
                case ["status"]:
                    return self._served.upkeep.status()
                case ["show", identifier] if not identifier.startswith("-"):
                    return self._served.documents.show(identifier)
                case ["search", query, "--limit", limit]:
                    return self._served.documents.search(query, int(limit))
        ended = self.command(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    @property
    def _served(self) -> RemoteArchive:
        """The daemon, where one runs."""
        return RemoteArchive(self.root / "archiver.sock")

    def once(self, expected: int = 0) -> None:
        """Work off what is there."""
        ended = self.command("run", "--once")
        assert ended.returncode == expected, (ended.returncode, ended.stderr)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the daemon in a process group of its own and wait until it answers."""
        with (self.root / "daemon.log").open("ab") as log:
            daemon = subprocess.Popen(
                [COMMAND, "-c", str(self.config), "run"],
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

        def answers() -> bool:
            assert daemon.poll() is None, (self.root / "daemon.log").read_text()
            with suppress(Fault, OSError):  # nobody listens yet, or only to ask for patience
                return bool(self._served.upkeep.status()["daemon"])
            return False

        wait_for(answers, "the daemon answers")
        return daemon

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """A running daemon; it must stop cleanly."""
        running = self.start()
        try:
            yield running
        except BaseException:
            print((self.root / "daemon.log").read_text()[-4000:])
            raise
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
            code = running.wait(timeout=60)
        assert code == 0, (self.root / "daemon.log").read_text()

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.json("status")
        return answer

    def search(self, query: str = "*", limit: int = 1000) -> list[dict[str, Any]]:
        hits: list[dict[str, Any]] = self.json("search", query, "--limit", str(limit))["hits"]
        return hits

    def settled(self) -> bool:
        """Whether nothing waits and every document has reached a state that stays."""
        state = self.status()
        unfinished = {"accepted", "recognised", "classified"} & set(state["documents"])
        return not state["inbox"]["waiting"] and not unfinished

    def wait_until_settled(self) -> None:
        wait_for(self.settled, "all work is done")
