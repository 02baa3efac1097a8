"""Retrieval quality by rank: average precision over all results, X→All and X→Y, and random.

Our own because common metrics drop results with scores of zero or less, which cosines have. Exact,
and barely slower than the matrix product alone: scores are sorted as values, without their places.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from quintet.errors import ShapeError, UsageError
from quintet.maths.ranks import precisions
from quintet.types import Bool, Float32, Int64, Modality

Floats = NDArray[np.floating[Any]]
Float64 = NDArray[np.float64]
Run = tuple[int, int, Int64]
"""Queries from one to another that have the same label, and the gallery rows of it."""

BLOCK_ROWS = 512
"""Queries in one matrix product; with far fewer, BLAS mostly repacks the gallery."""
BLOCK_SCORES = 2**25
"""Scores that are held at once by all threads, 128 MB as float32."""
MANY_SCORES = 2**26
"""From here on machine code and threads pay for loading the compiler (half a second)."""
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class Table:
    """Mean average precision over all results, 0..1.

    Attributes:
        to_all: query modality to MAP among the items of all modalities, itself left out.
        to_each: (query, hit modality) to MAP; a pair without any relevant item is absent.
        random: query modality to the expected MAP among all of a random order.
        random_each: the same for ``to_each``.
    """

    to_all: Mapping[Modality, float]
    to_each: Mapping[tuple[Modality, Modality], float]
    random: Mapping[Modality, float]
    random_each: Mapping[tuple[Modality, Modality], float]

    @property
    def mean(self) -> float:
        """Mean of ``to_all`` over query modalities; NaN when there is none."""
        return _mean_known(self.to_all.values())

    @property
    def random_mean(self) -> float:
        """Mean of ``random`` over query modalities; NaN when there is none."""
        return _mean_known(self.random.values())

    def state(self) -> dict[str, list[list[object]]]:
        """The table as JSON-ready rows, for ``from_state``."""
        return {
            "to_all": [[x, self.to_all[x], self.random[x]] for x in self.to_all],
            "to_each": [[*key, self.to_each[key], self.random_each[key]] for key in self.to_each],
        }

    @classmethod
    def from_state(cls, state: Any) -> Table:
        """The table of ``state``.

        >>> one = Table({Modality.TEXT: 0.5}, {}, {Modality.TEXT: 0.1}, {})
        >>> Table.from_state(one.state()) == one
        True
        """
        to_all, each = state["to_all"], state["to_each"]
        return cls(
            to_all={Modality(x): value for x, value, _ in to_all},
            to_each={(Modality(x), Modality(y)): value for x, y, value, _ in each},
            random={Modality(x): chance for x, _, chance in to_all},
            random_each={(Modality(x), Modality(y)): chance for x, y, _, chance in each},
        )


def average_precision(scores: NDArray[np.floating], relevant: Bool) -> float:
    """Average precision over all results of one query; NaN when nothing is relevant.

    A group of equal scores is one threshold: its members all get the precision at the group's
    end. So the order of equal results does not matter, and n equal scores with r relevant give
    r / n.

    Args:
        scores: (n,) float, larger is better, finite.
        relevant: (n,) bool.

    Raises:
        ShapeError: unequal shapes.
        UsageError: a score is NaN or infinite.

    >>> average_precision(np.array([0.9, 0.5, 0.1]), np.array([True, False, True]))
    0.8333333333333333
    """
    if scores.ndim != 1 or scores.shape != relevant.shape:
        raise ShapeError(f"scores {scores.shape} and relevant {relevant.shape} must both be (n,)")
    if not np.isfinite(scores).all():
        raise UsageError("a score is NaN or infinite")
    return float(precisions(np.sort(scores)[None], np.sort(scores[relevant])[None])[0])


def random_precision(relevant: int, total: int) -> float:
    """Expected average precision of a random order of ``total`` items; NaN when none is relevant.

    >>> random_precision(1, 2)
    0.75
    """
    if not 0 < relevant <= total:
        return float("nan")
    harmonic = _harmonic(total)
    others = (relevant - 1) / (total - 1) if total > 1 else 0.0
    return (others * (total - harmonic) + harmonic) / total


def mean_average_precision(
    queries: Float32,
    query_labels: Int64,
    gallery: Float32,
    gallery_labels: Int64,
    *,
    itself: Int64 | None = None,
) -> tuple[float, float]:
    """MAP over all results of cosine search, and that of a random order; NaN when undefined.

    Args:
        queries, gallery: (q, k) and (n, k) unit rows.
        query_labels, gallery_labels: (q,) and (n,) class numbers; equal means relevant.
        itself: (q,) the gallery row that is the query itself and is left out, -1 for none.

    Returns:
        Means over the queries that have a relevant item.

    Raises:
        ShapeError: arrays disagree.
        UsageError: a value is NaN or infinite.
    """
    _check(queries, query_labels)
    _check(gallery, gallery_labels)
    if queries.shape[1] != gallery.shape[1]:
        raise ShapeError(f"queries are {queries.shape[1]} wide, the gallery {gallery.shape[1]}")
    if itself is not None and itself.shape != query_labels.shape:
        raise ShapeError(f"itself {itself.shape} and queries {queries.shape} must agree in number")
    if _longest(queries) * _longest(gallery) > float(np.finfo(np.float32).max) / 2:
        raise UsageError("the products of queries and gallery are too large for float32")
    own = np.full(len(queries), -1) if itself is None else itself
    found = _precisions(queries, _Relevant(query_labels, gallery_labels), gallery, own)
    chance = _chances(query_labels, gallery_labels, own)
    return _mean_known(found), _mean_known(chance)


def tables(z: Mapping[Modality, Float32], label: Mapping[Modality, Int64]) -> Table:
    """X→All and X→Y tables of items that are queries and gallery at once.

    Args:
        z: modality to (n, k) unit rows.
        label: modality to (n,) class numbers.
    """
    media = [m for m in Modality if m in z and len(z[m])]
    each, each_random = {}, {}
    for x in media:
        for y in media:
            own = np.arange(len(z[x]), dtype=np.int64) if x is y else None
            value, chance = mean_average_precision(z[x], label[x], z[y], label[y], itself=own)
            if not np.isnan(value):
                each[x, y], each_random[x, y] = value, chance
    to_all, random = _to_all(media, z, label)
    return Table(to_all, each, random, each_random)


def _to_all(
    media: list[Modality], z: Mapping[Modality, Float32], label: Mapping[Modality, Int64]
) -> tuple[dict[Modality, float], dict[Modality, float]]:
    found: dict[Modality, float] = {}
    random: dict[Modality, float] = {}
    if not media:
        return found, random
    gallery = np.concatenate([z[m] for m in media])
    labels = np.concatenate([label[m] for m in media])
    start = 0
    for m in media:
        own = np.arange(start, start + len(z[m]), dtype=np.int64)
        value, chance = mean_average_precision(z[m], label[m], gallery, labels, itself=own)
        if not np.isnan(value):
            found[m], random[m] = value, chance
        start += len(z[m])
    return found, random


class _Relevant:
    """Which gallery rows are relevant: all queries of one label have the same."""

    def __init__(self, query_labels: Int64, gallery_labels: Int64) -> None:
        self.order = np.argsort(query_labels, kind="stable")
        self._asked = query_labels[self.order]
        self._by_label = np.argsort(gallery_labels, kind="stable")
        self._labels = gallery_labels[self._by_label]

    def runs(self, start: int, stop: int) -> Iterator[Run]:
        """The runs in ``order[start:stop]``, counted from ``start``."""
        asked = self._asked[start:stop]
        bounds = [0, *(np.flatnonzero(np.diff(asked)) + 1).tolist(), len(asked)]
        left, right = (np.searchsorted(self._labels, asked[bounds[:-1]], s) for s in SIDES)
        for run, (a, b) in enumerate(pairwise(bounds)):
            yield a, b, self._by_label[left[run] : right[run]]


def _precisions(queries: Floats, relevant: _Relevant, gallery: Floats, itself: Int64) -> Float64:
    """(q,) average precision of every query; threads take turns at the blocks."""
    many = len(queries) * len(gallery) >= MANY_SCORES
    threads = _threads() if many else 1
    rows = max(1, min(BLOCK_ROWS, BLOCK_SCORES // threads // max(1, len(gallery)), len(queries)))
    found = np.empty(len(queries))

    def work(first: int) -> None:
        scores = np.empty((rows, len(gallery)), np.result_type(queries, gallery, np.float32))
        for start in range(first * rows, len(queries), threads * rows):
            asked = relevant.order[start : start + rows]
            block = np.matmul(queries[asked], gallery.T, out=scores[: len(asked)])
            left_out = np.flatnonzero(itself[asked] >= 0)
            block[left_out, itself[asked[left_out]]] = -np.inf
            found[asked] = _ranked(block, relevant.runs(start, start + rows), many)

    if threads == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
    return found


def _ranked(block: Floats, runs: Iterable[Run], compiled: bool) -> Float64:
    """Average precision of every row of scores, which are sorted in place."""
    relevant = [(a, b, np.sort(block[a:b].take(rows, axis=1), axis=1)) for a, b, rows in runs]
    block.sort(axis=1)
    parts = [precisions(block[a:b], good, compiled=compiled) for a, b, good in relevant]
    return np.concatenate(parts)


def _chances(query_labels: Int64, gallery_labels: Int64, itself: Int64) -> Float64:
    """(q,) average precision of a random order for every query."""
    known, counts = np.unique(gallery_labels, return_counts=True)
    if not len(known):
        return np.full(len(query_labels), np.nan)
    place = np.minimum(np.searchsorted(known, query_labels), len(known) - 1)
    relevant = np.where(known[place] == query_labels, counts[place], 0)
    out = itself >= 0
    relevant = relevant - (out & (gallery_labels[itself] == query_labels))
    pairs, back = np.unique(np.stack([relevant, out], 1), axis=0, return_inverse=True)
    total = len(gallery_labels)
    values = [random_precision(int(r), total - int(left_out)) for r, left_out in pairs]
    return np.array(values)[back]


@lru_cache
def _harmonic(total: int) -> float:
    return float((1.0 / np.arange(1, total + 1)).sum())


def _threads() -> int:
    """As many as BLAS takes: OMP_NUM_THREADS where it is set, else one a core."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdecimal() and int(wanted) else os.cpu_count() or 1


def _longest(z: Floats) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", z, z, dtype=np.float64).max(initial=0.0)))


def _check(z: Float32, labels: Int64) -> None:
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise ShapeError(f"z {z.shape} and labels {labels.shape} must be (n, k) and (n,)")
    if not np.isfinite(z).all():
        raise UsageError("an embedding holds NaN or infinity")


def _mean_known(values: Iterable[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")
