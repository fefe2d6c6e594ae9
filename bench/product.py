"""A real archive for measuring: the real command makes it, the real daemon runs it.

Promises that what is measured is what a clerk gets: files appear in the drop folder, and the clock
stops when each is read, filed or laid before a person, and found by a word that stands on it.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from archiver.cli.remote import RemoteArchive
from bench import processes

COMMAND = str(Path(sys.executable).with_name("archiver"))
_PATIENCE = 900.0
_GLANCE = 0.25  # each look costs the daemon about 5 ms
_REST = 1.0
_SETTLED = ("filed", "review", "quarantined")


class Product:
    """One archive and its daemon.

    Args:
        root: a new folder.
        settle_seconds: how long a file must rest before it is taken.
        cage: as in config.toml.
    """

    def __init__(self, root: Path, settle_seconds: float, cage: str = "auto") -> None:
        self.root = root
        self._config = root / "config.toml"
        subprocess.run([COMMAND, "init", str(root)], stdout=subprocess.DEVNULL, check=True)
        text = self._config.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^settle_seconds = \S+", f"settle_seconds = {settle_seconds}", text)
        text = re.sub(r"(?m)^cage = \S+", f'cage = "{cage}"', text)
        self._config.write_text(text, encoding="utf-8")
        self.inbox = root / "inbox" / "incoming"

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """A running daemon that answers; it is stopped in the end.

        Raises:
            RuntimeError: it ended by itself, or did not stop cleanly.
        """
        with (self.root / "daemon.log").open("ab") as log:
            daemon = subprocess.Popen([COMMAND, "-c", str(self._config), "run"], stderr=log)
        try:
            self._until(daemon, lambda: (self.root / "archiver.sock").exists())
            self._until(daemon, lambda: bool(self.status()))
            yield daemon
        finally:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(timeout=120)
        if code != 0:
            raise RuntimeError((self.root / "daemon.log").read_text())

    def wait_rest(self, daemon: subprocess.Popen[bytes]) -> None:
        """Wait until the daemon and all it started have used no processor time for a second."""
        used = -1.0
        while (now := sum(processes.processor_seconds(daemon.pid).values())) > used + 0.02:
            used = now
            time.sleep(_REST)

    def drop(self, files: Mapping[str, bytes]) -> None:
        """Put files into the drop folder at once, each appearing whole."""
        for name, data in files.items():
            part = self.root / f"{name}.part"
            part.write_bytes(data)
            part.rename(self.inbox / name)

    def settled(self) -> int:
        """How many documents have come to the end of their way, or wait for a person."""
        documents = self.status()["documents"]
        return sum(int(documents.get(state, 0)) for state in _SETTLED)

    def wait_settled(self, daemon: subprocess.Popen[bytes], count: int) -> float:
        """Wait until so many documents are settled; returns the time, of the monotonic clock."""
        self._until(daemon, lambda: self.settled() >= count)
        return time.monotonic()

    def wait_found(self, daemon: subprocess.Popen[bytes], words: Mapping[str, str]) -> float:
        """Wait until each file is found by its word; returns the time, of the monotonic clock.

        Args:
            daemon: must not end meanwhile.
            words: name of the file to a word on it.
        """
        for name, word in words.items():
            self._until(daemon, partial(self._finds, word, name))
        return time.monotonic()

    def status(self) -> dict[str, Any]:
        """The answer of ``archiver status``."""
        with self._asked() as archive:
            answer: dict[str, Any] = archive.upkeep.status()
            return answer

    def texts(self) -> dict[str, str]:
        """The text of every document, by the name of its file."""
        texts = {}
        with self._asked() as archive:
            hits = archive.documents.search("*", 10_000)["hits"]
        for hit in hits:
            with self._asked() as archive:
                texts[str(hit["file"])] = "\n".join(archive.documents.text(hit["id"]))
        return texts

    def _finds(self, word: str, name: str) -> bool:
        with self._asked() as archive:
            return name in {hit["file"] for hit in archive.documents.search(word, 10_000)["hits"]}

    @contextmanager
    def _asked(self) -> Iterator[RemoteArchive]:
        yield RemoteArchive(self.root / "archiver.sock")

    def _until(self, daemon: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
        """Look until it holds; a daemon that ends is the end of the measurement."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if daemon.poll() is not None:
                raise RuntimeError((self.root / "daemon.log").read_text())
            if condition():
                return
            time.sleep(_GLANCE)
        raise RuntimeError(json.dumps(self.status()))
