"""Run methods on a benchmark: choose on validation data, fit every seed, test once."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quintet import catalog
from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, wanted
from quintet.errors import NotFittedError, TrainingError, UsageError
from quintet.evaluate.recall import both_ways
from quintet.evaluate.retrieval import tables
from quintet.flows import configure
from quintet.flows.encoding import Progress, encoded
from quintet.maths.padding import pad
from quintet.maths.rows import unit_rows
from quintet.models.encoders.text_pieces import TextPieces
from quintet.nets.finite import require_finite
from quintet.persist import learnt_numbers
from quintet.roles import Correlator
from quintet.types import Float32, Modality, View, Views

ROLE = "datasets.benchmarks"

MAX_TRIALS = 6
"""Settings of one method that are tried on validation data, at most."""

VALIDATION = 4
"""One group in so many is for choosing, where the benchmark has no rows for that."""

MAX_STEPS = 256
BATCH = 256

BOTH_WAYS = ("image→text", "text→image")
"""What is told of image and text where there are more media, as the papers do."""

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Task:
    """A benchmark, encoded: what is fitted on when choosing, judged on when choosing, and tested.

    Attributes:
        left_out: files that could not be read.
    """

    about: Benchmark
    train: Views
    kept: Views
    dev: Views
    test: Views
    left_out: int


@dataclass(frozen=True)
class Row:
    """One fit of one method.

    Attributes:
        figures: ``image→all``, ``mean`` … MAP in 0..1; or ``image→text R@1`` … and median rank.
        random: the same for a random order.
        params: as given and as chosen.
        settings: every hyper-parameter of the fit, the seed aside.
        parameters: learnt numbers in the saved model.
        trials: settings that were tried on validation data.
        validation: the mean figure there, None when nothing was tried.
    """

    benchmark: str
    method: str
    params: Mapping[str, str]
    settings: Mapping[str, str]
    seed: int
    figures: Figures
    random: Figures
    seconds: float
    parameters: int
    trials: int
    validation: float | None


@dataclass(frozen=True)
class Known:
    """A benchmark by name, with one line of what it is and where its files are from."""

    name: str
    what: str
    origin: Origin


def listed() -> list[Known]:
    """Every benchmark; none of them is read."""
    found = []
    for name in catalog.names(ROLE):
        module = importlib.import_module(catalog.load(ROLE, name).__module__)
        what = (module.__doc__ or "").partition("\n")[0].partition(": ")[2]
        found.append(Known(name, what, _origin(name)))
    return found


def _origin(name: str) -> Origin:
    """What the benchmark's module says of its files; nothing where a plug-in says nothing."""
    module = importlib.import_module(catalog.load(ROLE, name).__module__)
    found = getattr(module, "ORIGIN", None)
    return found if isinstance(found, Origin) else Origin("a plug-in", "not told")


