"""Retrieval quality by rank: average precision over all results, X→All and X→Y, and random.

Our own because common metrics drop results with scores of zero or less, which cosines have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.errors import ShapeError, UsageError
from quintet.types import Bool, Float32, Int64, Modality


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
    return _average_precision(scores, relevant)


def random_precision(relevant: int, total: int) -> float:
    """Expected average precision of a random order of ``total`` items; NaN when none is relevant.

    >>> random_precision(1, 2)
    0.75
    """
    if not 0 < relevant <= total:
        return float("nan")
    harmonic = float((1.0 / np.arange(1, total + 1)).sum())
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
    found, chance = [], []
    for row, (z, label) in enumerate(zip(queries, query_labels, strict=True)):
        scores, relevant = gallery @ z, gallery_labels == label
        if itself is not None and itself[row] >= 0:
            scores = np.delete(scores, itself[row])
            relevant = np.delete(relevant, itself[row])
        found.append(_average_precision(scores, relevant))
        chance.append(random_precision(int(relevant.sum()), len(relevant)))
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


def _average_precision(scores: NDArray[np.floating], relevant: Bool) -> float:
    """Only values are sorted, never indices: that is several times faster."""
    good = np.sort(scores[relevant])
    if not len(good):
        return float("nan")
    ahead = len(scores) - np.searchsorted(np.sort(scores), good, side="left")
    good_ahead = len(good) - np.searchsorted(good, good, side="left")
    return float((good_ahead / ahead).mean())


def _check(z: Float32, labels: Int64) -> None:
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise ShapeError(f"z {z.shape} and labels {labels.shape} must be (n, k) and (n,)")
    if not np.isfinite(z).all():
        raise UsageError("an embedding holds NaN or infinity")


def _mean_known(values: Iterable[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")
