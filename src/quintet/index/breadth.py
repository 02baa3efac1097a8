"""How many cells a search looks into, measured on the index's own vectors when it is built."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np
from numpy.typing import NDArray

from quintet.index.codes import Codes
from quintet.types import Float32, Int64

DEPTHS = (10, 40, 160, 640)
"""How many results a search is measured for."""

TARGET = 0.98
"""Share of the true nearest that every kind of query has to find, …"""

MOST = 1 / 8
"""… unless it takes more than this share of the cells for a long list: behind the last true
neighbours all rows are about as far."""

QUERIES = 128
"""Queries of each kind that it is measured on."""

CHUNK = 65_536
"""Rows compared exactly at a time."""


@dataclass(frozen=True)
class Breadth:
    """How widely codes are searched.

    Attributes:
        depths: results wanted, and ``counts`` cells to look into for them; both increase.
        blur: by how much cosines of codes were off, twice; for queries of length 1.
    """

    depths: tuple[int, ...]
    counts: tuple[int, ...]
    blur: float

    @classmethod
    def measured(cls, codes: Codes, rows: Float32, asked: Sequence[Float32] = ()) -> Self:
        """The fewest cells with which every kind of query finds TARGET of the true nearest.

        Args:
            asked: (b, k) queries of each kind; the rows' own kind is added.
        """
        rng = np.random.default_rng(0)
        own = rows[np.sort(rng.permutation(len(rows))[:QUERIES])]
        kinds = [np.ascontiguousarray(k[:QUERIES]) for k in (own, *asked) if len(k)]
        depths = [d for d in DEPTHS if d < len(rows)] or [len(rows)]
        truth = _nearest(rows, np.concatenate(kinds), depths[-1])
        first = _fewest(codes, kinds, truth[:, : depths[0]], 1, codes.cells)
        most = max(first, int(MOST * codes.cells))
        counts = [first]
        for depth in depths[1:]:
            counts.append(_fewest(codes, kinds, truth[:, :depth], counts[-1], most))
        return cls(tuple(depths), tuple(counts), 2 * _blur(codes, rows, own))

    def cells(self, count: int, share: float = 1.0) -> int:
        """Cells to look into for ``count`` results among a share of the rows.

        The nearest of a tenth of the rows lie as far as ten times as many of all of them.
        """
        depth = count / max(share, 1e-9)
        at = bisect_left(self.depths, depth)
        if at == len(self.depths):
            return ceil(self.counts[-1] * depth / self.depths[-1])
        if at == 0:
            return self.counts[0]
        low, high = self.depths[at - 1], self.depths[at]
        part = (depth - low) / (high - low)
        return ceil(self.counts[at - 1] * (1 - part) + self.counts[at] * part)

    def array(self) -> NDArray[np.float64]:
        """(3, m): for a file."""
        return np.array([self.depths, self.counts, [self.blur] * len(self.depths)])

    @classmethod
    def of(cls, array: NDArray[np.generic]) -> Self:
        """From ``array``."""
        depths, counts, blur = np.asarray(array).tolist()
        return cls(tuple(map(int, depths)), tuple(map(int, counts)), float(blur[0]))


def _nearest(rows: Float32, queries: Float32, count: int) -> Int64:
    """(b, count) row numbers by exact products, best first, reading the rows once."""
    best = np.full((len(queries), count), -np.inf, dtype=np.float32)
    at = np.full(best.shape, -1, dtype=np.int64)
    for start in range(0, len(rows), CHUNK):
        scores = queries @ rows[start : start + CHUNK].T
        floor = best.min(axis=1)
        for i in np.flatnonzero(scores.max(axis=1) > floor):
            new = np.flatnonzero(scores[i] > floor[i])
            pool = np.concatenate([best[i], scores[i, new]])
            top = np.argpartition(-pool, count - 1)[:count]
            best[i], at[i] = pool[top], np.concatenate([at[i], start + new])[top]
    order = np.argsort(-best, axis=1, kind="stable")
    return np.take_along_axis(at, order, axis=1)


def _fewest(codes: Codes, kinds: Sequence[Float32], truth: Int64, least: int, most: int) -> int:
    """The fewest cells with which every kind finds TARGET of the truth; ``most`` if none do."""
    queries = np.concatenate(kinds)
    ends = np.cumsum([len(kind) for kind in kinds])[:-1]
    count = truth.shape[1]
    cells = least
    while cells < most:
        found, _ = codes.near(queries, count + count // 4 + 16, cells)
        hit = [len(np.intersect1d(f, t)) / count for f, t in zip(found, truth, strict=True)]
        if min(part.mean() for part in np.split(np.array(hit), ends)) >= TARGET:
            return cells
        cells = max(cells + 1, int(cells * 1.5))
    return most


def _blur(codes: Codes, rows: Float32, queries: Float32) -> float:
    """The largest difference between cosines by codes and exact ones among the nearest."""
    found, about = codes.near(queries, DEPTHS[0], codes.cells)
    exact = np.einsum("bck,bk->bc", rows[found], queries)
    length = np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-30)
    off: Float32 = np.abs(np.where(found < 0, 0, about) - np.where(found < 0, 0, exact)) / length
    return float(off.max(initial=0.0))
