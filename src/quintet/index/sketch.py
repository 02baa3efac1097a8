"""Rows of one byte a value, and how far their products with a query can be from the exact ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quintet.types import Float32

Int8 = NDArray[np.int8]

LARGEST = 127.0

TINY = 1e-30
"""Rows without a larger value are taken as zeros; their error says so."""

CHUNK = 16_384
"""Rows rounded at a time."""


@dataclass(frozen=True)
class Sketch:
    """Rows rounded to a byte a value: a quarter of the memory to read for one query.

    Attributes:
        steps: (n, k) int8.
        scale: (n,) float32; a row is about ``steps * scale``.
        error: (n,) float32, length of the difference between a row and that.
    """

    steps: Int8
    scale: Float32
    error: Float32

    @classmethod
    def of(cls, rows: Float32) -> Sketch:
        """The sketch of (n, k) rows."""
        n = len(rows)
        steps = np.empty(rows.shape, dtype=np.int8)
        scale, error = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
        for start in range(0, n, CHUNK):
            part = slice(start, start + CHUNK)
            steps[part], scale[part], error[part] = _rounded(rows[part])
        return cls(steps, scale, error)

    def products(self, query: Float32) -> tuple[Float32, Float32]:
        """(n,) approximate products with a query, and (n,) how far off each can be.

        Source:
            Cauchy–Schwarz: |x·q − x̂·q| ≤ ‖x − x̂‖ ‖q‖.
        """
        about = _products()(self.steps, np.ascontiguousarray(query)) * self.scale
        return about, np.asarray(self.error * np.linalg.norm(query), dtype=np.float32)


def _rounded(rows: Float32) -> tuple[Int8, Float32, Float32]:
    largest = np.abs(rows).max(axis=1, initial=0.0)
    scale = np.where(largest > TINY, largest / LARGEST, 1.0).astype(np.float32)
    steps = np.clip(np.rint(rows / scale[:, None]), -LARGEST, LARGEST).astype(np.int8)
    error = np.linalg.norm(rows - steps * scale[:, None].astype(np.float64), axis=1)
    return steps, scale, error.astype(np.float32)


@cache
def _products() -> Callable[[Int8, Float32], Float32]:
    """Row products in machine code, compiled at first use (about half a second)."""
    import numba

    def products(steps: Int8, query: Float32) -> Float32:
        n, k = steps.shape
        out = np.empty(n, np.float32)
        for i in range(n):
            total = np.float32(0)
            for j in range(k):
                total += np.float32(steps[i, j]) * query[j]
            out[i] = total
        return out

    compiled: Callable[[Int8, Float32], Float32] = numba.njit(fastmath=True)(products)
    return compiled
