"""Fitting beside the daily work: a process of its own that only takes what nobody else needs.

Promises that it may be killed at any moment and the model before stays; that it ends with the
thread that began it; that it runs at idle priority (SCHED_IDLE, nice 19) on one core unless
somebody waits for it; and that it tells its figures, or why there are none, on standard output as
one line of JSON.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from archiver.background import end_with, step_back
from archiver.classify.examples import ExampleStore
from archiver.classify.model import Figures
from archiver.classify.modelfolder import ModelFolder
from archiver.errors import ExitCode, Fault, SystemFault

_IDLE, _AWAITED = "idle", "awaited"
_ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Fitted(msgspec.Struct, frozen=True):
    """A version that was made, and its figures."""

    version: int
    figures: Figures


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The line on standard output."""

    fitted: Fitted | None = None
    reason: str = ""
    params: dict[str, str | int | float] = {}
    exit_code: int = 0


class Fit:
    """A fit that runs.

    Args:
        process: that fits.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def is_done(self) -> bool:
        """Whether `result` answers at once."""
        return self.process.poll() is not None

    def cancel(self) -> None:
        """Stop it, from any thread; the model before stays, and `result` raises."""
        self.process.kill()

    def result(self, timeout: float | None = None) -> Fitted:
        """Wait for the end.

        Raises:
            Fault: as the fit raised it.
            SystemFault: ``fit_died`` with its exit `code`, where it was killed.
            subprocess.TimeoutExpired: it is not done after `timeout` seconds; it goes on.
        """
        said, _ = self.process.communicate(timeout=timeout)
        with suppress(msgspec.DecodeError):
            answer = msgspec.json.decode(said, type=_Answer)
            if answer.fitted:
                return answer.fitted
            fault = Fault(answer.reason, **answer.params)
            fault.exit_code = ExitCode(answer.exit_code)
            raise fault
        raise SystemFault("fit_died", code=self.process.returncode)


def fit_in_background(
    examples: Path, folder: Path, plan: Path | None = None, *, is_awaited: bool = False
) -> Fit:
    """Begin to fit a new version of the model and return at once.

    The kernel kills the fit when the calling thread ends.

    Args:
        examples: the archive's own file of examples.
        folder: of the model.
        plan: filing plan, for the figures of rules and model together.
        is_awaited: somebody waits for it, so that it has its share of a busy machine.
    """
    priority = _AWAITED if is_awaited else _IDLE
    arguments = [str(os.getpid()), priority, str(examples), str(folder)]
    arguments += [str(plan)] if plan else []
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "archiver.classify.background", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **_ONE_CORE},
    )
    return Fit(process)


def main(arguments: list[str]) -> int:
    """Fit as `fit_in_background` asks; returns the exit code."""
    parent, priority, *places = arguments
    end_with(int(parent))
    if priority == _IDLE:
        step_back()
    try:
        answer = _Answer(_fitted(*(Path(place) for place in places)))
    except Fault as fault:
        answer = _Answer(None, fault.reason, fault.params, int(fault.exit_code))
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.flush()
    return answer.exit_code


def _fitted(examples: Path, folder: Path, plan_file: Path | None = None) -> Fitted:
    from archiver.classify.fitting import fit
    from archiver.config import filing_plan

    place = ModelFolder(folder)
    plan = filing_plan(plan_file) if plan_file else ()
    with place.claimed():
        # Asked before: what comes meanwhile may be read or not, so it is to be learned again.
        seen = examples.stat().st_size if examples.exists() else 0
        model = fit(ExampleStore(examples), plan, folder=str(folder))
        return Fitted(place.save(model, seen), model.figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
