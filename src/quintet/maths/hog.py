"""Histograms of oriented gradients on a grid of overlapping cells."""

from __future__ import annotations

import numpy as np
from numba import njit

from quintet.maths.pooling import around
from quintet.types import Float32

FLAT = np.float32(0.005)
"""Gradient (fraction of full range per pixel) that is added below every normalisation."""

DIRECTIONS = 18
"""Gradient directions in the full turn, even."""
WIDTH = DIRECTIONS * 3 // 2 + 1
"""Numbers per cell."""


def hog(rgb: Float32, cells: int) -> Float32:
    """Contrast-normalised gradient histograms: signed, unsigned, and the log of the energy.

    Each pixel votes with its strongest colour channel, shared linearly between the two nearest
    directions and the four nearest cells. A cell is divided by the mean energy of its 3 × 3
    neighbours and part of the whole picture's; the square root tames single strong edges.

    Args:
        rgb: (b, side, side, 3) float32 in 0..1.
        cells: number of cells across.

    Returns:
        (b, cells, cells, WIDTH) float32, finite.

    Source:
        Dalal and Triggs 2005; signed and unsigned parts after Felzenszwalb et al. 2010.
    """
    signed = _votes(np.ascontiguousarray(rgb), cells, DIRECTIONS)
    half = DIRECTIONS // 2
    unsigned = signed[..., :half] + signed[..., half:]
    energy = unsigned.sum(3, keepdims=True)
    near = around(energy) + FLAT
    shares = np.sqrt(np.concatenate([signed, unsigned], 3) / near)
    level = np.float32(0.3) * np.log(energy + 2 * FLAT)
    return np.concatenate([shares, level], 3)


@njit(cache=True)
def _votes(rgb: Float32, cells: int, bins: int) -> Float32:
    """(b, cells, cells, bins) mean gradient magnitude per cell and direction."""
    out = np.zeros((len(rgb), cells, cells, bins), np.float32)
    for b in range(len(rgb)):
        _vote(rgb[b], cells, bins, out[b])
    return out


@njit(cache=True)
def _vote(rgb: Float32, cells: int, bins: int, out: Float32) -> None:
    """Add the votes of one picture to its histograms."""
    side = rgb.shape[0]
    scale = cells / side
    for y in range(side):
        cy = (y + 0.5) * scale - 0.5
        y0 = int(np.floor(cy))
        for x in range(side):
            size, angle = _gradient(rgb, y, x)
            if size == 0.0:
                continue
            turn = (angle / (2 * np.pi)) % 1.0 * bins
            low = int(turn)
            part = turn - low
            cx = (x + 0.5) * scale - 0.5
            x0 = int(np.floor(cx))
            for i in range(max(y0, 0), min(y0 + 2, cells)):
                for j in range(max(x0, 0), min(x0 + 2, cells)):
                    vote = size * (1 - abs(cy - i)) * (1 - abs(cx - j)) * scale * scale
                    out[i, j, low % bins] += vote * (1 - part)
                    out[i, j, (low + 1) % bins] += vote * part


@njit(cache=True)
def _gradient(rgb: Float32, y: int, x: int) -> tuple[float, float]:
    """Magnitude and direction (radians) of the strongest channel, by central differences."""
    side = rgb.shape[0]
    best, by, bx = 0.0, 0.0, 0.0
    up, down = max(y - 1, 0), min(y + 1, side - 1)
    left, right = max(x - 1, 0), min(x + 1, side - 1)
    for c in range(3):
        dy = rgb[down, x, c] - rgb[up, x, c]
        dx = rgb[y, right, c] - rgb[y, left, c]
        square = dy * dy + dx * dx
        if square > best:
            best, by, bx = square, dy, dx
    return np.sqrt(best), np.arctan2(by, bx)
