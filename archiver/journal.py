"""The log: one JSON object a line on stderr, for journald and for scripts.

Promises ids, codes and counts only: no names of files, no text of documents. Stack traces are
here and nowhere else.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """A record as one line of JSON, with all that was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info:
            line["trace"] = _trace(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _trace(info: Any) -> str:
    """Where and what kind, without the message: that may hold a file's name or its text."""
    kind, _value, places = info
    name = kind.__name__ if kind is not None else ""
    return "".join(traceback.format_tb(places)) + name


def start(level: int = logging.INFO) -> None:
    """Log to stderr from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    logger = logging.getLogger("archiver")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def quiet() -> None:
    """Log errors only, for a terminal that shows progress."""
    start(logging.ERROR)
