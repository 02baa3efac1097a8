"""Which rows of different media belong together: by pair number, else by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from quintet.errors import TrainingError
from quintet.types import Int64, Modality, View


def shared_objects(views: Sequence[View], method: str) -> dict[Modality, Int64]:
    """Per modality (n,) the object of each row: a pair number that two views share, else a class.

    Args:
        views: one or more rows each.
        method: who asks, for the message.

    Returns:
        Objects count from 0: shared pairs first, then classes; -1 for a row of no object.
        Modalities without any object are left out.

    Raises:
        TrainingError: no object is in two views.
    """
    pairs = [set(view.pair[view.pair >= 0].tolist()) for view in views]
    shared = sorted({p for i, own in enumerate(pairs) for other in pairs[:i] for p in own & other})
    number = {pair: n for n, pair in enumerate(shared)}
    found = {
        view.modality: np.array(
            [
                number.get(int(pair), len(shared) + int(label) if label >= 0 else -1)
                for pair, label in zip(view.pair, view.label, strict=True)
            ],
            dtype=np.int64,
        )
        for view in views
    }
    objects = [set(own[own >= 0].tolist()) for own in found.values()]
    if not any(own & other for i, own in enumerate(objects) for other in objects[:i]):
        raise TrainingError(
            f"{method} needs two media that share a pair or a class; label some items"
        )
    return {modality: own for modality, own in found.items() if (own >= 0).any()}


def rows_by_object(objects: Mapping[Modality, Int64]) -> dict[Modality, dict[int, Int64]]:
    """Per modality, object to its row numbers in order; rows of no object are left out."""
    return {
        m: {int(o): np.flatnonzero(own == o) for o in np.unique(own[own >= 0])}
        for m, own in objects.items()
    }


def aligned_rows(first: Int64, second: Int64, limit: int = 64) -> tuple[Int64, Int64]:
    """Row numbers of two views, one line a match: rows of one object, the shorter side repeating.

    Args:
        first, second: (n,) and (m,) objects of the rows, -1 for none.
        limit: matches of one object, at most; more are taken evenly.

    Returns:
        (r,) and (r,) row numbers, objects in order.

    >>> aligned_rows(np.array([0, 0, 1]), np.array([1, 0, -1]))
    (array([0, 1, 2]), array([1, 1, 0]))
    """
    left, right = (rows_by_object({Modality.IMAGE: o})[Modality.IMAGE] for o in (first, second))
    matches: list[tuple[Int64, Int64]] = []
    for o in sorted(left.keys() & right.keys()):
        count = min(limit, max(len(left[o]), len(right[o])))
        matches.append((_stretched(left[o], count), _stretched(right[o], count)))
    none = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([none, *(a for a, _ in matches)]),
        np.concatenate([none, *(b for _, b in matches)]),
    )


def _stretched(rows: Int64, count: int) -> Int64:
    """The rows over and over up to ``count``, or ``count`` of them evenly."""
    if len(rows) > count:
        return rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]
    return np.resize(rows, count)
