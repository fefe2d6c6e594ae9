"""Founding: the folders and the commented configuration of a new archive.

Promises that nothing needs to be edited to begin, and that an archive that exists is not touched.
"""

from __future__ import annotations

from pathlib import Path

from archiver.config import Places
from archiver.errors import Refusal

_EXAMPLE = Path(__file__).parent / "example"


def found(folder: Path) -> Path:
    """Make a new archive.

    Args:
        folder: of the archive; made where it is missing.

    Returns:
        the configuration file.

    Raises:
        Refusal: ``archive_exists``, ``folder_not_empty`` or ``folder_unwritable``.
    """
    folder = folder.resolve()
    config = folder / "config.toml"
    names = ("filingplan.toml", "pipelines/incoming.toml", "config.toml")
    examples = {name: (_EXAMPLE / name).read_bytes() for name in names}
    if config.exists():
        raise Refusal("archive_exists", path=str(config))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refusal("folder_not_empty", folder=str(folder))
        _make_folders(folder)
        _make_vault(folder)
        for name, content in examples.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Refusal("folder_unwritable", folder=str(folder)) from error
    return config


def _make_folders(folder: Path) -> None:
    places = Places()
    for place in places.folders().values():
        # All but the inbox hold what only the daemon may show: the index is full text.
        (folder / place).mkdir(0o755 if place == places.inbox else 0o750)
    (folder / "inbox" / "incoming").mkdir()


def _make_vault(folder: Path) -> None:
    from archiver.store.vault import LocalVault

    places = Places()
    LocalVault.create(folder / places.vault, folder / places.stage)
