"""The demonstration: a new archive, the sample documents dropped, and what a user would look at.

Everything is done by the command `archiver`, as a user would do it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHIVE = ROOT / "var" / "demo"
COMMAND = [str(Path(sys.executable).with_name("archiver")), "-c", str(ARCHIVE / "config.toml")]
PATIENCE = 600.0
ENDINGS = {".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".jp2"}


def say(*arguments: str) -> None:
    """Show a command and what it prints."""
    print(f"\n$ archiver {' '.join(arguments)}", flush=True)
    subprocess.run([*COMMAND, *arguments], check=True)


def status() -> dict[str, dict[str, int]]:
    """The archive's state, empty while the daemon starts."""
    ended = subprocess.run(
        [*COMMAND, "status", "--json"], capture_output=True, text=True, check=False
    )
    return json.loads(ended.stdout) if ended.returncode == 0 else {}


def wait_for(daemon: subprocess.Popen[bytes], count: int) -> None:
    """Show progress until every scan has been worked off."""
    deadline = time.monotonic() + PATIENCE
    shown = -1
    while time.monotonic() < deadline and daemon.poll() is None:
        documents = status().get("documents", {})
        done = sum(n for state, n in documents.items() if state not in ("accepted", "recognised"))
        if done != shown:
            bar = "█" * done + "·" * (count - done)
            end = "" if sys.stdout.isatty() and done < count else "\n"
            print(f"\r{bar} {done}/{count}", end=end, flush=True)
            shown = done
        if done >= count:
            return
        time.sleep(0.3)
    sys.exit(f"The daemon did not finish; its log is {ARCHIVE / 'daemon.log'}")


def main() -> None:
    """Make the archive, drop the samples, look at the result."""
    shutil.rmtree(ARCHIVE, ignore_errors=True)
    ARCHIVE.parent.mkdir(exist_ok=True)
    subprocess.run([*COMMAND[:1], "init", str(ARCHIVE)], check=True)
    inbox = ARCHIVE / "inbox" / "incoming"
    samples = sorted(p for p in (ROOT / "sample_docs").iterdir() if p.suffix.lower() in ENDINGS)
    with (ARCHIVE / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen([*COMMAND, "run"], stderr=log, stdin=subprocess.DEVNULL)
    try:
        for sample in samples:
            shutil.copy(sample, inbox)
        print(f"\n{len(samples)} scans dropped into {inbox}", flush=True)
        wait_for(daemon, len(samples))
        say("status")
        say("search", "Baugenehmigung", "--limit", "3")
        say("search", "Gebuehr ODER Rechnung", "--limit", "3")
        say("search", '"Stadt Musterbach" Hundesteuer*', "--limit", "3")
        found = subprocess.run(
            [*COMMAND, "search", "Baugenehmigung", "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        hits = json.loads(found.stdout)["hits"]
        if not hits:
            sys.exit("The sample permit was not found.")
        say("show", hits[0]["id"])
    finally:
        daemon.terminate()
        daemon.wait()
    print(f"\nThe archive stays in {ARCHIVE}; look around with: {' '.join(COMMAND)} --help")


if __name__ == "__main__":
    main()
