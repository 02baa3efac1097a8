"""The demonstration sample: real media files of twelve things, made by procedure.

Each thing has a look, a motion, a description, a sound and a shape. Nothing is downloaded, and
equal seeds give equal files. It is also where the tests get their media from.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from quintet.datasets.sample_parts.classes import CLASSES, SampleClass, class_named, rng_of
from quintet.datasets.sample_parts.clip import clip
from quintet.datasets.sample_parts.picture import picture
from quintet.datasets.sample_parts.solid import solid
from quintet.datasets.sample_parts.sound import sound
from quintet.datasets.sample_parts.story import story
from quintet.datasets.sample_parts.writers import contents, ending
from quintet.errors import UsageError
from quintet.types import Modality

__all__ = [
    "CLASSES",
    "SampleClass",
    "SampleReport",
    "clip",
    "make_item",
    "make_sample",
    "picture",
    "solid",
    "sound",
    "story",
]

Progress = Callable[[int, int], None]
"""Called with the number of items done and the number of all items."""


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What ``make_sample`` did.

    Attributes:
        folder: where the sample is, class folders first.
        classes: English names.
        written, kept: items made now, and items that were there from an earlier run.
        size_bytes: of all files of the sample.
        seconds: time taken.
    """

    folder: Path
    classes: tuple[str, ...]
    written: int
    kept: int
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Task:
    """One item to be made."""

    folder: Path
    modality: Modality
    name: str
    no: int
    seed: int

    @property
    def path(self) -> Path:
        file = f"{self.name}-{self.no + 1:02}.{ending(self.modality, self.no)}"
        return self.folder / self.name / self.modality.value / file


def make_sample(
    folder: Path,
    *,
    classes: int = 12,
    per_class: int = 10,
    seed: int = 0,
    on_progress: Progress | None = None,
    workers: int | None = None,
) -> SampleReport:
    """Make ``classes`` x 5 media x ``per_class`` files as ``<folder>/<class>/<medium>/<file>``.

    A file appears complete or not at all. Files of an earlier, interrupted run are kept.

    Args:
        workers: processes; as many as there are processors when None, none of its own when 1.
            Scripts that ask for more than 1 call this under ``if __name__ == "__main__":``.

    Raises:
        UsageError: a number of classes or items that cannot be.
        OSError: the folder cannot be written.
    """
    if not 1 <= classes <= len(CLASSES) or per_class < 1:
        raise UsageError(
            f"a sample has 1 to {len(CLASSES)} classes and at least 1 item per class and medium; "
            f"asked for {classes} and {per_class}"
        )
    start = time.monotonic()
    tasks = _tasks(folder, classes, per_class, seed)
    missing = [t for t in tasks if not _complete(t.path)]
    for done, _ in enumerate(_made(missing, workers or os.cpu_count() or 1), 1):
        if on_progress is not None:
            on_progress(len(tasks) - len(missing) + done, len(tasks))
    return SampleReport(
        folder,
        tuple(c.name for c in CLASSES[:classes]),
        len(missing),
        len(tasks) - len(missing),
        sum(p.stat().st_size for part in {t.path.parent for t in tasks} for p in part.iterdir()),
        time.monotonic() - start,
    )


def make_item(folder: Path, modality: Modality, class_name: str, no: int, seed: int = 0) -> Path:
    """Make one file of the sample, the same as ``make_sample`` would, and return its path.

    Raises:
        UnknownName: no class of this name.
    """
    task = _Task(folder, modality, class_named(class_name).name, no, seed)
    return task.path if _complete(task.path) else _make(task)


def _tasks(folder: Path, classes: int, per_class: int, seed: int) -> list[_Task]:
    """All items, media by turns, so that a sample that was stopped is still mixed."""
    return [
        _Task(folder, modality, cls.name, no, seed)
        for no in range(per_class)
        for cls in CLASSES[:classes]
        for modality in Modality
    ]


def _complete(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _made(tasks: list[_Task], workers: int) -> Iterator[Path]:
    """Paths as they are finished, in any order."""
    if workers == 1 or len(tasks) < 40:
        yield from map(_make, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        chunks = [tasks[at : at + 10] for at in range(0, len(tasks), 10)]
        try:
            for done in as_completed([pool.submit(_make_all, chunk) for chunk in chunks]):
                yield from done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _make_all(tasks: list[_Task]) -> list[Path]:
    return [_make(task) for task in tasks]


def _make(task: _Task) -> Path:
    """Write one item; its own file comes last and stands for the whole."""
    rng = rng_of(task.modality, task.name, task.no, task.seed)
    task.path.parent.mkdir(parents=True, exist_ok=True)
    files = contents(class_named(task.name), task.modality, task.no, rng)
    for suffix, data in files.items():
        _replace(task.path.with_suffix(f".{suffix}"), data)
    return task.path


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
