"""What a caged process may read: the system's libraries, Python with its packages, this package.

Promises that Python can be started by the name that it has here, through however many links: each
link on the way is named as well as the place that it leads to.
"""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path
from typing import NamedTuple

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ghostscript",
    "/var/lib/ghostscript",  # where /usr/share/ghostscript points for character maps on Debian
)
_MOST_LINKS = 40


class Visible(NamedTuple):
    """What is seen in a cage.

    Attributes:
        places: files and folders, none below another.
        links: links outside of these places, with what each says.
    """

    places: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def readable(self) -> tuple[str, ...]:
        """Names of all that may be read."""
        return self.places


def visible() -> Visible:
    """Find what Python, this package and the parsers need on this machine."""
    wanted = [*_SYSTEM, *_SYSTEM_FILES, *_python()]
    places: list[Path] = []
    links: dict[str, str] = {}
    for name in wanted:
        try:
            place, passed = _followed(Path(os.path.abspath(name)))  # noqa: PTH100 (links stay)
            is_there = place.exists()
        except PermissionError:
            continue  # what this user may not reach serves nobody in the cage either
        links |= passed
        if is_there and not any(place.is_relative_to(seen) for seen in places):
            places = [seen for seen in places if not seen.is_relative_to(place)]
            places.append(place)
    outside = {
        link: target
        for link, target in links.items()
        if not any(Path(link).is_relative_to(seen) for seen in places)
    }
    return Visible(tuple(map(str, places)), tuple(outside.items()))


def given_packages() -> list[str]:
    """Folders with packages that somebody has named for this Python, in their order."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [os.path.abspath(name) for name in given if name]  # noqa: PTH100 (links stay)


def _python() -> list[str]:
    """Name the folders and the program that Python, its packages and this package live in."""
    # The library of a Python lies beside its program's folder.
    program = Path(sys.executable).resolve().parent.parent
    wanted = [sys.prefix, sys.base_prefix, sys.base_exec_prefix, str(program)]
    wanted += [*site.getsitepackages(), str(Path(__file__).resolve().parent.parent)]
    wanted += given_packages()
    if site.ENABLE_USER_SITE:
        wanted.append(site.getusersitepackages())
    if "TESSDATA_PREFIX" in os.environ:
        wanted.append(os.environ["TESSDATA_PREFIX"])
    # Only its links count: where they lead is below one of the folders.
    return [*(name for name in wanted if name != "/"), sys.executable]


def _followed(path: Path) -> tuple[Path, dict[str, str]]:
    """Follow a path through all its links.

    Returns:
        the place without links, and each link that was passed with what it says.
    """
    passed: dict[str, str] = {}
    for _ in range(_MOST_LINKS):
        ways = [*reversed(path.parents), path]
        link = next((way for way in ways if way.is_symlink()), None)
        if link is None:
            break
        target = str(link.readlink())
        passed[str(link)] = target
        beyond = path.relative_to(link)
        path = Path(os.path.normpath(link.parent / target / beyond))
    return path, passed
