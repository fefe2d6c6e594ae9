"""The command line: parses, calls the façade, prints. No logic of the archive is here.

Promises that help and messages speak the configured language, and that `archiver --help` and a
search load nothing that they do not need.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from archiver import tongue
from archiver.config import ConfigProblems, find


def main() -> None:
    """Entry point of the command `archiver`."""
    # A command lives for a moment: collecting garbage and taking the interpreter apart would cost
    # a tenth of it. The daemon turns the collector on again.
    gc.disable()
    tongue.use(_language(sys.argv[1:], os.environ))
    # After the language is chosen, since help texts are made when commands are defined.
    from archiver.cli.commands import root

    code = 0
    try:
        root(prog_name="archiver")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    # Whoever read the output may have gone, as `head` does.
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """ARCHIVER_LANGUAGE, else the configured one, else that of the locale."""
    asked = environ.get("ARCHIVER_LANGUAGE", "")
    if asked in tongue.LANGUAGES:
        return asked
    configured = _configured_language(arguments, environ)
    if configured in tongue.LANGUAGES:
        return configured
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "de" if locale.startswith("de") else "en"


def _configured_language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    import tomllib

    named = None
    for place, argument in enumerate(arguments[:-1]):
        if argument in ("-c", "--config"):
            named = Path(arguments[place + 1])
    try:
        text = find(named, environ).read_text(encoding="utf-8")
        return str(tomllib.loads(text).get("ui", {}).get("language", "de"))
    except (ConfigProblems, OSError, ValueError, AttributeError):
        return ""
