"""Cross-modal factor analysis: rotations that bring the rows of one object together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from quintet.errors import TrainingError
from quintet.maths.objects import rows_by_object, shared_objects
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Int64, Modality

__all__ = ["CFA"]

Float64 = NDArray[np.float64]
Crosses = Mapping[tuple[Modality, Modality], Float64]

RANK = 1e-6
"""Directions whose covariance is a smaller share of the largest hold nothing in common."""


@dataclass(kw_only=True)
class CFA(PooledMethod):
    """Cross-modal factor analysis over means of local features.

    Minimises ``|X A - Y B|_F^2`` with ``A' A = B' B = I`` over the centred rows X and Y of two
    media, an object a row: A and B are the singular vectors of ``X' Y`` with the largest singular
    values. Unlike canonical correlation it does not divide by the variances, so that directions
    that are loud in both media count more than faint ones that correlate better.

    Source:
        Li, Dimitrova, Li & Sethi 2003, "Multimedia content processing through cross-modal
        association", ACM Multimedia, section 3.2 (cross-modal factor analysis):
        ``min_(A,B) |X A - Y B|_F^2 with A'A = B'B = I``, solved by ``X'Y = A D B'``.
    Ours:
        Made for two media, here any number. Of fewer directions than features the paper keeps those
        of the largest singular values, which raise ``tr(A' X' Y B)``, the part of the objective
        that depends on A and B when both are square; so it is here. Of more than two media the sum
        of ``tr(A_m' C_ml A_l)`` over all pairs is raised, with ``A_m' A_m = I`` for each: from the
        leading eigenvectors of the block matrix of all C_ml, one medium after the other is set to
        the polar factor of ``sum_l C_ml A_l`` (its best answer to the others). Of two media that
        start is the answer already. C_ml is the covariance of the mean rows of the objects that m
        and l share, where an object is a pair number when two views share one, else a class.

    Attributes:
        k: width of the common space, at most; fewer when the media share fewer directions or a
            medium has fewer features.
        rounds: how often every medium is set anew, of three and more media.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, k), orthonormal columns.
    """

    search = {"k": (32, 16, 8)}
    learns_from = "either"

    k: int = 32
    rounds: int = 20

    def learn(self, data: Pooled) -> None:
        """Learn the directions.

        Raises:
            TrainingError: no two views share a pair or a class, or they share no direction.
        """
        objects = shared_objects(data.views, self.name)
        crosses = _crosses(data, objects)
        directions = _leading(crosses, {m: data.x[m].shape[1] for m in objects}, self.k)
        for _ in range(self.rounds):
            for m in directions:
                others = [c @ directions[to] for (of, to), c in crosses.items() if of == m]
                directions[m] = _polar(sum(others, start=np.zeros_like(directions[m])))
        self.directions_ = {m: d.astype(np.float32) for m, d in directions.items()}


def _crosses(data: Pooled, objects: Mapping[Modality, Int64]) -> Crosses:
    """Of every two media that share objects, both ways: the (d, d') covariance of their means."""
    rows = rows_by_object(objects)
    found = {}
    for m, to in combinations(objects, 2):
        shared = sorted(rows[m].keys() & rows[to].keys())
        if shared:
            x, y = (
                np.stack([data.x[own][rows[own][o]].mean(axis=0) for o in shared])
                for own in (m, to)
            )
            found[m, to] = (x - x.mean(axis=0)).T @ (y - y.mean(axis=0)) / len(shared)
            found[to, m] = found[m, to].T
    return found


def _leading(crosses: Crosses, widths: Mapping[Modality, int], k: int) -> dict[Modality, Float64]:
    """Per modality (d, k') orthonormal columns from the leading eigenvectors of all blocks.

    Raises:
        TrainingError: nothing varies together.
    """
    starts = dict(zip(widths, np.cumsum([0, *widths.values()])[:-1].tolist(), strict=True))
    block = np.zeros((sum(widths.values()),) * 2)
    for (m, to), c in crosses.items():
        block[starts[m] : starts[m] + len(c), starts[to] : starts[to] + c.shape[1]] = c
    values, vectors = np.linalg.eigh(block)
    count = min(k, *widths.values(), int((values > RANK * max(values[-1], RANK)).sum()))
    if count < 1:
        raise TrainingError("the media share no direction; add labelled items")
    vectors = vectors[:, ::-1][:, :count]
    return {m: _polar(vectors[at : at + widths[m]]) for m, at in starts.items()}


def _polar(matrix: Float64) -> Float64:
    """The (d, k) matrix with orthonormal columns whose product with ``matrix`` has most trace."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left @ right)
