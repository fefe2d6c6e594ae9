"""Teaching: examples of an older system taken in, so that the next documents are known."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from archiver.acts import Json, act
from archiver.archive.visit import Visit
from archiver.classify.examples import read
from archiver.rights import Right

_CHUNK = 1 << 20


class Examples(Visit):
    """Acts of those who teach the archive."""

    @act(Right.MAINTAIN)
    def learn(self, source: BinaryIO, wait: bool = False) -> Json:
        """Take labelled examples in and have a new model made of them.

        Args:
            source: JSON lines, see `archiver.classify.examples.read`.
            wait: until the model is there.

        Returns:
            ``examples`` (how many), ``model`` (its version) and ``figures`` where waited for.

        Raises:
            UsageFault: ``bad_example`` with file and line; nothing was taken in.
        """
        with tempfile.NamedTemporaryFile(dir=self._house.config.places.stage) as spool:
            while chunk := source.read(_CHUNK):
                spool.write(chunk)
            spool.flush()
            lesson = self._house.school.learn(read(Path(spool.name)), wait=wait)
        answer: Json = msgspec.to_builtins(lesson)
        return answer
