"""Checks an exported ledger with nothing but Python: its chain, its seals, their signatures.

Promises to need no other program (``openssl`` is asked about signatures where there is one), to
change nothing, and to name the first line that is not what it was. It stands in every export of
the ledger and belongs to no installation, so it imports the standard library alone.

    python3 check_ledger.py [folder]

Exit code 0: everything holds; 1: something does not; 2: there is nothing to check.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

SEAL_KEYS = [
    "algorithm",
    "archive",
    "at",
    "day",
    "digest",
    "format",
    "prev",
    "public_key",
    "seq",
    "signature",
]
IS_GERMAN = (os.environ.get("LC_ALL") or os.environ.get("LANG", "")).startswith("de")


class Seal(NamedTuple):
    """A seal as its file has it."""

    path: Path
    raw: bytes
    says: dict[str, Any]


class Trouble(NamedTuple):
    """A line that is not what it was: its place in the file, and what is wrong with it."""

    place: int
    what: str


def say(english: str, german: str) -> str:
    """The text in the language of the machine."""
    return german if IS_GERMAN else english


def digest(raw: bytes) -> str:
    """SHA-256 as hex digits."""
    return hashlib.sha256(raw).hexdigest()


def parsed(raw: bytes) -> dict[str, Any]:
    """One JSON object; empty where it is none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def canonical(says: dict[str, Any]) -> bytes:
    """The one form of a seal."""
    return json.dumps(says, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def follow(path: Path, sealed: dict[int, str]) -> tuple[Trouble | None, list[int], int]:
    """Follow the chain of the lines.

    Args:
        path: of the lines.
        sealed: digests that seals name, by number of the line.

    Returns:
        the first line that is wrong; the numbers of sealed lines met before; the last number.
    """
    met: list[int] = []
    before, number, place, is_open = "", -1, 0, False
    with path.open("rb") as lines:
        for place, raw in enumerate(lines, start=1):
            line = parsed(raw)
            if is_open:
                # A link that does not hold has two ends; the next line tells which is sound.
                is_sound = line.get("prev") == before
                return changed(place - 2 if is_sound else place - 1), met, number
            seq = line.get("seq")
            if not isinstance(seq, int) or not raw.endswith(b"\n"):
                return Trouble(place, say("cannot be read", "ist nicht lesbar")), met, number
            if place > 1 and seq != number + 1:
                text = say(f"should be number {number + 1}", f"müsste Nummer {number + 1} sein")
                return Trouble(place, text), met, number
            if place == 1 and sealed.get(seq - 1, line.get("prev")) != line.get("prev"):
                return changed(place), met, number
            is_open = place > 1 and line.get("prev") != before
            before, number = digest(raw), seq
            if number in sealed:
                if sealed[number] != before:
                    text = say("is not the line that was sealed", "ist nicht die besiegelte Zeile")
                    return Trouble(place, text), met, number
                if is_open:
                    return changed(place - 1), met, number
                met.append(number)
    return changed(place - 1) if is_open else None, met, number


def changed(place: int) -> Trouble:
    """A line whose bytes are others than those that its neighbour vouches for."""
    return Trouble(place, say("was changed", "wurde verändert"))


def public_keys(folder: Path) -> dict[str, Path]:
    """The keys' files by their fingerprints."""
    found = {}
    for path in sorted(folder.glob("*.pub")):
        # What is no key gets no name that a seal could call it by.
        with suppress(ValueError, IndexError):
            found[digest(base64.b64decode(path.read_text("ascii").split("-----")[2]))] = path
    return found


def openssl(*arguments: str) -> str:
    """What the program says; empty where there is none."""
    try:
        done = subprocess.run(["openssl", *arguments], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode(errors="replace")


def signature_holds(seal: Seal, key: Path) -> bool | None:
    """Whether the key made the seal; None where ``openssl`` cannot tell."""
    message = {name: value for name, value in seal.says.items() if name != "signature"}
    with tempfile.TemporaryDirectory() as folder:
        signed, signature = Path(folder, "message"), Path(folder, "signature")
        signed.write_bytes(canonical(message))
        try:
            signature.write_bytes(base64.b64decode(str(seal.says.get("signature")), validate=True))
        except ValueError:
            return False
        said = openssl(
            *("pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin"),
            *("-in", str(signed), "-sigfile", str(signature)),
        )
    if "Verified Successfully" in said:
        return True
    return False if "Verification Failure" in said else None


def stamp_holds(seal: Seal, roots: Path) -> bool | None:
    """Whether an authority stamped the seal; None where there is no stamp, or no ``openssl``."""
    stamp = seal.path.with_suffix(".tsr")
    if not stamp.exists() or not roots.exists():
        return None
    # Certificates are asked as of the day of the seal: today they may have run out.
    moment = int(datetime.fromisoformat(seal.says["at"].replace("Z", "+00:00")).timestamp())
    said = openssl(
        *("ts", "-verify", "-data", str(seal.path), "-in", str(stamp)),
        *("-CAfile", str(roots), "-attime", str(moment)),
    )
    return "Verification: OK" in said if said else None


def check_seals(folder: Path) -> tuple[list[Seal], list[str], int]:
    """Check the seals by themselves.

    Returns:
        those that may be believed; what is wrong with others; for how many no signature could be
        checked.
    """
    keys, sound, wrong, unchecked = public_keys(folder / "keys"), [], [], 0
    prev = ""
    for path in sorted((folder / "heads").glob("*.json")):
        raw = path.read_bytes()
        seal = Seal(path, raw, parsed(raw))
        key = keys.get(str(seal.says.get("public_key")))
        text = ""
        if list(seal.says) != SEAL_KEYS or canonical(seal.says) != raw:
            text = say("cannot be read", "ist nicht lesbar")
        elif key is None:
            text = say("is from a key that is not here", "stammt von einem fremden Schlüssel")
        else:
            holds = signature_holds(seal, key)
            unchecked += holds is None
            if holds is False or seal.says["day"] != path.stem:
                text = say("is forged", "ist gefälscht")
            elif prev and seal.says["prev"] != prev:
                text = say("does not follow the one before", "schließt nicht an das vorige an")
            elif stamp_holds(seal, folder / "tsa.pem") is False:
                text = say("has a wrong time stamp", "hat einen falschen Zeitstempel")
        prev = digest(raw)
        if text:
            wrong.append(f"heads/{path.name} {text}")
        else:
            sound.append(seal)
    return sound, wrong, unchecked


def check(folder: Path) -> list[str]:
    """Check an export; prints what holds.

    Returns:
        What does not.
    """
    sound, wrong, unchecked = check_seals(folder)
    sealed = {int(seal.says["seq"]): str(seal.says["digest"]) for seal in sound}
    trouble, met, last = follow(folder / "ledger.jsonl", sealed)
    if trouble:
        line = say("line", "Zeile")
        wrong.append(f"ledger.jsonl, {line} {trouble.place} {trouble.what}")
    else:
        lost = [number for number in sealed if number > last]
        wrong += [say(f"line {n} is missing", f"Zeile Nummer {n} fehlt") for n in lost]
        print(say(f"Lines up to number {last}: ", f"Zeilen bis Nummer {last}: "), end="")
        print(say(f"sealed up to {max(met, default=0)}.", f"besiegelt bis {max(met, default=0)}."))
    print(say(f"Seals that hold: {len(sound)}.", f"Gültige Siegel: {len(sound)}."))
    if unchecked:
        print(
            say(
                f"Signatures not checked (no suitable openssl): {unchecked}.",
                f"Unterschriften nicht geprüft (kein passendes openssl): {unchecked}.",
            )
        )
    for name in public_keys(folder / "keys"):
        print(say(f"Key, compare it: {name}", f"Schlüssel, bitte vergleichen: {name}"))
    return wrong


def main() -> int:
    """Check the folder that was named, else the one in which this stands."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    if not (folder / "ledger.jsonl").is_file():
        print(say("There is no ledger.jsonl.", "Hier ist keine ledger.jsonl."))
        return 2
    wrong = check(folder)
    for text in wrong:
        print(say(f"WRONG: {text}", f"FALSCH: {text}"))
    print(say("NOT SOUND", "NICHT IN ORDNUNG") if wrong else say("ALL HOLDS", "ALLES IN ORDNUNG"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
