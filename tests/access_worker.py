"""Asks commands of one archive in this process, for `test_access`: forked, as another user.

Prints one line of JSON for each question on standard input: what the command said and how it ended.
"""

from __future__ import annotations

import io
import json
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout

import click

from archiver.cli.commands import root
from archiver.config import find


def ask(words: list[str]) -> dict[str, object]:
    """One command, as `archiver.cli.main` would run it, without a process of its own."""
    said, told = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    code: object = 0
    with redirect_stdout(said), redirect_stderr(told):
        try:
            code = root(words, prog_name="archiver", standalone_mode=False) or 0
        except click.exceptions.Exit as end:
            code = end.exit_code
        except click.ClickException as error:
            code = error.exit_code
        except BaseException:
            traceback.print_exc()
            code = "traceback"
    return {"code": code, "said": told.getvalue()}


def main() -> None:
    assert find is not None
    for line in sys.stdin:
        print(json.dumps(ask(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
