"""Wait for the next look: until its time has come, or until something stirs in a drop folder.

Promises never to wait longer than asked, so that the scan stays the truth: events are lost on a
full queue and never come from the far side of a network mount. Where they cannot be had at all,
it says so in `degraded` and only time wakes.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archiver.errors import SystemFault
from archiver.inbox.mounts import NETWORK_FILE_SYSTEMS, file_system_of, mount_table
from archiver.inbox.settling import PROBLEMS, RECEIPTS, is_ignored

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver


def stirs(name: bytes) -> bool:
    """Whether an event on this name is worth a look; our own notes and takings are not."""
    return not (is_ignored(name) or name in (PROBLEMS, RECEIPTS))


class Wake:
    """An alarm clock that drop folders can ring early.

    Args:
        folders: existing drop folders, watched without their subfolders.
        mode: ``poll`` never asks for events.
        gather_seconds: how long to gather after the first event, so that a hundred files of one
            copy cause one look and not a hundred.

    Attributes:
        degraded: why events cannot be had although they were asked for, else None. Reasons:
            ``watch_limit_reached``, ``watch_network_folder``, ``watch_folder_gone``,
            ``watch_unavailable``.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        mode: Literal["events", "poll"] = "events",
        gather_seconds: float = 0.1,
    ) -> None:
        self.degraded: SystemFault | None = None
        self._gather_seconds = gather_seconds
        self._stirred = threading.Event()
        self._stopped = threading.Event()
        self._observer: BaseObserver | None = None
        self._folders = frozenset(folder.resolve() for folder in folders)
        if mode == "events":
            self._watch()

    def wait(self, seconds: float) -> bool:
        """Wait until something stirs, `set` or `stop` is called, or the time is over.

        Args:
            seconds: at most.

        Returns:
            Whether something other than time ended it; what it was is forgotten then.
        """
        if not self._stirred.wait(seconds):
            return False
        if not self._stopped.wait(min(self._gather_seconds, seconds)):
            self._stirred.clear()
        return True

    def set(self) -> None:
        """End the present or the next `wait` early."""
        self._stirred.set()

    def stop(self) -> None:
        """Stop watching and end all threads; `wait` returns at once from now on."""
        self._stopped.set()
        self._stirred.set()
        if self._observer is not None:
            self._end(self._observer)
            self._observer = None

    def __enter__(self) -> Wake:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _watch(self) -> None:
        mountinfo = mount_table()
        for folder in self._folders:
            if (kind := file_system_of(folder, mountinfo)) in NETWORK_FILE_SYSTEMS:
                # The other folders are still watched.
                self.degraded = SystemFault("watch_network_folder", folder=str(folder), kind=kind)
        observer: BaseObserver | None = None
        try:
            from watchdog.observers import Observer

            observer = Observer()
            self._schedule(observer)
            observer.start()
        except (OSError, ImportError) as error:
            self.degraded = _why(error)
            if observer is not None:
                self._end(observer)
        else:
            self._observer = observer

    def _schedule(self, observer: BaseObserver) -> None:
        from watchdog import events

        outer = self

        class Listener(events.FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                outer._hear(event)

        # No FileModifiedEvent: a file that grows would ring without end, its close is enough.
        kinds: list[type[FileSystemEvent]] = [
            events.FileCreatedEvent,
            events.FileMovedEvent,
            events.FileDeletedEvent,
            events.FileClosedEvent,
            events.DirCreatedEvent,
            events.DirMovedEvent,
            events.DirDeletedEvent,
        ]
        for folder in self._folders:
            observer.schedule(Listener(), str(folder), event_filter=kinds)

    def _hear(self, event: FileSystemEvent) -> None:
        """Ring for an event; called in the observer's thread."""
        paths = [os.fsencode(path) for path in (event.src_path, event.dest_path) if path]
        source = Path(os.fsdecode(paths[0]))
        if source in self._folders:  # deleted, by the kinds of events we ask for
            self.degraded = SystemFault("watch_folder_gone", folder=str(source))
            self._stirred.set()
        elif any(stirs(path.rpartition(b"/")[2]) for path in paths):
            self._stirred.set()

    @staticmethod
    def _end(observer: BaseObserver) -> None:
        observer.stop()
        if observer.ident is not None:  # it had been started
            observer.join()


def _why(error: OSError | ImportError) -> SystemFault:
    limits = (errno.EMFILE, errno.ENOSPC, errno.ENFILE)
    limited = isinstance(error, OSError) and error.errno in limits
    return SystemFault("watch_limit_reached" if limited else "watch_unavailable", error=str(error))
