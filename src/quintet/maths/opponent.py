"""Opponent colours: brightness, red against green, yellow against blue."""

from __future__ import annotations

import numpy as np

from quintet.maths.pooling import pool
from quintet.types import Float32

OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]], np.float32)
"""Rows: brightness, red–green, yellow–blue, as weights of red, green and blue."""


def opponent(rgb: Float32) -> Float32:
    """(..., side, side, 3) colours to (..., 3, side, side) opponent planes, float32.

    >>> opponent(np.ones((2, 2, 3), np.float32))[:, 0, 0].round(3).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.ascontiguousarray(np.moveaxis(rgb @ OPPONENT.T, -1, -3))


def colour_moments(planes: Float32, cells: int) -> Float32:
    """Mean and standard deviation of every plane in each cell.

    Args:
        planes: (b, c, side, side) float32.
        cells: number of cells across.

    Returns:
        (b, cells, cells, 2 c) float32.
    """
    mean = pool(planes, cells)
    spread = np.sqrt(np.maximum(pool(planes * planes, cells) - mean * mean, 0))
    return np.ascontiguousarray(np.moveaxis(np.concatenate([mean, spread], 1), 1, -1))
