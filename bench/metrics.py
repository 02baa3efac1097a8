"""Average precision over all results: our time beside the matrix product's and ranx's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from quintet.evaluate import retrieval
from quintet.evaluate.retrieval import average_precision, mean_average_precision

ITEMS = 10_000
CLASSES = 10
DIMENSIONS = 300
ASKED_OF_RANX = 500
"""Queries that ranx gets, in ROUNDS parts; it takes as long for each."""
ROUNDS = 5
Clock = Callable[[], float]
PRODUCT_BAR = 3
RANX_BAR = 50


def measure(data: Path, scratch: Path) -> str:  # noqa: ARG001 - every section has the same form
    """The section of the results page."""
    queries, gallery, label = _space()
    threads = sorted({1, os.cpu_count() or 1})
    measured = {n: _measured(queries, gallery, label, n) for n in threads}
    columns = "".join(f" {n} thread{'s' * (n > 1)} |" for n in threads)
    rows = [
        ("matrix product alone, ms a query", "{product:.3f}"),
        ("Quintet, matrix product included, ms a query", "{ours:.3f}"),
        (f"ranx on {ASKED_OF_RANX} queries, scores given, ms a query", "{ranx:.2f}"),
        (f"Quintet's time / the product's (bar: at most {PRODUCT_BAR})", "**{times:.2f}**"),
        (f"ranx's time / Quintet's (bar: at least {RANX_BAR})", "**{faster:.0f}**"),
        ("largest difference of a query between the two (bar: 1e-6)", "{apart:.1e}"),
    ]
    return "\n".join(
        [
            "## Metrics",
            "",
            f"Mean average precision over all results, exact: {ITEMS} queries × {ITEMS} items of "
            f"{DIMENSIONS} float32, {CLASSES} classes, best of {ROUNDS} interleaved rounds with "
            "everything compiled (processor time for one thread, wall time for more). "
            "ranx is not charged for building its input.",
            "",
            f"| |{columns}",
            f"|---|{'---|' * len(threads)}",
            *(
                f"| {what} |" + "".join(f" {form.format(**measured[n])} |" for n in threads)
                for what, form in rows
            ),
        ]
    )


def _space() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries and gallery around common class centres, about half of the way to perfect."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, CLASSES, ITEMS)
    centre = rng.standard_normal((CLASSES, DIMENSIONS))
    both = [centre[label] + 4 * rng.standard_normal((ITEMS, DIMENSIONS)) for _ in range(2)]
    queries, gallery = (
        (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32) for z in both
    )
    return queries, gallery, label


def _measured(
    queries: np.ndarray, gallery: np.ndarray, label: np.ndarray, threads: int
) -> dict[str, float]:
    product = np.empty((ITEMS, ITEMS), np.float32)
    clock = _clock(threads)

    def ours() -> object:
        return mean_average_precision(queries, label, gallery, label)

    with (
        threadpool_limits(threads, "blas"),
        mock.patch.dict(os.environ, OMP_NUM_THREADS=str(threads)),
    ):
        numba.set_num_threads(threads)
        ours()
        taken = np.array(
            [
                (
                    _timed(lambda: np.matmul(queries, gallery.T, out=product), clock),
                    _timed(ours, clock),
                )
                for _ in range(ROUNDS)
            ]
        )
        ranx_ms, apart = _compared(queries[:ASKED_OF_RANX], gallery, label, clock)
    product_ms, ours_ms = 1000 * taken.min(axis=0) / ITEMS
    return {
        "product": product_ms,
        "ours": ours_ms,
        "ranx": ranx_ms,
        "times": ours_ms / product_ms,
        "faster": ranx_ms / ours_ms,
        "apart": apart,
    }


def _compared(
    queries: np.ndarray, gallery: np.ndarray, label: np.ndarray, clock: Clock
) -> tuple[float, float]:
    """ranx's milliseconds a query, and how far any average precision or the mean is from ours.

    In float64, so that no two scores are equal.
    """
    queries, gallery = queries.astype(np.float64), gallery.astype(np.float64)
    scores, own = queries @ gallery.T, label[: len(queries)]
    taken, found = [], []
    for part in np.array_split(np.arange(len(queries)), ROUNDS):
        seconds, theirs = _ranx(scores[part], own[part, None] == label, clock)
        taken.append(1000 * seconds / len(part))
        found.append(theirs)
    theirs = np.concatenate(found)
    single = [average_precision(s, c == label) for s, c in zip(scores, own, strict=True)]
    with mock.patch.object(retrieval, "MANY_SCORES", 0):
        mean, _ = mean_average_precision(queries, own, gallery, label)
    apart = max(float(np.abs(single - theirs).max()), abs(mean - theirs.mean()))
    assert apart <= 1e-6, f"ranx and Quintet differ by {apart}"
    return min(taken), apart


def _ranx(scores: np.ndarray, relevant: np.ndarray, clock: Clock) -> tuple[float, np.ndarray]:
    """Seconds of its evaluation and the average precision of every query."""
    from ranx import evaluate

    evaluate(*_ranx_input(scores[:2], relevant[:2]), "map", return_mean=False)  # compiles
    asked = _ranx_input(scores, relevant)
    found: list[np.ndarray] = []
    seconds = _timed(lambda: found.append(evaluate(*asked, "map", return_mean=False)), clock)
    return seconds, found[0]


def _ranx_input(scores: np.ndarray, relevant: np.ndarray) -> tuple[object, object]:
    from ranx import Qrels, Run

    names = [f"d{n:05d}" for n in range(scores.shape[1])]
    asked = [f"q{n:03d}" for n in range(len(scores))]
    right = {q: {names[n]: 1 for n in np.flatnonzero(relevant[i])} for i, q in enumerate(asked)}
    run = {q: dict(zip(names, scores[i].tolist(), strict=True)) for i, q in enumerate(asked)}
    return Qrels(right), Run(run)


def _clock(threads: int) -> Clock:
    """Processor time for one thread, which other programs on the machine do not lengthen."""
    return time.process_time if threads == 1 else time.perf_counter


def _timed(work: Callable[[], object], clock: Clock) -> float:
    started = clock()
    work()
    return clock() - started
