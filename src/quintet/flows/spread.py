"""Work spread over other processes: of this machine, or of a Ray cluster.

Both keep one promise: a task whose process dies is given to another, and each task has one result.
What a task computes must therefore not depend on where, or how often, it is begun.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from queue import LifoQueue
from typing import Any, Protocol, TypeVar

from quintet.errors import MissingExtra, QuintetError, Unreachable, UsageError, WorkerLost

TRIES = 4
"""A task is begun at most so often; one that always kills its process must come to an end."""

ANSWER_S = 5.0
"""A cluster's port must open in this time; Ray itself would try for minutes."""

MAX_TASKS = 256
"""Tasks under way at a time, at most: one thread each waits for its result."""

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


class Workers(Protocol):
    """Processes that run functions of this package.

    Attributes:
        count: tasks that run at a time.
    """

    count: int

    def share(self, value: object) -> Any:
        """A value that many tasks need, to be given to ``call``; sent to each process once."""
        ...

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """What ``function(value, task)`` returns or raises in a worker; from any thread.

        Args:
            function: of a module, so that it can be found by name.
            shared: the value from ``share``.

        Raises:
            WorkerLost: the process died at every try.
            Unreachable: the cluster is gone.
        """
        ...


def each(
    workers: Workers,
    function: Callable[[S, T], R],
    value: S,
    tasks: Sequence[T],
    on_done: Callable[[int], None],
) -> list[R]:
    """The results of all tasks in their order; ``on_done`` is called with how many are finished.

    Raises:
        WorkerLost: a process died at every try of a task.
    """
    shared = workers.share(value)
    with ThreadPoolExecutor(min(MAX_TASKS, max(1, len(tasks)))) as threads:
        running = [threads.submit(workers.call, function, shared, task) for task in tasks]
        found = []
        for future in running:
            found.append(future.result())
            on_done(len(found))
    return found


class Processes:
    """Processes of this machine. Scripts use it under ``if __name__ == "__main__":``.

    Each has a pool of its own: a pool ends as a whole with any process of it, and then nobody knows
    whose task it was.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free: LifoQueue[ProcessPoolExecutor] = LifoQueue()
        for _ in range(count):
            self._free.put(self._new())

    def _new(self) -> ProcessPoolExecutor:
        cores = max(1, (os.cpu_count() or 1) // self.count)
        return ProcessPoolExecutor(1, get_context("spawn"), _warm, (cores,))

    def share(self, value: object) -> Any:
        """The value itself: it goes through a pipe with each task."""
        return value

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """See ``Workers.call``."""
        for _ in range(TRIES):
            process = self._free.get()
            try:
                return process.submit(function, shared, task).result()
            except BrokenProcessPool:
                process.shutdown(wait=False)
                process = self._new()
            finally:
                self._free.put(process)
        raise WorkerLost(f"the worker process died each of {TRIES} times; is the memory enough?")

    def close(self) -> None:
        """End the processes, when they are free."""
        for _ in range(self.count):
            self._free.get().shutdown(cancel_futures=True)


def _warm(threads: int) -> None:
    """In a new process, before any library reads these: its share of the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))


class Ray:
    """The workers of a Ray cluster, one task a processor; Quintet is installed on each machine."""

    def __init__(self) -> None:
        import ray

        self._ray = ray
        run: Any = ray.remote(_run)
        self._run = run.options(num_cpus=1, max_retries=TRIES - 1, retry_exceptions=False)
        self._program = version("quintet")
        self.count = max(1, int(ray.cluster_resources().get("CPU", 1)))

    def share(self, value: object) -> Any:
        """A reference to the value in the cluster's object store."""
        return self._ray.put(value)

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """See ``Workers.call``."""
        errors = self._ray.exceptions
        try:
            result: R = self._ray.get(self._run.remote(self._program, function, shared, task))
        except errors.RayTaskError as e:
            if isinstance(e.cause, errors.RayError):
                told = str(e.cause).strip().splitlines()[-1]
                raise QuintetError(
                    f"a Ray worker cannot do its work ({told}); install Quintet "
                    f"{self._program} and what it needs on every machine"
                ) from e
            raise e.cause from e
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as e:
            raise WorkerLost(
                f"its Ray worker died each of {TRIES} times ({type(e).__name__}); "
                "is the memory of the machines enough?"
            ) from e
        except errors.RayError as e:
            raise Unreachable(f"the Ray cluster was lost on the way: {e}") from e
        return result


def _run(program: str, function: Callable[[S, T], R], value: S, task: T) -> R:
    """In a Ray worker: one task, by the program that gave it."""
    if version("quintet") != program:
        raise UsageError(
            f"Ray worker {socket.gethostname()} has Quintet {version('quintet')}, this is "
            f"{program}; install the same version on every machine"
        )
    return function(value, task)


@contextmanager
def on_ray(address: str | None) -> Iterator[Ray | None]:
    """The workers of the cluster at an address while the block runs; None without an address.

    A connection that the program has made before is used, and left open.

    Args:
        address: ``HOST:PORT`` of the head, ``ray://HOST:10001``, or ``auto`` on a machine of it.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: no such address can be.
        Unreachable: no cluster answers there.
    """
    if address is None:
        yield None
        return
    if find_spec("ray") is None:
        raise MissingExtra("ray", "ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent unless it is asked for
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if ray.is_initialized():
        yield Ray()
        return
    _answers(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as e:
        raise Unreachable(f"no Ray cluster at {address}: {e}") from e
    try:
        yield Ray()
    finally:
        ray.shutdown()


@contextmanager
def several(ray: str | None, count: int) -> Iterator[Workers | None]:
    """A Ray cluster, else as many processes here; None where one task at a time is wanted.

    Raises:
        UsageError: fewer than one process.
        MissingExtra, UsageError, Unreachable: as ``on_ray``.
    """
    if count < 1:
        raise UsageError(f"workers={count}: one at least does the work")
    if ray is not None or count == 1:
        with on_ray(ray) as there:
            yield there
        return
    with closing(Processes(count)) as here:
        yield here


def _answers(address: str) -> None:
    """Raise Unreachable unless something listens there."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{address!r} is no Ray address; write HOST:PORT, ray://HOST:PORT or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except OSError as e:
        raise Unreachable(
            f"no Ray cluster answers at {address} ({e.strerror or e}); start one with: "
            f"ray start --head --port={port} --disable-usage-stats"
        ) from e
