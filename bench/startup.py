"""How long the command takes to start: `archiver --help` and `search` beside `python -c pass`.

Prints the best wall time of several fresh processes each, since everything slower is somebody
else's work on the machine, and whether it is within 4 times the bare interpreter + 50 ms.

    python -m bench.startup [--times 20] [--short]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import history
from bench.product import COMMAND, Product

BARE = "python -c pass"
FACTOR, ALLOWANCE = 4, 0.05
PATIENCE = 60.0


def best(commands: Mapping[str, Sequence[str]], times: int) -> dict[str, float]:
    """Shortest wall time of each command in seconds; each must succeed every time.

    The commands take turns, so that a busy minute of the machine meets all of them.
    """
    taken = dict.fromkeys(commands, PATIENCE)
    for _ in range(times):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            taken[name] = min(taken[name], time.perf_counter() - started)
    return taken


def main() -> int:
    """Measure and print; 1 where a command is slower than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="processes of each kind")
    asked = history.options(parser, times=2)
    times = asked.times
    with tempfile.TemporaryDirectory(prefix="archiver-startup-") as folder:
        product = Product(Path(folder) / "town", settle_seconds=1)
        command = [COMMAND, "-c", str(product.root / "config.toml")]
        bare, search = [sys.executable, "-c", "pass"], [*command, "search", "Haus"]
        alone = {
            BARE: bare,
            "archiver --help": [*command, "--help"],
            "archiver search (no daemon)": search,
        }
        measured = best(alone, times)
        with product.daemon() as daemon:
            # Its own start is not what is measured.
            product.wait_rest(daemon)
            served = {
                "archiver search (daemon)": search,
                "archiver status (daemon)": [*command, "status"],
            }
            again = best({BARE: bare, **served}, times)
    measured |= again | {BARE: min(measured[BARE], again[BARE])}
    limit = FACTOR * measured[BARE] + ALLOWANCE
    for name, seconds in measured.items():
        verdict = "ok" if seconds <= limit else "too slow"
        ratio = seconds / measured[BARE]
        print(f"{name:<30}{seconds * 1000:7.0f} ms  {ratio:5.1f} x  {verdict}")
    print(f"{'limit':<30}{limit * 1000:7.0f} ms")
    ratios = {f"{name}/bare": taken / measured[BARE] for name, taken in measured.items()}
    history.note(asked, "startup", {name: ratios[name] for name in ratios if BARE not in name})
    return int(max(measured.values()) > limit and not asked.short)


if __name__ == "__main__":
    sys.exit(main())