def cache_folder() -> Path:
    """Where encoded files are kept: QUINTET_CACHE, else the user's cache folder."""
    given = os.environ.get("QUINTET_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(given or f"{home}/quintet").expanduser()


def load(name: str, data: Path | None, cache: Path | None, on_progress: Progress) -> Task:
    """A benchmark by name, encoded and split.

    Args:
        data: the folder of all data sets; None for a benchmark that needs none.

    Raises:
        UnknownName: no such benchmark; names the nearest.
        UsageError: its data are not there or not complete.
    """
    make, origin = catalog.load(ROLE, name), _origin(name)
    if data is None and origin.files:
        raise UsageError(
            f"{name} needs data, and neither --data nor QUINTET_DATA is set: {wanted(origin)}"
        )
    found: Benchmark = make(data or Path())
    rows = encoded(found.entries, name, cache, on_progress)
    entries = [
        replace(entry, content=x, group=entry.group or f"row {n}")
        for n, (entry, x) in enumerate(zip(found.entries, rows, strict=True))
        if x is not None
    ]
    own_dev = any(e.split == "dev" for e in entries)
    kept = [e for e in entries if e.split == "train" and (own_dev or not _aside(e))]
    dev = [
        e for e in entries if (e.split == "dev" if own_dev else e.split == "train" and _aside(e))
    ]
    return Task(
        about=found,
        train=views(found, _of(entries, "train")),
        kept=views(found, kept),
        dev=views(found, dev),
        test=views(found, _of(entries, "test")),
        left_out=len(found.entries) - len(entries),
    )


def views(about: Benchmark, entries: Sequence[Entry]) -> Views:
    """Entries with features as views, one a modality; class vectors from the class names."""
    made = []
    for modality in Modality:
        own = [e for e in entries if e.modality is modality]
        if own:
            made.append(
                View(
                    modality=modality,
                    x=[e.content for e in own if isinstance(e.content, np.ndarray)],
                    label=np.array([e.label for e in own], dtype=np.int64),
                    pair=np.array([e.pair for e in own], dtype=np.int64),
                    ids=[f"{modality}-{n}" for n in range(len(own))],
                )
            )
    vectors = [TextPieces().word_vector(name) for name in about.classes]
    return Views(tuple(made), about.classes, np.stack(vectors) if vectors else None)


def run(
    task: Task,
    method: str,
    params: Mapping[str, str],
    seeds: Sequence[int],
    *,
    trials: int,
    on_progress: Progress,
) -> Iterator[Row]:
    """Choose, then one row a seed; one row in all if the method draws nothing.

    Args:
        params: hyper-parameters; a ``seed`` among them stands for ``seeds``.
        trials: settings to try, at most; 0 or 1 takes the defaults.

    Raises:
        TrainingError: the benchmark does not hold what the method needs.
    """
    chosen, tried, worth = choose(task, method, params, trials, on_progress)
    if "seed" in params:
        seeds = [int(params["seed"])]
    draws = configure.draws(method)
    for seed in seeds if draws else seeds[:1]:
        on_progress(f"{method} seed {seed}", 0, 0)
        model, seconds = _fitted(
            method, configure.seeded(method, chosen, seed), task.train, on_progress
        )
        figures, random = judge(model, task.test, task.about.task)
        yield Row(
            benchmark=task.about.name,
            method=method,
            params=chosen,
            settings=configure.settings(model),
            seed=seed,
            figures=figures,
            random=random,
            seconds=seconds,
            parameters=learnt_numbers(model),
            trials=tried,
            validation=worth,
        )


def choose(
    task: Task, method: str, params: Mapping[str, str], trials: int, on_progress: Progress
) -> tuple[dict[str, str], int, float | None]:
    """The setting with the best mean figure on the validation part, by seed 0.

    Returns:
        The setting, how many were tried, and its validation figure.
    """
    grid = drawn(settings(method, params), max(1, min(trials, MAX_TRIALS)))
    if len(grid) == 1:
        return grid[0], 0, None
    worth = []
    for n, setting in enumerate(grid):
        on_progress(f"{method} trial", n, len(grid))
        model, _ = _fitted(method, configure.seeded(method, setting, 0), task.kept, on_progress)
        worth.append(judge(model, task.dev, task.about.task)[0]["mean"])
    best = int(np.argmax(worth))
    return grid[best], len(grid), worth[best]


def settings(method: str, params: Mapping[str, str]) -> list[dict[str, str]]:
    """The method's grid around what is given, its defaults first."""
    grid: Mapping[str, Sequence[object]] = getattr(configure.kind(method), "search", {})
    free = {name: values for name, values in grid.items() if name not in params}
    made = itertools.product(*free.values())
    return [{**params, **{k: str(v) for k, v in zip(free, point, strict=True)}} for point in made]


def drawn(grid: Sequence[dict[str, str]], count: int) -> list[dict[str, str]]:
    """The defaults and ``count - 1`` others, drawn over the whole grid, the same every time."""
    if len(grid) <= count:
        return list(grid)
    others = 1 + np.random.default_rng(0).permutation(len(grid) - 1)[: count - 1]
    return [grid[0], *(grid[n] for n in sorted(others))]


def judge(model: Correlator, test: Views, task: str) -> tuple[Figures, Figures]:
    """Figures of a fitted model and those of a random order; ``mean`` is over all queries' kinds.

    Of more than two media ``mean`` is that of each against all; image against text stands beside.
    Media that the model was not fitted on count as found at random.

    Raises:
        TrainingError: it was fitted on none of them, or a row has no finite place.
    """
    z = _all_embedded(model, test)
    if task == "pairs":
        first, second = test.views
        found = both_ways(
            (first.modality, z[first.modality], first.pair),
            (second.modality, z[second.modality], second.pair),
        )
        return found.figures, found.random
    table = tables(z, {view.modality: view.label for view in test.views})
    cross = {
        f"{x}→{y}": (value, table.random_each[x, y])
        for (x, y), value in table.to_each.items()
        if x is not y
    }
    figures = {name: value for name, (value, _) in cross.items()}
    random = {name: chance for name, (_, chance) in cross.items()}
    if len(z) == 2:
        return _with_mean(figures), _with_mean(random)
    to_all = _with_mean({f"{x}→all": value for x, value in table.to_all.items()})
    chances = _with_mean({f"{x}→all": value for x, value in table.random.items()})
    for name in (name for name in BOTH_WAYS if name in cross):
        to_all[name], chances[name] = cross[name]
    return to_all, chances


def _with_mean(figures: Figures) -> dict[str, float]:
    return {**figures, "mean": float(np.mean(list(figures.values())))}


def _fitted(
    method: str, params: Mapping[str, str], views: Views, on_progress: Progress
) -> tuple[Any, float]:
    model = configure.correlator(method, params)
    if hasattr(model, "on_epoch"):
        model.on_epoch = lambda done, total: on_progress(method, done, total)
    started = time.perf_counter()
    model.fit(views)
    return model, time.perf_counter() - started


def _all_embedded(model: Correlator, test: Views) -> dict[Modality, Float32]:
    """Every modality's rows; random ones for a modality that the model was not fitted on."""
    z: dict[Modality, Float32] = {}
    for view in test.views:
        try:
            z[view.modality] = _embedded(model, view)
        except NotFittedError:
            continue
    if not z:
        raise TrainingError(f"fitted on none of {', '.join(v.modality for v in test.views)}")
    width = next(iter(z.values())).shape[1]
    chance = np.random.default_rng(0)
    for view in test.views:
        if view.modality not in z:
            z[view.modality] = unit_rows(
                chance.standard_normal((len(view.x), width)).astype(np.float32)
            )
    return z


def _embedded(model: Correlator, view: View) -> Float32:
    parts = [view.x[i : i + BATCH] for i in range(0, len(view.x), BATCH)]
    z = np.concatenate([model.transform(view.modality, *pad(p, MAX_STEPS)) for p in parts])
    name = str(getattr(model, "name", type(model).__name__.lower()))
    require_finite(model, name, view.modality, z)
    return z


def _of(entries: Sequence[Entry], split: Split) -> list[Entry]:
    return [e for e in entries if e.split == split]


def _aside(entry: Entry) -> bool:
    """Whether a training row is for choosing: by its group, the same every time."""
    return hashlib.blake2b(entry.group.encode(), digest_size=4).digest()[0] % VALIDATION == 0
