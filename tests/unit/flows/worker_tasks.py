"""What workers are told to do in tests: functions of a module, so that processes can find them."""

import os
import signal
import time
from pathlib import Path

from quintet.errors import Code, FileProblem


def product(value: int, task: int) -> int:
    """Where it is computed does not matter."""
    return value * task


def slow_product(value: int, task: int) -> int:
    """Long enough for another process to die in the meantime."""
    time.sleep(0.2)
    return value * task


def pid(value: object, task: object) -> int:
    """Which process this is."""
    return os.getpid()


def dies_at_first(folder: Path, name: str) -> str:
    """Leaves a file and dies, then leaves another and lives."""
    first = folder / name
    if not first.exists():
        first.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / f"{name} again").touch()
    return name


def always_dies(value: object, task: object) -> None:
    """A task that no process survives."""
    os.kill(os.getpid(), signal.SIGKILL)


def problem(value: object, task: str) -> None:
    """A file that cannot be read."""
    raise FileProblem(Code.CORRUPT, task)


def bug(value: object, task: str) -> None:
    """An error that nobody foresaw."""
    raise ZeroDivisionError(task)


def sleeps(folder: Path, name: str) -> None:
    """Tells who it is, then takes longer than anybody waits."""
    part = folder.parent / f"{folder.name} {name}"
    part.write_text(str(os.getpid()))
    part.rename(folder / name)
    time.sleep(600)


def is_deaf_to_interruptions(value: object, task: object) -> bool:
    """Whether Ctrl-C does nothing to this process."""
    os.kill(os.getpid(), signal.SIGINT)
    return signal.SIGINT in signal.sigpending()
