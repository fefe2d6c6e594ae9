"""The life of one received file, as a program that test_crash_points kills or starves anywhere.

    python crash_worker.py BASE         once, in order
    python crash_worker.py BASE retry   a step that meets a SystemFault is made once more
    python crash_worker.py BASE recover only what the daemon does first at its next start

`BASE/inbox/scan.pdf` is the drop. The steps are those of the daemon: copy to the stage, object,
ledger line, settled, drop removed, second version, ledger line, settled; a second object is
received and destroyed. Calls before `BASE/begin` is asked for belong to Python, not to us.
"""

import os
import sys
from pathlib import Path

from archiver.errors import SystemFault
from archiver.records import Event
from archiver.store import durable
from archiver.store.ledger import Ledger
from archiver.store.vault import LocalVault

SCAN, OTHER = "01J0000000000000000000000A", "01J0000000000000000000000B"
SCAN_BYTES = b"%PDF-1.4 the received bytes " * 400
AT = "2026-03-31T23:59:59.000Z"
LATER = "2026-04-01T00:00:01.000Z"


def event(kind: str, id: str, at: str = AT, **data: object) -> Event:
    return Event(kind, at, "daemon", id, dict(data))


class Life:
    """The steps, each of which may be repeated after a fault."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.drop = base / "inbox" / "scan.pdf"
        self.vault = LocalVault(base / "vault", base / "stage")
        self.ledger = Ledger(base / "ledger")

    def open(self) -> None:
        self.ledger.open()

    def receive(self) -> None:
        part = self.base / "stage" / f"{SCAN}.part"
        try:
            with durable.storage_faults(part):
                durable.copy_file(self.drop, part)
            receipt = {f"receipts/{SCAN}.json": b"{}"}
            self.vault.stage_object(
                SCAN, {"original.pdf": part, **receipt}, AT, "received", "daemon"
            )
            self.vault.publish(SCAN)
        except SystemFault:
            part.unlink(missing_ok=True)
            raise

    def record_received(self) -> None:
        self.ledger.append([event("received", SCAN, version=1)])

    def settle(self) -> None:
        self.vault.settled(SCAN)

    def release(self) -> None:
        with durable.storage_faults(self.drop):
            self.drop.unlink(missing_ok=True)
            durable.sync_folder(self.drop.parent)

    def recognise(self) -> None:
        files = {"words.json": b"[]", "document.pdf": b"%PDF-1.7 rendition", "record.json": b"{}"}
        number = self.vault.add_version(SCAN, files, LATER, "recognised", "daemon")
        assert number == 2

    def record_recognised(self) -> None:
        events = [event(kind, SCAN, LATER, version=2) for kind in ("recognised", "filed")]
        self.ledger.append(events)

    def receive_other(self) -> None:
        self.vault.stage_object(OTHER, {"original.pdf": b"other"}, LATER, "received", "daemon")
        self.vault.publish(OTHER)

    def record_other(self) -> None:
        self.ledger.append([event("received", OTHER, LATER, version=1)])
        self.vault.settled(OTHER)

    def record_destroyed(self) -> None:
        self.ledger.append([event("destroyed", OTHER, LATER)])

    def destroy(self) -> None:
        self.vault.destroy(OTHER)

    def steps(self):
        return (
            *(self.open, self.receive, self.record_received, self.settle, self.release),
            *(self.recognise, self.record_recognised, self.settle),
            *(self.receive_other, self.record_other, self.record_destroyed, self.destroy),
        )


def recover(life: Life) -> None:
    life.open()
    known = {entry.id for entry in life.ledger.read()}
    print(life.vault.recover(known.__contains__), flush=True)


def main(base: Path, mode: str) -> None:
    life = Life(base)
    os.access(base / "begin", os.F_OK)
    if mode == "recover":
        recover(life)
        return
    for step in life.steps():
        try:
            step()
        except SystemFault as fault:
            print(step.__name__, fault, flush=True)
            if mode != "retry":
                raise
            step()
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "".join(sys.argv[2:]))
