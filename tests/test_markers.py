"""Tests that are called pure are held to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "impure",
    [
        lambda: subprocess.run([sys.executable, "-V"], check=True),
        lambda: os.system("true"),
        lambda: socket.socket(socket.AF_UNIX).connect("/nowhere"),
    ],
    ids=["subprocess", "system", "connect"],
)
def test_a_pure_test_that_does_more_is_stopped(impure: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="is marked as pure, but does"):
        impure()


def test_every_test_is_pure_or_not(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        marks = {mark.name for mark in item.iter_markers()}
        assert len(marks & {"pure", "process"}) == 1
