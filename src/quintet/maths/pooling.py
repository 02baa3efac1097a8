"""Means over the overlapping cells of a square grid."""

from __future__ import annotations

from functools import cache

import numpy as np

from quintet.types import Float32


@cache
def tents(side: int, cells: int) -> Float32:
    """Weights of a row of pixels in each cell of a grid: tents that reach to the next centres.

    Args:
        side: number of pixels in the row.
        cells: number of cells across it.

    Returns:
        (cells, side) float32, rows sum to 1; read-only, because it is kept.

    >>> tents(4, 2).astype(float).round(2).tolist()
    [[0.43, 0.43, 0.14, 0.0], [0.0, 0.14, 0.43, 0.43]]
    """
    width = side / cells
    centres = (np.arange(cells) + 0.5) * width
    distance = np.abs(np.arange(side) + 0.5 - centres[:, None]) / width
    weights = np.maximum(0.0, 1.0 - distance)
    weights /= weights.sum(1, keepdims=True)
    kept: Float32 = weights.astype(np.float32)
    kept.flags.writeable = False
    return kept


def pool(maps: Float32, cells: int) -> Float32:
    """Weighted means of pixel maps over ``cells`` × ``cells`` overlapping cells.

    Args:
        maps: (..., side, side) float32.
        cells: number of cells across; at most ``side``.

    Returns:
        (..., cells, cells) float32.

    >>> pool(np.ones((3, 8, 8), np.float32), 2).shape
    (3, 2, 2)
    """
    weights = tents(maps.shape[-1], cells)
    pooled: Float32 = np.matmul(np.matmul(weights, maps), weights.T, dtype=np.float32)
    return pooled


@cache
def tents_at(samples: int, size: int, margin: int, cells: int) -> Float32:
    """Weights of evenly spaced samples of a row with margins: ``tents`` between the margins.

    Args:
        samples: samples across the whole row, the first at pixel 0.
        size: pixels of the row with both margins; a multiple of ``samples``.
        margin: pixels of each margin, which no cell reads.
        cells: number of cells between the margins.

    Returns:
        (cells, samples) float32, rows sum to 1; read-only, because it is kept.
    """
    at = np.arange(samples) * (size / samples) + 0.5 - margin
    inner = size - 2 * margin
    cell = inner / cells
    centres = (np.arange(cells) + 0.5) * cell
    weights = np.maximum(0.0, 1.0 - np.abs(at - centres[:, None]) / cell)
    weights[:, (at < 0) | (at > inner)] = 0
    weights /= weights.sum(1, keepdims=True)
    kept: Float32 = weights.astype(np.float32)
    kept.flags.writeable = False
    return kept


def around(energy: Float32) -> Float32:
    """Energy against which a cell is judged: of its 3 × 3 neighbours, and part of the picture's.

    Args:
        energy: (b, cells, cells, 1) float32; cells outside repeat the edge.

    Returns:
        (b, cells, cells, 1) float32.
    """
    padded = np.pad(energy[..., 0], ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    near = (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / np.float32(9)
    whole = np.float32(0.3) * energy.mean((1, 2), keepdims=True)
    judged: Float32 = near[..., None] + whole
    return judged
