"""A destruction or an export that dies before one of its steps: CONFIG BATCH STEP."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from archiver.archive import Archive
from archiver.house import House
from archiver.pipeline import erasure
from archiver.pipeline.school import School
from archiver.registry import destruction, handover
from archiver.store.register import Register
from archiver.store.vault import LocalVault
from tests.seeding import bureau
from tests.town import Town

# Before any document is gone; nobody was told that it had begun.
NOT_YET: dict[str, tuple[Any, str]] = {
    "prepared": (destruction, "_prepared"),
    "destroying": (destruction, "move"),
    "plan": (erasure, "planned"),
    "ledger": (erasure, "_say_destroyed"),
}
DESTROYING: dict[str, tuple[Any, str]] = NOT_YET | {
    "vault": (LocalVault, "destroy"),
    "beside": (destruction.Ending, "beside"),
    "school": (School, "forget"),
    "index": (House, "reindex"),
    "catalogue": (Register, "scrub"),
    "proof": (erasure, "_left"),
    "sign": (destruction.Ending, "sign"),
    "forget": (erasure, "_forget"),
}
STEPS: dict[str, tuple[Any, str]] = DESTROYING | {"exported": (handover, "move")}


def die(*_arguments: object, **_named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(config: Path, batch: str, step: str) -> None:
    owner, name = STEPS[step]
    town = object.__new__(Town)
    town.root, town.config = config.parent, config
    with bureau(town, "2022-01-02") as one:
        setattr(owner, name, die)
        archive: Archive = one.one
        if step == "exported":
            archive.disposal.export(name=batch)
        else:
            archive.disposal.destroy(name=batch)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
