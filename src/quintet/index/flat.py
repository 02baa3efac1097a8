"""Exact search: every vector is compared; one matrix-vector product a query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quintet.errors import ShapeError, UsageError
from quintet.types import Bool, Float32, Int64

PAD = 8
"""Rows are padded with zeros to a multiple of this many values: whole vector registers."""


class Flat:
    """Unit vectors by cosine, exactly. Ties go to the smaller key.

    Attributes:
        keys: (n,) int64, increasing.
    """

    def __init__(self, keys: Int64 | None = None, rows: Float32 | None = None) -> None:
        self.keys: Int64 = np.zeros(0, dtype=np.int64) if keys is None else keys
        self._rows: Float32 | None = rows
        self._k: int | None = None if rows is None else rows.shape[1]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def rows(self) -> Float32:
        """(n, k padded) float32: what is written to a cache file."""
        return self._rows if self._rows is not None else np.zeros((0, PAD), dtype=np.float32)

    def add(self, keys: Sequence[int], z: Float32) -> None:
        """Add (n, k) float32 rows under new keys.

        Raises:
            ShapeError: another k than before, or not one key for each row.
            UsageError: NaN or infinity, or a key that is already there.
        """
        new = np.asarray(keys, dtype=np.int64)
        self._check(new, z)
        padded = _padded(z)
        rows = padded if self._rows is None else np.concatenate([self._rows, padded])
        order = np.argsort(together := np.concatenate([self.keys, new]), kind="stable")
        if (order == np.arange(len(order))).all():
            self.keys, self._rows = together, rows
        else:
            self.keys, self._rows = together[order], np.ascontiguousarray(rows[order])
        self._k = self._rows.shape[1]

    def _check(self, keys: Int64, z: Float32) -> None:
        if z.ndim != 2 or len(z) != len(keys):
            raise ShapeError(f"{len(keys)} keys need ({len(keys)}, k) rows, not {z.shape}")
        if self._k is not None and _width(z.shape[1]) != self._k:
            raise ShapeError(f"rows are {z.shape[1]} wide, those in the index {self._k} (padded)")
        if not np.isfinite(z).all():
            raise UsageError("a vector holds NaN or infinity; it is not added")
        if len(np.unique(keys)) < len(keys) or np.isin(keys, self.keys).any():
            raise UsageError("a key is already in the index; remove it first")

    def search(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` nearest keys of one (k,) query with their cosines, best first.

        Args:
            allowed: (n,) mask over rows in the order of ``keys``.

        Raises:
            ShapeError: a query of another width, or a mask of another length.
            UsageError: NaN in the query.
        """
        if self._rows is None or not len(self.keys) or count < 1:
            return []
        query = _padded(z[None])[0]
        if query.shape != (self._k,):
            raise ShapeError(f"the query is {z.shape[0]} wide, the index {self._k} (padded)")
        if not np.isfinite(query).all():
            raise UsageError("the query holds NaN or infinity")
        scores = self._rows @ query
        if allowed is not None:
            if len(allowed) != len(scores):
                raise ShapeError(f"the mask has {len(allowed)} entries for {len(scores)} rows")
            scores = np.where(allowed, scores, -np.inf)
        best = _best(scores, count)
        return [(int(self.keys[i]), float(scores[i])) for i in best if scores[i] > -np.inf]

    def remove(self, keys: Sequence[int]) -> None:
        """Forget keys; unknown ones are ignored."""
        keep = ~np.isin(self.keys, np.asarray(keys, dtype=np.int64))
        self.keys = self.keys[keep]
        if self._rows is not None:
            self._rows = np.ascontiguousarray(self._rows[keep])


def _best(scores: Float32, count: int) -> Int64:
    """Rows of the ``count`` largest scores, best first, equal ones in the order of their rows."""
    if count < len(scores):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        above = np.flatnonzero(scores > least)
        equal = np.flatnonzero(scores == least)[: count - len(above)]
        rows = np.sort(np.concatenate([above, equal]))
    else:
        rows = np.arange(len(scores))
    return rows[np.argsort(-scores[rows], kind="stable")]


def _width(k: int) -> int:
    return -(-k // PAD) * PAD


def _padded(z: Float32) -> Float32:
    n, k = z.shape
    out = np.zeros((n, _width(k)), dtype=np.float32)
    out[:, :k] = z
    return out
