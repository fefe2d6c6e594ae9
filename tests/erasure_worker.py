"""An erasure that dies before one of its steps, for test_erasure: CONFIG DOCUMENT STEP."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from archiver.clock import now
from archiver.config import load
from archiver.house import House, held
from archiver.pipeline import erasure, traces
from archiver.pipeline.school import School
from archiver.store.register import Register
from archiver.store.vault import LocalVault

STEPS: dict[str, tuple[Any, str]] = {
    "ledger": (Register, "record"),
    "vault": (LocalVault, "destroy"),
    "school": (School, "forget"),
    "index": (House, "reindex"),
    "notices": (erasure, "_publish"),
    "catalogue": (Register, "scrub"),
    "proof": (erasure, "_left"),
}


def die(*_arguments: object, **_named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(config: Path, document: str, step: str) -> None:
    owner, name = STEPS[step]
    setattr(owner, name, die)
    loaded = load(config)
    with held(loaded, exclusive=True):
        house = House(loaded)
        assert traces.find((), traces.stores(loaded))["ledger"].hits == ()
        erasure.erase(house, [document], "uid:1", {"batch": "01J"}, now, whole_vault=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
