"""The demonstration: a new archive that asks, learns, files alone, and finds.

Everything is done by the command `archiver`, as a user would do it. The first papers come before
anything is learned and are decided by a person; then the examples are taught, and the others come.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_docs"
ARCHIVE = ROOT / "var" / "demo"
INBOX = ARCHIVE / "inbox" / "incoming"
COMMAND = [str(Path(sys.executable).with_name("archiver")), "-c", str(ARCHIVE / "config.toml")]
PATIENCE = 600.0
ENDINGS = {".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".jp2"}
ENDED = {"filed", "review", "quarantined"}
PERMIT = "Scan_20240402_1010.pdf"
INVOICE = "Rechnung Dachdecker.pdf"
FIRST = ("Urlaubsantrag.jp2", PERMIT, INVOICE)
FILED = "Scan_20240521_0902.pdf"


def title(text: str) -> None:
    """Say what comes now."""
    print(f"\n━━ {text} {'━' * max(2, 76 - len(text))}", flush=True)


def say(*arguments: str) -> None:
    """Show a command and what it prints."""
    shown = [f"'{word}'" if " " in word or '"' in word else word for word in arguments]
    print(f"\n$ archiver {' '.join(shown)}", flush=True)
    subprocess.run([*COMMAND, *arguments], check=True, cwd=ROOT)


def asked(*arguments: str) -> dict[str, Any]:
    """A command's answer as JSON, empty while the daemon starts."""
    ended = subprocess.run(
        [*COMMAND, *arguments, "--json"], capture_output=True, text=True, check=False
    )
    return json.loads(ended.stdout) if ended.returncode == 0 else {}


def wait_for(daemon: subprocess.Popen[bytes], count: int) -> None:
    """Show progress until so many documents have been worked off and can be found."""
    deadline = time.monotonic() + PATIENCE
    shown = -1
    while time.monotonic() < deadline and daemon.poll() is None:
        hits = asked("search", "*", "--limit", str(count)).get("hits", [])
        done = sum(hit["state"] in ENDED for hit in hits)
        if done != shown and sys.stdout.isatty():
            print(f"\r{'█' * done}{'·' * (count - done)} {done}/{count}", end="", flush=True)
            shown = done
        if done >= count:
            print("" if sys.stdout.isatty() else f"{'█' * done} {done}/{count}", flush=True)
            return
        time.sleep(0.3)
    sys.exit(f"The daemon did not finish; its log is {ARCHIVE / 'daemon.log'}")


def drop(samples: Sequence[Path]) -> None:
    """Put papers into the drop folder."""
    for sample in samples:
        shutil.copy(sample, INBOX)
    print(f"\n{len(samples)} scans dropped into {INBOX.relative_to(ROOT)}", flush=True)


def number_of(file: str) -> str:
    """The ID of the document that was dropped under this name."""
    for hit in asked("search", "*", "--limit", "100").get("hits", []):
        if hit["file"] == file:
            return str(hit["id"])
    sys.exit(f"{file} was not found.")


def ask_and_decide() -> None:
    """The papers that came first: what waits, and what a person says."""
    say("review")
    say("review", "accept", number_of(PERMIT))
    say("review", "set", number_of(INVOICE), "class=invoice", "sender=Dachwerk Sonnenschuh GmbH")


def look_around() -> None:
    """What a user would look at when all has been worked off."""
    say("status")
    title("What still waits for a person")
    say("review")
    title("Finding")
    say("search", "Baugenehmigung", "--limit", "2")
    say("search", "Gebuehr ODER Rechnung", "--limit", "2")
    say("search", '"Stadt Musterbach" Hundesteuer*', "--limit", "2")
    title("Everything that is known about one document, and why it was filed so")
    say("show", number_of(FILED))
    title("How long it is kept, and why")
    say("retention", "due")
    say("retention", "explain", number_of(INVOICE))


def main() -> None:
    """Make the archive, let it ask, teach it, and look at the result."""
    shutil.rmtree(ARCHIVE, ignore_errors=True)
    ARCHIVE.parent.mkdir(exist_ok=True)
    samples = sorted(path for path in SAMPLES.iterdir() if path.suffix.lower() in ENDINGS)
    first = [path for path in samples if path.name in FIRST]
    title("A new archive")
    subprocess.run([*COMMAND[:1], "init", str(ARCHIVE)], check=True)
    with (ARCHIVE / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen([*COMMAND, "run"], stderr=log, stdin=subprocess.DEVNULL)
    try:
        title("It has learned nothing yet: it files what is sure, and asks about the rest")
        drop(first)
        wait_for(daemon, len(first))
        ask_and_decide()
        title("It learns from examples")
        say("learn", str((SAMPLES / "examples.jsonl").relative_to(ROOT)), "--wait")
        title("Now it files alone where headline and learned words agree")
        drop([path for path in samples if path not in first])
        wait_for(daemon, len(samples))
        look_around()
    finally:
        daemon.terminate()
        daemon.wait()
    print(f"\nThe archive stays in {ARCHIVE}; look around with: {' '.join(COMMAND)} --help")


if __name__ == "__main__":
    main()
