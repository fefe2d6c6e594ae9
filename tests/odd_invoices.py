"""A process that answers for the one that reads invoices, as badly as the received file says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from archiver.extract.einvoice_reading import examine
from archiver.pipeline.invoice_process import Told
from archiver.recognise import wire
from archiver.recognise.sealing import sealed


def honest(file: Path) -> tuple[dict, bytes]:
    with file.open("rb") as source:
        examined = examine(source, "application/xml", datetime(2024, 4, 2, tzinfo=UTC))
    told = Told(examined.statement, examined.pages)
    return msgspec.to_builtins(told), examined.rendering.pdf


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    _request, (fd,) = wire.receive(control)
    # The first line says what to do, an invoice follows.
    order, _newline, xml = os.pread(fd, 1 << 20, 0).partition(b"\n")
    if order == b"die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if order == b"hang":
        subprocess.Popen(["/bin/sleep", "600"], cwd="/")
        time.sleep(600)
    if order == b"trickle":
        control.sendall(b"\0\0\xff\xff" + bytes(8))
        while True:
            control.sendall(b" ")
            time.sleep(0.02)
    if order == b"rubbish":
        control.sendall(b"\xff" * 100)
        return
    file = Path(f"invoice-{os.getpid()}.xml")
    file.write_bytes(xml)
    answer, pdf = honest(file)
    file.unlink()
    made = sealed(pdf)
    invoice = answer["statement"]["invoice"]
    match order.decode():
        case "amount":
            invoice["net"] = "viel"
        case "day":
            invoice["due_date"] = "2024-02-31"
        case "finding":
            answer["statement"]["validation"]["findings"] = ["all_is_well"]
        case "long":
            invoice["seller"] = "a" * 20_001
        case "box":
            answer["pages"][0]["words"][0][3] = 9999
        case "recognised":
            answer["pages"][0]["source"] = "recognised"
        case "no_pages":
            answer["pages"] = []
        case "reason":
            answer = {"kind": "fault", "reason": "disk_full", "params": {}}
        case "nothing":
            answer = {"kind": "nothing"}
        case "open":
            made = os.memfd_create("open")
            os.write(made, pdf)
        case "empty":
            made = sealed(b"")
        case "folder":
            made = os.open("/", os.O_RDONLY)
        case "fault":
            answer = {"kind": "fault", "reason": "font_missing", "params": {"font": "Noto"}}
        case "full":
            answer = {"kind": "full"}
    keeps = answer["kind"] == "told" or order == b"nothing"
    wire.send(control, answer, (made,) if keeps else ())


if __name__ == "__main__":
    main()
