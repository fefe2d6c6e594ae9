"""An independent judge of the renditions: veraPDF, beside the validator that wrote them.

Promises one line a file, PASS or FAIL, and the broken rules of those that fail. veraPDF comes from
Maven Central, once, into build/verapdf; it needs ``mvn`` and Java 11 or newer and is no part of
the product or of its tests.

Run as ``python -m bench.pdfa FILE ...``. Exit code 1 where a file fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

VERSION = "1.30.2"
_FOLDER = Path(__file__).resolve().parents[1] / "build" / "verapdf"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


def judge() -> Path:
    """The program as one archive; fetched where it is not there."""
    program = _FOLDER / f"cli-{VERSION}.jar"
    if not program.exists():
        artifact = f"-Dartifact=org.verapdf.apps:cli:{VERSION}"
        target = f"-DoutputDirectory={_FOLDER}"
        words = ["mvn", "-B", "-q", f"{_PLUGIN}:copy", artifact, target]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return program


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    asked = parser.parse_args()
    words = ["java", "-jar", str(judge()), "--format", "text", "--verbose"]
    # Flavour 0: each file is judged by what it says it is, 2b or 3b.
    words += ["--flavour", "0", *map(str, asked.files)]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    print(told, end="")
    passed = sum(line.startswith("PASS ") for line in told.splitlines())
    print(f"veraPDF {VERSION}: {passed} of {len(asked.files)} pass")
    return int(passed != len(asked.files))


if __name__ == "__main__":
    sys.exit(main())
