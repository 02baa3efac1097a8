"""The process of one job: ``python -m quintet.service.work FOLDER KIND FILE``.

FILE is the number of an open file with the parameters as JSON. The process tells its progress, and
in the end its report or its error, as lines of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from quintet.errors import LibraryBusy, QuintetError
from quintet.library import Library, Progress
from quintet.plain import plain

NICE = 10
"""Requests are answered first; a job takes what is left, which is nearly all."""

STOP_S = 1.5
WAIT_S = 600.0
"""For another writer."""

EVERY_S = 0.2
"""Between two lines of progress of the same stage."""


class Tell:
    """Tells the service how far the job is; call it as any progress."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._last = ("", 0.0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell it, at most every ``EVERY_S``."""
        now = time.monotonic()
        if stage != self._last[0] or done == total or now - self._last[1] >= EVERY_S:
            self._last = (stage, now)
            _say(self._to, {"stage": stage, "done": done, "total": total})

    def loss(self, stage: str, epoch: int, loss: float) -> None:
        """Tell the mean loss of an epoch."""
        _say(self._to, {"curve": {"stage": stage, "epoch": epoch, "loss": loss}})


def add(lib: Library, params: Mapping[str, Any], tick: Progress) -> Any:
    """Index files and folders."""
    return lib.add(**params, on_progress=tick)


def train(lib: Library, params: Mapping[str, Any], tick: Tell) -> Any:
    """Learn the common space."""
    return lib.train(**params, on_progress=tick, on_loss=tick.loss)


def rebuild(lib: Library, params: Mapping[str, Any], tick: Progress) -> Any:
    """Make everything derived again."""
    return lib.rebuild(**params, on_progress=tick)


def use(lib: Library, params: Mapping[str, Any], _: Progress) -> Any:
    """Make another model the active one."""
    lib.use(params["model"])
    return {"model": params["model"]}


def duplicates(lib: Library, params: Mapping[str, Any], tick: Progress) -> Any:
    """Find groups of nearly the same content."""
    return {"groups": lib.duplicates(**params, on_progress=tick)}


def compare(lib: Library, params: Mapping[str, Any], tick: Progress) -> Any:
    """Fit methods and judge them."""
    return {"methods": lib.compare(**params, on_progress=tick)}


def evaluate(lib: Library, params: Mapping[str, Any], _: Progress) -> Any:
    """Judge the active model."""
    return lib.evaluate(**params)


def backup(lib: Library, params: Mapping[str, Any], tick: Progress) -> Any:
    """Write the library of this moment into a file of this machine."""
    return lib.backup(**params, on_progress=tick)


def verify(lib: Library, _: Mapping[str, Any], tick: Progress) -> Any:
    """Count every checksum again."""
    return {"damaged": lib.verify(on_progress=tick)}


WORK: Mapping[str, Callable[[Library, Mapping[str, Any], Tell], Any]] = {
    "add": add,
    "train": train,
    "rebuild": rebuild,
    "use": use,
    "duplicates": duplicates,
    "compare": compare,
    "evaluate": evaluate,
    "backup": backup,
    "verify": verify,
}


def main() -> None:
    """Do the job that the arguments name."""
    folder, kind, file = sys.argv[1:4]
    with open(int(file), "rb") as given:  # noqa: PTH123 - a descriptor
        given.seek(0)
        params = json.load(given)
    os.nice(NICE)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # before this line it just ends
    told = _own_output()
    threading.Thread(target=_end_with_service, daemon=True).start()
    try:
        with Library(Path(folder)) as lib:
            report = _patiently(lambda: WORK[kind](lib, params, Tell(told)), told)
        _say(told, {"report": plain(report)})
    except QuintetError as e:
        _say(told, {"error": str(e), "type": type(e).__name__})
    except KeyboardInterrupt:
        _say(told, {"error": "interrupted"})
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself now


def _patiently(work: Callable[[], Any], told: TextIO) -> Any:
    """Do it as soon as nobody else writes: the command line, or a request."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            return work()
        except LibraryBusy:
            if time.monotonic() > end:
                raise
            _say(told, {"stage": "wait for another writer", "done": 0, "total": 0})
            time.sleep(1.0)


def _end_with_service() -> None:
    """Our standard input ends when the service does, however it died; then this ends too."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os._exit(1)


def _own_output() -> TextIO:
    """Where lines of JSON go; whatever else is printed goes to standard error."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def _say(to: TextIO, told: Mapping[str, Any]) -> None:
    to.write(json.dumps(told) + "\n")
    to.flush()


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)  # all is closed; taking large libraries down in order takes seconds
