"""Locks of a library folder: files that the system frees when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from quintet.closing import Closing
from quintet.errors import LibraryBusy

WRITING = "writer.lock"
"""Held by whoever writes: one process at a time."""

TRAINING = "training.lock"
"""Held through a training, which writes only at its beginning and its end."""

SERVING = "service.lock"
"""Held by a service as long as it runs."""

DOING = {WRITING: "written", TRAINING: "trained"}

WAIT_S = 0.5


class Lock(Closing):
    """Holds a lock of a library folder; its file says whose it is.

    Raises:
        LibraryBusy: another process holds it, with its process id.
    """

    def __init__(self, folder: Path, name: str = WRITING) -> None:
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._take(folder, DOING[name])
        except BaseException:
            os.close(self._file)
            raise
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _take(self, folder: Path, doing: str) -> None:
        end = time.monotonic() + WAIT_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    raise LibraryBusy(
                        f"{folder} is being {doing} by process {_written(self._file)}; "
                        "wait for it to end"
                    ) from None
                time.sleep(0.05)

    def close(self) -> None:
        """Let the next one in; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def holder(folder: Path, name: str) -> str:
    """Process id of who holds a lock of a library folder, "" when nobody does."""
    try:
        file = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(file)
    else:
        return ""
    finally:
        os.close(file)


def _written(file: int) -> str:
    return os.pread(file, 32, 0).decode(errors="replace").strip() or "?"
