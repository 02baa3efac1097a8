"""Recall among the best results for pairs such as picture and captions: R@k and median rank.

One item may have several right answers; finding the best of them counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quintet.errors import ShapeError, UsageError
from quintet.types import Bool, Float32, Int64, Modality

RANKS = (1, 5, 10)
BLOCK_SCORES = 2**22
"""Scores that are held at once, 16 MB as float32."""


@dataclass(frozen=True)
class Recall:
    """How high the best right item stands, over the queries that have one.

    Attributes:
        at: k to the share of queries with a right item among the k best, 0..1.
        random: k to the share that a random order is expected to reach.
        median_rank: median over queries of the best right item's rank, from 1.
        random_median: how long a list in random order must be to be right half of the time.
        queries: number of queries that count.
    """

    at: Mapping[int, float]
    random: Mapping[int, float]
    median_rank: float
    random_median: float
    queries: int


@dataclass(frozen=True)
class BothWays:
    """Recall of two media, each asking for the other.

    Attributes:
        media: the two; ``there`` asks with the first, ``back`` with the second.
    """

    media: tuple[Modality, Modality]
    there: Recall
    back: Recall

    @property
    def figures(self) -> dict[str, float]:
        """By name: ``image→text R@1`` … in 0..1, ``image→text median rank``, ``mean`` of R@k."""
        return self._named([(way.at, way.median_rank) for way in (self.there, self.back)])

    @property
    def random(self) -> dict[str, float]:
        """The same names with what a random order is expected to reach."""
        return self._named([(way.random, way.random_median) for way in (self.there, self.back)])

    def _named(self, ways: list[tuple[Mapping[int, float], float]]) -> dict[str, float]:
        named: dict[str, float] = {}
        recalls: list[float] = []
        for (x, y), (at, median) in zip((self.media, self.media[::-1]), ways, strict=True):
            named.update({f"{x}→{y} R@{k}": value for k, value in at.items()})
            named[f"{x}→{y} median rank"] = median
            recalls += at.values()
        return {**named, "mean": float(np.mean(recalls))}


def recall_at(
    queries: Float32,
    query_objects: Int64,
    gallery: Float32,
    gallery_objects: Int64,
    ranks: Sequence[int] = RANKS,
) -> Recall:
    """R@k and median rank of cosine search.

    The rank of an item is one more than the number of wrong items with at least its score. So a
    wrong item of equal score stands before a right one: the order of equal items never matters,
    and a space that puts everything at one point earns nothing.

    Args:
        queries, gallery: (q, k) and (n, k) unit rows.
        query_objects, gallery_objects: (q,) and (n,) numbers of the object that each row shows;
            equal means right, below zero belongs to none.
        ranks: the k of R@k, each at least 1.

    Returns:
        Over the queries with a right item in the gallery; NaN when there is none.

    Raises:
        ShapeError: arrays disagree.
        UsageError: a value is NaN or infinite, or a rank is below 1.

    >>> z = np.eye(3, dtype=np.float32)
    >>> recall_at(z, np.arange(3), z[[0, 2, 1]], np.arange(3), (1, 2)).at
    {1: 0.3333333333333333, 2: 0.3333333333333333}
    """
    _check(queries, query_objects, gallery, gallery_objects, ranks)
    numbers, counts = np.unique(gallery_objects[gallery_objects >= 0], return_counts=True)
    asked = np.flatnonzero(np.isin(query_objects, numbers))
    if not len(asked):
        nothing = dict.fromkeys(ranks, float("nan"))
        return Recall(nothing, dict(nothing), float("nan"), float("nan"), 0)
    objects = query_objects[asked]
    found = _best_ranks(queries[asked], objects, gallery, gallery_objects)
    right = counts[np.searchsorted(numbers, objects)]
    return Recall(
        at={k: float((found <= k).mean()) for k in ranks},
        random={k: random_recall(right, len(gallery), k) for k in ranks},
        median_rank=float(np.median(found)),
        random_median=_random_median(right, len(gallery)),
        queries=len(asked),
    )


def both_ways(
    first: tuple[Modality, Float32, Int64],
    second: tuple[Modality, Float32, Int64],
    ranks: Sequence[int] = RANKS,
) -> BothWays:
    """Recall from the first medium to the second and back.

    Args:
        first, second: modality, (n, k) unit rows and (n,) pair numbers, -1 for none; several rows
            of one modality may have the same number.
        ranks: the k of R@k.

    Raises:
        UsageError: no pair is shared.
    """
    (x, zx, px), (y, zy, py) = first, second
    there = recall_at(zx, px, zy, py, ranks)
    if not there.queries:
        raise UsageError(f"{x} and {y} share no pair")
    return BothWays((x, y), there, recall_at(zy, py, zx, px, ranks))


def random_recall(right: Int64, total: int, k: int) -> float:
    """Expected R@k of a random order of ``total`` items.

    Args:
        right: (q,) int, each query's number of right items, 0..total.
        total: number of items.
        k: length of the list.

    >>> random_recall(np.array([1]), 10, 5)
    0.5
    """
    missed = np.ones(len(right))
    for drawn in range(min(k, total)):
        missed *= _missed_next(right, total, drawn)
    return float((1 - missed).mean())


def _random_median(right: Int64, total: int) -> float:
    kinds, queries = np.unique(right, return_counts=True)
    missed, drawn = np.ones(len(kinds)), 0
    while queries @ missed > len(right) / 2 * (1 + 1e-9):  # rounding must not cost a draw
        missed *= _missed_next(kinds, total, drawn)
        drawn += 1
    return float(drawn)


def _missed_next(right: Int64, total: int, drawn: int) -> NDArray[np.float64]:
    """Probability that one more draw is wrong, when so many wrong ones have been drawn."""
    wrong: NDArray[np.float64] = np.maximum(total - right - drawn, 0) / (total - drawn)
    return wrong


def _best_ranks(
    queries: Float32, objects: Int64, gallery: Float32, gallery_objects: Int64
) -> Int64:
    """(q,) rank of the best right item, which every query has."""
    found = np.empty(len(queries), np.int64)
    rows = max(1, BLOCK_SCORES // len(gallery))
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        scores = queries[part] @ gallery.T
        right: Bool = objects[part, None] == gallery_objects
        best = scores.max(axis=1, where=right, initial=-np.inf)
        ahead: NDArray[np.bool_] = (scores >= best[:, None]) & ~right
        found[part] = 1 + ahead.sum(axis=1)
    return found


def _check(
    queries: Float32,
    query_objects: Int64,
    gallery: Float32,
    gallery_objects: Int64,
    ranks: Sequence[int],
) -> None:
    for z, objects in ((queries, query_objects), (gallery, gallery_objects)):
        if z.ndim != 2 or objects.shape != z.shape[:1]:
            raise ShapeError(f"z {z.shape} and objects {objects.shape} must be (n, k) and (n,)")
        if not np.isfinite(z).all():
            raise UsageError("an embedding holds NaN or infinity")
    if queries.shape[1] != gallery.shape[1]:
        raise ShapeError(f"queries are {queries.shape[1]} wide, the gallery {gallery.shape[1]}")
    if min(ranks, default=1) < 1:
        raise UsageError(f"a rank of {min(ranks)} makes no sense: the best item has rank 1")
