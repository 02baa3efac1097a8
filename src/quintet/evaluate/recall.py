"""Recall at k and median rank where rows of two media belong together in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quintet.errors import ShapeError, UsageError
from quintet.types import Float32, Int64, Modality

RANKS = (1, 5, 10)
BLOCK = 1024
"""Queries that are compared at a time."""


@dataclass(frozen=True)
class Recall:
    """Figures by name, ``image→text R@1`` … in 0..1, ``image→text median rank`` from 1, ``mean``.

    Attributes:
        random: the expectation of each recall, and the median rank, for a random order.
    """

    figures: Mapping[str, float]
    random: Mapping[str, float]


def best_ranks(
    queries: Float32, query_objects: Int64, gallery: Float32, gallery_objects: Int64
) -> Int64:
    """(q,) rank from 1 of the best row of the query's own object; rows that tie with it are ahead.

    Args:
        queries, gallery: (q, k) and (n, k) unit rows.
        query_objects, gallery_objects: (q,) and (n,); every query's object is in the gallery.

    Raises:
        ShapeError: arrays disagree.
        UsageError: a query has no row of its object, or a value is NaN or infinite.
    """
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ShapeError(f"queries {queries.shape} and gallery {gallery.shape} must be (*, k)")
    if len(queries) != len(query_objects) or len(gallery) != len(gallery_objects):
        raise ShapeError(
            f"{len(queries)} queries with {len(query_objects)} objects, {len(gallery)} rows with "
            f"{len(gallery_objects)}"
        )
    if not (np.isfinite(queries).all() and np.isfinite(gallery).all()):
        raise UsageError("an embedding holds NaN or infinity")
    ranks = [
        _block(queries[i : i + BLOCK], query_objects[i : i + BLOCK], gallery, gallery_objects)
        for i in range(0, len(queries), BLOCK)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *ranks])


def _block(z: Float32, own: Int64, gallery: Float32, objects: Int64) -> Int64:
    scores = z @ gallery.T
    right = own[:, None] == objects[None, :]
    if not right.any(axis=1).all():
        raise UsageError(f"object {own[~right.any(axis=1)][0]} is not in the gallery")
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    return np.asarray(1 + ((scores >= best) & ~right).sum(axis=1), dtype=np.int64)


def random_recall(right: int, total: int, k: int) -> float:
    """Probability that at least one of ``right`` rows is among k drawn out of ``total``.

    >>> random_recall(1, 1000, 10)
    0.010000000000000009
    """
    missed = np.arange(k)
    return float(1 - np.prod(np.maximum(total - right - missed, 0) / np.maximum(total - missed, 1)))


def both_ways(
    first: tuple[Modality, Float32, Int64], second: tuple[Modality, Float32, Int64]
) -> Recall:
    """Recall at RANKS and median rank of either side asking for the other.

    Args:
        first, second: modality, (n, k) unit rows and (n,) pair numbers.
    """
    figures: dict[str, float] = {}
    random: dict[str, float] = {}
    for (x, zx, px), (y, zy, py) in ((first, second), (second, first)):
        ranks = best_ranks(zx, px, zy, py)
        right = round(len(py) / max(1, len(np.unique(py))))
        for k in RANKS:
            figures[f"{x}→{y} R@{k}"] = float((ranks <= k).mean())
            random[f"{x}→{y} R@{k}"] = random_recall(right, len(py), k)
        figures[f"{x}→{y} median rank"] = float(np.median(ranks))
        random[f"{x}→{y} median rank"] = _random_median(right, len(py))
    for made in (figures, random):
        made["mean"] = float(np.mean([v for name, v in made.items() if "R@" in name]))
    return Recall(figures, random)


def _random_median(right: int, total: int) -> float:
    """Smallest k at which a random order has found one of the right rows in half of all cases."""
    ks: Sequence[int] = range(1, total + 1)
    return float(next(k for k in ks if random_recall(right, total, k) >= 0.5))
