"""Folders for tests that ask for order and logic, not for durability."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def memory_folder():
    """A folder in memory where the system has one: fsync costs nothing there."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="archiver-test-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def only_root():
    """Go on only with the rights of root; a test whose fixture calls this is marked `root`."""
    if os.geteuid() != 0:
        pytest.skip("only root may act as other users, give files away or mount")
