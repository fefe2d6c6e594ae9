"""The service manager hears when the daemon answers: what is started after it can ask."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.town import Town


def test_the_manager_is_told_when_the_daemon_answers(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with town.daemon():
            assert manager.recv(100) == b"READY=1"
            assert town.status()["daemon"]
    # One that is gone, or of the abstract kind, does no harm.
    monkeypatch.setenv("NOTIFY_SOCKET", "@archiver-nobody-listens")
    town.once()
