"""The long campaign against hostile files: corpora and mutants, dropped into a living archive.

Promises an exit code of 1 where the daemon died, a file has no outcome, its bytes were changed, a
word holds more than can be read, something is left behind, a file took longer than its limits, or
somebody who searched waited more than two seconds. Needs the corpora; takes an hour and more.

Run as ``python -m bench.hostile [--mutants 2000] [--seed 1] [--minutes 60] [--folder DIR]``. The
same seed makes the same files, so that what was found can be found again.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import corpora
from tests.mutants import mutants, seeds
from tests.siege import Outcome, besiege
from tests.town import Town

# Seconds for one answer about a document, as the archive of the campaign is configured.
WALL = 60
LONGEST_SEARCH = 2.0
_KINDS = frozenset({".pdf", ".tif", ".jpg", ".png", ".xml", ".zip"})


def most_seconds(one: Outcome) -> float:
    """What a file may take on its way: the first look, each page, the PDF/A, an invoice in it.

    It may wait for the engines besides, which others use: as long again.
    """
    pages = max(one.pages, 1)
    return 2 * ((3 + pages) * WALL + 30 + pages)


def main() -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="then drop no more")
    parser.add_argument("--folder", type=Path, help="where the archive is made, an empty folder")
    asked = parser.parse_args()
    folders = (corpora.HOSTILE, corpora.CASES)
    given = [path for one in folders for path in sorted(one.glob("*")) if path.suffix in _KINDS]
    files = [(f"{path.parent.name}-{path.name}", path.read_bytes()) for path in given]
    parents = seeds(*folders, corpora.INVOICES)
    files += list(mutants(asked.mutants, asked.seed, parents))
    with tempfile.TemporaryDirectory() as made:
        root = (asked.folder or Path(made)) / "town"
        report = besiege(Town(root, {"work": {"wall_seconds": WALL}}), files, 3600, asked.minutes)
    print(report.told(), flush=True)
    slow = [one.name for one in report.outcomes if one.seconds > most_seconds(one)]
    waited = [seconds for seconds in report.searches if seconds > LONGEST_SEARCH]
    found: dict[str, list[Any]] = {
        "without outcome": report.without_outcome,
        "changed": report.changed,
        "odd words": report.odd_words,
        "left": report.left,
        "errors": report.errors,
        "too slow": slow,
        "searches above two seconds": waited,
    }
    for what, which in found.items():
        if which:
            print(f"{what}: {which[:20]}")
    deaths = [one.name for one in report.outcomes if one.reason == "worker_died"]
    print(f"workers died over: {deaths}")
    return int(report.died or any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
