"""Every operation of an archive, killed while it works: the short form of the crash campaign.

`python -m tests.crash_campaign` (`make crash-campaign`) kills at every call, here it is some.
"""

from __future__ import annotations

import pytest

from tests.crash_campaign import MUTATIONS, OPERATIONS, campaign, finding, spread
from tests.crashing import strace_works

pytestmark = pytest.mark.skipif(
    not strace_works(), reason="strace is missing or may not trace here (ptrace)"
)

POINTS = 2
# They go through the door, of which the others try every kind of call.
SLOW = {"division", "rescan", "purge", "dossier"}
NAMES = [
    pytest.param(one.name, marks=[pytest.mark.slow] if one.name in SLOW else [])
    for one in OPERATIONS
]


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_outlives_its_death(name: str) -> None:
    with campaign(name) as one:
        one.checked()
        assert one.problems == []
        for call in spread(one.calls, POINTS + 2)[1:-1]:
            assert not (violation := one.killed(call)), violation


CHANGES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.operation == "door" else [])
    for one in MUTATIONS
]


@pytest.mark.parametrize("mutation", CHANGES)
def test_a_mutation_is_found(mutation) -> None:
    assert finding(mutation, points=12)
