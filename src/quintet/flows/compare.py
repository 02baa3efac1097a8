"""Compare methods on a library's own items: the same held-out fifths for all, nothing stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quintet.errors import TrainingError
from quintet.evaluate.retrieval import Table, tables
from quintet.flows import configure
from quintet.flows.space import Space
from quintet.flows.spread import each
from quintet.flows.train import TrainingSet, fit_without, rows_of, set_aside
from quintet.flows.workers import Workers
from quintet.nets.finite import require_finite
from quintet.persist import learnt_numbers
from quintet.types import Float32, Local, Modality

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Compared:
    """One method on the held-out items, as means over the seeds.

    Attributes:
        to_all: query modality to MAP among the held-out items of all modalities.
        mean: of ``to_all`` over the modalities; spread: its standard deviation over the seeds,
            None for a single one.
        random: what ``mean`` would be for a random order.
        seconds: of one fit; parameters: learnt numbers of one model.
        problem: why the method cannot learn from these items; there are no figures then.
    """

    method: str
    seeds: int
    to_all: Mapping[Modality, float]
    mean: float | None = None
    spread: float | None = None
    random: float | None = None
    seconds: float | None = None
    parameters: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class _Task:
    method: str
    seed: int
    aside: frozenset[str]


@dataclass(frozen=True)
class _Fit:
    quality: Table
    seconds: float
    parameters: int


def compare(
    data: TrainingSet,
    methods: Sequence[str],
    seeds: Iterable[int],
    on_progress: Progress,
    workers: Workers | None = None,
) -> list[Compared]:
    """One row a method, in the order given; each seed holds out another fifth.

    A method that cannot learn from these items gets a row that says why.

    Args:
        workers: do the fits elsewhere, as many at a time as there are; None: here, one by one.

    Raises:
        TrainingError: too few labelled items, or no method can learn from them.
    """
    asides = {seed: set_aside(data, seed) for seed in seeds}
    tasks = [_Task(method, seed, aside) for method in methods for seed, aside in asides.items()]
    found = _fits(data, tasks, on_progress, workers)
    count = len(asides)
    rows = [_row(m, found[i * count : (i + 1) * count]) for i, m in enumerate(methods)]
    if all(row.problem for row in rows):
        raise TrainingError("; ".join(row.problem for row in rows))
    return rows


def _fits(
    data: TrainingSet, tasks: Sequence[_Task], on_progress: Progress, workers: Workers | None
) -> list[_Fit | str]:
    if workers is None:
        return [_try(data, task, on_progress) for task in tasks]
    on_progress("fit", 0, len(tasks))
    return each(workers, _try_there, data, tasks, lambda n: on_progress("fit", n, len(tasks)))


def _try_there(data: TrainingSet, task: _Task) -> _Fit | str:
    """In a worker: nobody watches the epochs."""
    return _try(data, task, lambda stage, done, total: None)


def _try(data: TrainingSet, task: _Task, on_progress: Progress) -> _Fit | str:
    """A fit, or why the method cannot learn from these items."""
    try:
        return _fit(data, task.method, task.seed, task.aside, on_progress)
    except TrainingError as e:
        return str(e)


def _row(method: str, found: Sequence[_Fit | str]) -> Compared:
    problems = [fit for fit in found if isinstance(fit, str)]
    if problems:
        return Compared(method, len(found), {}, problem=problems[0])
    fits = [fit for fit in found if isinstance(fit, _Fit)]
    means = [fit.quality.mean for fit in fits]
    scores = {m: [f.quality.to_all[m] for f in fits if m in f.quality.to_all] for m in Modality}
    return Compared(
        method=method,
        seeds=len(fits),
        to_all={m: float(np.mean(values)) for m, values in scores.items() if values},
        mean=float(np.mean(means)),
        spread=float(np.std(means, ddof=1)) if len(means) > 1 else None,
        random=float(np.mean([fit.quality.random_mean for fit in fits])),
        seconds=float(np.mean([fit.seconds for fit in fits])),
        parameters=fits[0].parameters,
    )


def _fit(
    data: TrainingSet, method: str, seed: int, aside: frozenset[str], on_progress: Progress
) -> _Fit:
    params = configure.seeded(method, {}, seed)
    started = time.monotonic()
    space = fit_without(
        aside,
        data,
        lambda: configure.correlator(method, params),
        f"{method} seed {seed}",
        on_progress,
    )
    seconds = time.monotonic() - started
    local, label = rows_of(aside, data)
    z = _embedded(space, local, seed)
    return _Fit(tables(z, label), seconds, learnt_numbers(space.correlator))


def _embedded(
    space: Space, local: Mapping[Modality, Sequence[Local]], seed: int
) -> dict[Modality, Float32]:
    """Unit rows of all media; rows of a medium that the method left out fall anywhere."""
    z = {m: space.embed(m, rows) for m, rows in local.items() if space.reads(m)}
    for m, found in z.items():
        require_finite(space.correlator, space.method, m, found)
    if not z:
        raise TrainingError("the method took in none of the media that have held-out items")
    width = next(iter(z.values())).shape[1]
    chance = np.random.default_rng(seed)
    for m in local.keys() - z.keys():
        rows = chance.standard_normal((len(local[m]), width))
        z[m] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return z
