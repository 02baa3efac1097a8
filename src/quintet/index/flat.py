"""Exact search: every vector is compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quintet.index.rows import PAD, check_new, check_one, check_queries, padded
from quintet.index.sketch import Sketch
from quintet.types import Bool, Float32, Int64

MANY = 20_000
"""From so many rows on a search reads their sketch first: the memory is what takes the time."""

PATIENCE = 50
"""So many searches go by before the sketch is made: it takes the time of a hundred plain ones, and
a process that asks once shall not wait for it."""

ROUNDING = 5e-5
"""What sums of float32 may be off by, for rows and queries of length 1. Rows whose cosines are
closer than that are compared by exact ones."""

CHUNK = 4096
"""Rows computed again at a time."""

BLOCK = 64
"""Queries of ``search_many`` in one matrix product."""


class Flat:
    """Unit vectors by cosine, exactly. Ties go to the smaller key.

    Attributes:
        keys: (n,) int64, increasing.
    """

    def __init__(self, keys: Int64 | None = None, rows: Float32 | None = None) -> None:
        self.keys: Int64 = np.zeros(0, dtype=np.int64) if keys is None else keys
        self._rows: Float32 | None = rows
        self._sketch: Sketch | None = None
        self._searches = 0
        self._longest: float | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def rows(self) -> Float32:
        """(n, k padded) float32: what is written to a cache file."""
        return self._rows if self._rows is not None else np.zeros((0, PAD), dtype=np.float32)

    def vectors(self, rows: Int64) -> Float32:
        """(b, k padded) the vectors of b places in ``keys``."""
        return self.rows[rows]

    def add(self, keys: Sequence[int], z: Float32) -> None:
        """Add (n, k) float32 rows under new keys.

        Raises:
            ShapeError: another k than before, or not one key for each row.
            UsageError: NaN or infinity, or a key that is already there.
        """
        new = np.asarray(keys, dtype=np.int64)
        check_new(new, z, self.keys, self._wide)
        wide = padded(z.copy())
        rows = wide if self._rows is None else np.concatenate([self._rows, wide])
        order = np.argsort(together := np.concatenate([self.keys, new]), kind="stable")
        if (order == np.arange(len(order))).all():
            self.keys, self._rows = together, rows
        else:
            self.keys, self._rows = together[order], np.ascontiguousarray(rows[order])
        self._sketch, self._longest = None, None

    @property
    def _wide(self) -> int | None:
        return None if self._rows is None else self._rows.shape[1]

    def search(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` nearest keys of one (k,) query with their cosines, best first.

        Args:
            allowed: (n,) mask over rows in the order of ``keys``.

        Raises:
            ShapeError: a query of another width, or a mask of another length.
            UsageError: NaN or infinity in the query.
        """
        check_one(z)
        return self.search_many(z[None], count, allowed)[0]

    def search_many(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[list[tuple[int, float]]]:
        """``search`` for each of (b, k) queries; many at a time cost less than one by one."""
        check_queries(z, allowed, len(self), self._wide)
        if not len(self) or count < 1:
            return [[] for _ in z]
        queries = padded(z)
        if len(queries) == 1 and self._is_sketch_due():
            return [self._by_sketch(queries[0], count, allowed)]
        return [
            self._best(query, scores, None, count, allowed)
            for start in range(0, len(queries), BLOCK)
            for query, scores in self._scored(queries[start : start + BLOCK])
        ]

    def _is_sketch_due(self) -> bool:
        self._searches += 1
        return len(self) >= MANY and self._searches > PATIENCE

    def _scored(self, queries: Float32) -> list[tuple[Float32, Float32]]:
        if len(queries) == 1:
            return [(queries[0], self.rows @ queries[0])]
        return list(zip(queries, queries @ self.rows.T, strict=True))

    def _by_sketch(
        self, query: Float32, count: int, allowed: Bool | None
    ) -> list[tuple[int, float]]:
        if self._sketch is None:
            self._sketch = Sketch.of(self.rows)
        about, error = self._sketch.products(query)
        return self._best(query, about, error, count, allowed)

    def _best(
        self,
        query: Float32,
        scores: Float32,
        error: Float32 | None,
        count: int,
        allowed: Bool | None,
    ) -> list[tuple[int, float]]:
        """The exact best of rows whose products with the query are known to within ``error``."""
        slack = np.float32(ROUNDING * self._reach() * np.linalg.norm(query))
        off = slack if error is None else error + slack
        rows = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
        at_least, at_most = (scores - off)[rows], (scores + off)[rows]
        if count < len(rows):
            least = np.partition(at_least, len(rows) - count)[len(rows) - count]
            rows = rows[at_most >= least]
        exact = self._exact(rows, query)
        order = np.lexsort((self.keys[rows], -exact))[:count]
        return [(int(self.keys[rows[i]]), float(exact[i])) for i in order]

    def _reach(self) -> float:
        """Length of the longest row."""
        if self._longest is None:
            squares = np.einsum("nk,nk->n", self.rows, self.rows, dtype=np.float64)
            self._longest = float(np.sqrt(squares.max(initial=0.0)))
        return self._longest

    def _exact(self, rows: Int64, query: Float32) -> Float32:
        """Products that depend on the row and the query alone, not on where the row stands."""
        wide = query.astype(np.float64)
        parts = [
            (self.rows[rows[i : i + CHUNK]] * wide).sum(axis=1) for i in range(0, len(rows), CHUNK)
        ]
        found: NDArray[np.float64] = np.concatenate(parts) if parts else np.zeros(0)
        return found.astype(np.float32)

    def remove(self, keys: Sequence[int]) -> None:
        """Forget keys; unknown ones are ignored."""
        keep = ~np.isin(self.keys, np.asarray(keys, dtype=np.int64))
        self.keys = self.keys[keep]
        if self._rows is not None:
            self._rows = np.ascontiguousarray(self._rows[keep])
        self._sketch, self._longest = None, None
