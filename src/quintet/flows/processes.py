"""Work done by other processes of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from queue import LifoQueue
from threading import Lock
from typing import Any, TypeVar

from quintet.errors import WorkerLost
from quintet.flows.workers import STOPPED, TRIES

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


class Processes:
    """Processes of this machine. Scripts use it under ``if __name__ == "__main__":``."""

    def __init__(self, count: int) -> None:
        self.count = count
        threads = max(1, (os.cpu_count() or 1) // count)
        self._all = [_Process(threads) for _ in range(count)]
        self._free: LifoQueue[_Process] = LifoQueue()
        for process in self._all:
            self._free.put(process)

    def share(self, value: object) -> Any:
        """The value itself: it goes through a pipe with each task."""
        return value

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """See ``Workers.call``."""
        process = self._free.get()
        try:
            for _ in range(TRIES):
                with suppress(BrokenProcessPool):
                    return process.call(function, shared, task)
        finally:
            self._free.put(process)
        raise WorkerLost(f"the worker process died each of {TRIES} times; is the memory enough?")

    def stop(self) -> None:
        """See ``Workers.stop``."""
        for process in self._all:
            process.stop()

    def close(self) -> None:
        """End the processes, when their tasks are done."""
        for process in self._all:
            process.close()


class _Process:
    """One process, made again after it died.

    It has a pool to itself: a pool of several ends with any of its processes, and then nobody can
    tell whose task that was.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._pid: int | None = None
        self._stopped = False

    def call(self, function: Callable[[S, T], R], shared: S, task: T) -> R:
        """What the function returns or raises there.

        Raises:
            BrokenProcessPool: the process died.
            WorkerLost: it was stopped.
        """
        if self._stopped:
            raise WorkerLost(STOPPED)
        try:
            pool = self._pool or self._made()
            return pool.submit(function, shared, task).result()
        except BrokenProcessPool:
            self._forget()
            if self._stopped:
                raise WorkerLost(STOPPED) from None
            raise

    def _made(self) -> ProcessPoolExecutor:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _warm, (self._threads,))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is for us
        try:
            born = self._pool.submit(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        pid = born.result()
        with self._lock:
            self._pid = pid
        if self._stopped:
            self.stop()
        return self._pool

    def _forget(self) -> None:
        with self._lock:
            self._pid = None
        self.close()
        self._pool = None

    def stop(self) -> None:
        """Kill it, now or as soon as it is there."""
        self._stopped = True
        with self._lock:
            if self._pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """End it when its task is done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _warm(threads: int) -> None:
    """In a new process, before any library reads these: its share of the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
