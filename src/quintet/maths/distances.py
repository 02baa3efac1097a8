"""Distances between the rows of two matrices; numpy, each row by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def squared(x: Float64, y: Float64) -> Float64:
    """(n, m) squared Euclidean distances between the rows of x (n, d) and y (m, d).

    >>> squared(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
    [[25.0]]
    """
    lengths = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)
    # einsum sums each row alone: its result does not depend on how many rows there are
    return np.asarray(np.maximum(lengths - 2 * np.einsum("nd,md->nm", x, y), 0.0))


def chi_squared(x: Float64, y: Float64) -> Float64:
    """(n, m) ``sum_f (x_f - y_f)^2 / (x_f + y_f)`` of frequencies; 0 / 0 counts as 0.

    Args:
        x: (n, d), not negative.
        y: (m, d), not negative.

    >>> chi_squared(np.array([[1.0, 0.0]]), np.array([[3.0, 0.0], [1.0, 2.0]])).tolist()
    [[1.0, 2.0]]
    """
    tiny = np.finfo(np.float64).tiny
    columns = [(np.square(x - row) / np.maximum(x + row, tiny)).sum(axis=1) for row in y]
    return np.stack(columns, axis=1) if columns else np.zeros((len(x), 0))
