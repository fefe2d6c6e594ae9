"""The model on disk: one folder a version, plain JSON and arrays, never half-written.

Promises that a reader finds a whole model or none: a version is built beside, made durable and
renamed; its digests are checked when it is read, and a damaged version gives way to the one
before. Nothing that is read here is ever run (arrays only, ``allow_pickle=False``).
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from archiver.classify.model import Corrections, Figures, Model, Scale
from archiver.errors import Refusal
from archiver.store import durable

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
KEPT = 2
"""Versions that stay when a new one has come."""

_DESCRIPTION = "model.json"
_BUILDING = ".building-"


class _Description(msgspec.Struct, frozen=True):
    """What stands in model.json; `digests` are sha512 of the arrays' files, `seen`: see `Model`."""

    format: int
    classes: tuple[str, ...]
    figures: Figures
    corrected_ids: tuple[str, ...]
    corrected_classes: tuple[str, ...]
    digests: dict[str, str]
    seen: int = 0


class ModelFolder:
    """The versions of a model in one folder, named by ascending numbers.

    Args:
        folder: made with the first version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> list[int]:
        """Numbers of the versions, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(int(p.name) for p in self.folder.iterdir() if p.name.isdecimal())

    def newest(self) -> Model | None:
        """The newest whole version, None where there is none."""
        for version in reversed(self.versions()):
            model = self._read(version)
            if model:
                return model
        return None

    def _read(self, version: int) -> Model | None:
        """A version, or None where it is damaged, of another format, or gone meanwhile."""
        place = self._place(version)
        try:
            content = (place / _DESCRIPTION).read_bytes()
            described = msgspec.json.decode(content, type=_Description)
            if described.format != FORMAT:
                return None
            arrays = {
                name: _array(place, name, digest) for name, digest in described.digests.items()
            }
            return _model(described, arrays, version)
        except (OSError, ValueError, KeyError):
            return None

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Be the only one who makes a version.

        Raises:
            Refusal: ``fit_running`` where another process does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        guard = os.open(self.folder / ".lock", flags, durable.FILE_MODE)
        try:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refusal("fit_running") from None
            self._sweep()
            yield
        finally:
            os.close(guard)

    def save(self, model: Model, seen: int = 0) -> int:
        """Write a model as the next version, then let the oldest go; inside `claimed`.

        Args:
            model: to write.
            seen: bytes of the file of examples when the fit began, 0 where it was no file.

        Returns:
            the number of the version.

        Raises:
            SystemFault: ``disk_full`` or ``storage_failed``; the versions before stay.
        """
        version = max(self.versions(), default=0) + 1
        building = self.folder / f"{_BUILDING}{secrets.token_hex(4)}"
        with durable.storage_faults(self.folder):
            try:
                building.mkdir()
                digests = {name: _write(building, name, a) for name, a in _arrays(model).items()}
                described = _Description(
                    FORMAT,
                    model.classes,
                    model.figures,
                    model.corrections.ids,
                    model.corrections.record_classes,
                    digests,
                    seen,
                )
                durable.write_file(building / _DESCRIPTION, msgspec.json.encode(described))
                durable.sync_folder(building)
                building.rename(self._place(version))
            except BaseException:
                durable.remove_tree(building)
                raise
            durable.sync_folder(self.folder)
            self._remove(self.versions()[:-KEPT])
        return version

    def forget(self) -> None:
        """Remove every version, e.g. when what was learned must go; inside `claimed`."""
        with durable.storage_faults(self.folder):
            self._remove(self.versions())

    def _remove(self, versions: Sequence[int]) -> None:
        """Let versions go; what was learned from destroyed documents must not come back."""
        for version in versions:
            durable.remove_tree(self._place(version))
        if versions:
            durable.sync_folder(self.folder)

    def _place(self, version: int) -> Path:
        return self.folder / f"{version:06d}"

    def _sweep(self) -> None:
        """Remove what killed processes left."""
        for left in self.folder.glob(f"{_BUILDING}*"):
            durable.remove_tree(left)


def _arrays(model: Model) -> dict[str, NDArray[Any]]:
    return {
        "columns": model.scale.columns,
        "idf": model.scale.idf,
        "weights": model.weights,
        "bias": model.bias,
        "corrected_ends": model.corrections.ends,
        "corrected_columns": model.corrections.columns,
        "corrected_values": model.corrections.values,
    }


def _write(folder: Path, name: str, values: NDArray[Any]) -> str:
    """Write one array durably; returns the digest of its file."""
    import numpy as np

    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    durable.write_file(folder / f"{name}.npy", content.getvalue())
    return hashlib.sha512(content.getbuffer()).hexdigest()


def _array(folder: Path, name: str, digest: str) -> NDArray[Any]:
    """Read one array; ValueError where its bytes are others than were written."""
    import numpy as np

    content = (folder / f"{Path(name).name}.npy").read_bytes()
    if hashlib.sha512(content).hexdigest() != digest:
        raise ValueError(name)
    values: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return values


def _model(described: _Description, arrays: dict[str, NDArray[Any]], version: int) -> Model:
    """Put a model together; ValueError where the parts do not fit each other."""
    width, classes = len(arrays["columns"]), len(described.classes)
    corrected = len(described.corrected_ids)
    ends = arrays["corrected_ends"]
    fits = (
        arrays["idf"].shape == (width,)
        and arrays["weights"].shape == (width, classes)
        and arrays["bias"].shape == (classes,)
        and len(described.corrected_classes) == len(ends) == corrected
        and len(arrays["corrected_columns"]) == len(arrays["corrected_values"])
    )
    if not fits:
        raise ValueError(version)
    corrections = Corrections(
        described.corrected_ids,
        described.corrected_classes,
        ends,
        arrays["corrected_columns"],
        arrays["corrected_values"],
    )
    scale = Scale(arrays["columns"], arrays["idf"])
    weights, bias = arrays["weights"], arrays["bias"]
    return Model(
        described.classes,
        scale,
        weights,
        bias,
        described.figures,
        corrections,
        version,
        described.seen,
    )
