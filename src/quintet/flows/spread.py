"""Many tasks spread over workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from typing import TypeVar

from quintet.errors import UsageError
from quintet.flows.processes import Processes
from quintet.flows.ray_cluster import on_ray
from quintet.flows.workers import Workers

MAX_TASKS = 256
"""Tasks under way at a time, at most: one thread each waits for its result."""

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


def each(
    workers: Workers,
    function: Callable[[S, T], R],
    value: S,
    tasks: Sequence[T],
    on_done: Callable[[int], None],
) -> list[R]:
    """The results of all tasks in their order; ``on_done`` is called with how many are finished.

    The first error, and Ctrl-C, end the others: their results are of no use any more.

    Raises:
        WorkerLost: a process died at every try of a task.
    """
    shared = workers.share(value)
    with ThreadPoolExecutor(min(MAX_TASKS, max(1, len(tasks)))) as threads:
        try:
            running = [threads.submit(workers.call, function, shared, task) for task in tasks]
            for count, future in enumerate(as_completed(running), start=1):
                future.result()
                on_done(count)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            workers.stop()
            raise
    return [future.result() for future in running]


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
