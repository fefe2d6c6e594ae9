"""The process in the cage that reads one answer of the archive, and then ends.

Promises one answer to one request, with limits on memory, time and size set before the first
received byte is read.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
from typing import Literal

import msgspec

from archiver.errors import Fault
from archiver.recognise import wire
from archiver.retention.exchange.received_xml import MAX_BYTES
from archiver.retention.exchange.replies import (
    AppraisalList,
    ImportList,
    read_appraisal,
    read_import,
)


class Request(msgspec.Struct, frozen=True):
    """The one request; the received file comes with it.

    Attributes:
        message: which message it must be.
        address_space, cpu_seconds: see `archiver.recognise.cage.Limits`.
    """

    message: Literal["0502", "0506"]
    address_space: int
    cpu_seconds: int


class Said(msgspec.Struct, frozen=True):
    """What the answer says, or why it cannot be taken.

    Attributes:
        appraisal, imported: of a 0502 or a 0506.
        reason, params: of a fault, empty where there is none.
    """

    appraisal: AppraisalList | None = None
    imported: ImportList | None = None
    reason: str = ""
    params: dict[str, str | int | float] = {}


def main() -> None:
    """Answer the request, then end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    message, (fd, *_none) = wire.receive(control)
    request = msgspec.convert(message, Request)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request.address_space, request.address_space))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds))
    said = msgspec.json.encode(_said(request, fd))
    wire.send(control, {}, payload=said)


def _said(request: Request, fd: int) -> Said:
    try:
        if os.fstat(fd).st_size > MAX_BYTES:
            return Said(reason="reply_too_large", params={"limit": MAX_BYTES >> 20})
        with os.fdopen(fd, "rb", closefd=False) as file:
            file.seek(0)
            content = file.read()
        if request.message == "0502":
            return Said(appraisal=read_appraisal(content))
        return Said(imported=read_import(content))
    except Fault as fault:
        return Said(reason=fault.reason, params=fault.params)
    except MemoryError:
        return Said(reason="reply_too_large", params={"limit": MAX_BYTES >> 20})


if __name__ == "__main__":
    main()
