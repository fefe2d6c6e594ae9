"""The archive's answers, read by a caged process of their own.

Promises that no received byte meets a parser in this process, and that what the caged process says
has the form of an answer before it is believed.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Literal

import msgspec

from archiver.config import Config
from archiver.errors import DocumentFault, UsageFault
from archiver.pipeline.errand import Errand
from archiver.pipeline.office import cage_of
from archiver.recognise import cage
from archiver.recognise.exchange import WorkerDied, close_all
from archiver.recognise.sealing import is_sealed
from archiver.registry.reply_process import Request, Said
from archiver.retention.exchange.replies import AppraisalList, ImportList

_MODULE = "archiver.registry.reply_process"
_SECONDS = 120
_LARGEST = 64 << 20


def appraisal(config: Config, file: BinaryIO) -> AppraisalList:
    """Read a 0502.

    Args:
        config: of the archive; says which cage and how much memory.
        file: as the archive sent it, open for reading.

    Raises:
        UsageFault: ``reply_unreadable``, or why the answer cannot be taken, see
            `archiver.retention.exchange.replies`.
    """
    said = _said(config, file, "0502").appraisal
    if said is None:
        raise UsageFault("reply_unreadable")
    return said


def imported(config: Config, file: BinaryIO) -> ImportList:
    """Read a 0506; see `appraisal`."""
    said = _said(config, file, "0506").imported
    if said is None:
        raise UsageFault("reply_unreadable")
    return said


def _said(config: Config, file: BinaryIO, message: Literal["0502", "0506"]) -> Said:
    memory = config.work.memory_mib << 20
    request = Request(message, memory, _SECONDS)
    limits = cage.Limits(memory, _SECONDS, _LARGEST, _SECONDS)
    try:
        _empty, fds = Errand(_MODULE, cage_of(config), limits).ask(request, file.fileno())
    except (WorkerDied, DocumentFault) as error:
        raise UsageFault("reply_unreadable") from error
    try:
        if len(fds) != 1 or not is_sealed(fds[0]):
            raise UsageFault("reply_unreadable")
        size = os.fstat(fds[0]).st_size
        said = msgspec.json.decode(os.pread(fds[0], size, 0), type=Said)
    except msgspec.DecodeError as error:
        raise UsageFault("reply_unreadable") from error
    finally:
        close_all(fds)
    if said.reason:
        fault = UsageFault(said.reason)
        fault.params = said.params
        raise fault
    return said
