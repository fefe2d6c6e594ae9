"""Checks that a lock is complete: every requirement of every pinned package is met by a pin.

The locks are installed without a resolver, since a resolver looks at what was published later and
then wants what nobody pinned. So this is what stands in its place.

    python tools/pins.py requirements.lock          # for this Python, after installing
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
Environment = Mapping[str, str]
_PIN = re.compile(r"^[A-Za-z0-9][^#\\]*", re.MULTILINE)


def pins(lock: str) -> list[Requirement]:
    """Read the pins of a lock.

    Args:
        lock: text of a requirements file with hashes.

    Returns:
        one requirement a pin, with its marker; a package may have several.

    Raises:
        packaging.requirements.InvalidRequirement: a line is not a requirement.
    """
    return [Requirement(found.group().strip()) for found in _PIN.finditer(lock)]


def own(extras: Iterable[str]) -> list[Requirement]:
    """What this project asks for, with the named extras of ``pyproject.toml``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return [Requirement(line) for line in wanted]


def gaps(
    wanted: Iterable[Requirement], pinned: Iterable[Requirement], environment: Environment
) -> Iterator[str]:
    """Follow all requirements through the metadata of the installed packages.

    Args:
        wanted: where to start.
        pinned: what `pins` read.
        environment: values that replace those of this interpreter in markers, for example
            ``{"python_version": "3.14", "python_full_version": "3.14.0"}``.

    Yields:
        a sentence for each requirement that no pin meets, and for each pin that is not installed.
    """
    chosen = {
        canonicalize_name(pin.name): pin for pin in pinned if _counts(pin, environment, extra="")
    }
    queue = [(need, "pyproject.toml") for need in wanted]
    seen: set[tuple[NormalizedName, str]] = set()
    while queue:
        need, asker = queue.pop()
        if not _counts(need, environment, extra=""):
            continue
        name = canonicalize_name(need.name)
        pin = chosen.get(name)
        if pin is None or not need.specifier.contains(_version(pin), prereleases=True):
            yield f"{asker} requires {need}, and the lock pins {pin or 'nothing of it'}"
            continue
        for extra in ("", *need.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                below = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                yield f"{pin} is pinned and required by {asker}, but not installed"
                break
            queue += [
                (_without_extra(line), str(pin))
                for line in map(Requirement, below)
                if _counts(line, environment, extra=extra)
            ]


def _counts(line: Requirement, environment: Environment, *, extra: str) -> bool:
    """Whether a line's marker holds; a line for an extra counts with that extra alone."""
    if line.marker is None:
        return extra == ""
    given = {**environment, "extra": extra}
    if not line.marker.evaluate(given):
        return False
    return extra == "" or not line.marker.evaluate({**given, "extra": ""})


def _without_extra(line: Requirement) -> Requirement:
    """The line without its marker, which has been asked already."""
    bare = Requirement(str(line))
    bare.marker = None
    return bare


def _version(pin: Requirement) -> Version:
    """The one version of a pin."""
    (only,) = pin.specifier
    return Version(only.version)


def main() -> int:
    """Tell what is missing for this interpreter; the exit code says whether something is."""
    lock = Path(sys.argv[1])
    extras = ["dev"] if "dev" in lock.name else []
    missing = list(gaps(own(extras), pins(lock.read_text(encoding="utf-8")), {}))
    for sentence in missing:
        print(f"{lock.name} is not complete: {sentence}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
