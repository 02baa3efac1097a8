"""What does work elsewhere: processes of this machine, or a Ray cluster.

Both keep one promise: a task whose process dies is given to another, and each task has one result.
What a task computes must therefore not depend on where, or how often, it is begun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

TRIES = 4
"""A task is begun at most so often; one that always kills its process must come to an end."""

STOPPED = "the work was stopped before it was done"

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
        """A value that many tasks need, to be given to ``call``; the fewer copies the better."""
        ...

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """What ``function(value, task)`` returns or raises in a worker; from any thread.

        Args:
            function: of a module, so that it can be found by name.
            shared: the value from ``share``.

        Raises:
            WorkerLost: the process died at every try, or the work was stopped.
            Unreachable: the cluster is gone.
        """
        ...

    def stop(self) -> None:
        """End what is under way; these calls raise WorkerLost, and none begins any more."""
        ...
