"""Memory that threads have used goes back to the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What lanes do: many pieces at once in each of many threads, of which a few stay.
_USE = """
import ctypes, threading
from archiver import memory
if {spared}:
    memory.spare()
c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = (
    ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p])
together = threading.Barrier(12)
def work():
    together.wait()
    pieces = [c.malloc(40_000) for _ in range(400)]
    for piece in pieces:
        ctypes.memset(piece, 1, 40_000)
    together.wait()
    for piece in pieces[:-1]:
        c.free(piece)
    together.wait()
    together.wait()
threads = [threading.Thread(target=work) for _ in range(11)]
for thread in threads:
    thread.start()
for _ in range(3):
    together.wait()
if {spared}:
    memory.give_back()
print(next(line for line in open("/proc/self/status") if line.startswith("RssAnon")).split()[1])
together.wait()
"""


def _held(*, spared: bool) -> float:
    """MiB that a process holds after its threads have let go of 170 MiB."""
    program = [sys.executable, "-c", _USE.format(spared=spared)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout) / 1024


def test_what_threads_no_longer_use_goes_back() -> None:
    if _held(spared=False) < 60:
        pytest.skip("this machine's C library gives it back by itself")
    assert _held(spared=True) < 40
