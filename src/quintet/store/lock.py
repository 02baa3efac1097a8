"""One writer at a time: a lock file that the system frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from quintet.errors import LibraryBusy

NAME = "writer.lock"
WAIT_S = 0.5


class WriteLock:
    """Holds ``writer.lock`` of a library folder; the file says whose it is.

    Raises:
        LibraryBusy: another process writes, with its process id.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._take(folder)
        except BaseException:
            os.close(self._file)
            raise
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _take(self, folder: Path) -> None:
        end = time.monotonic() + WAIT_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    pid = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "?"
                    raise LibraryBusy(
                        f"{folder} is being written by process {pid}; wait for it to end"
                    ) from None
                time.sleep(0.05)

    def release(self) -> None:
        """Let the next writer in; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
