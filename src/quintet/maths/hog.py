"""Histograms of oriented gradients on a grid of overlapping cells."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.ndimage import uniform_filter

from quintet.types import Float32

FLAT = np.float32(0.005)
"""Gradient (fraction of full range per pixel) that is added below every normalisation."""


def hog(rgb: Float32, cells: int, signed_bins: int = 18) -> Float32:
    """Contrast-normalised gradient histograms: signed, unsigned, and the log of the energy.

    Each pixel votes with its strongest colour channel, shared linearly between the two nearest
    directions and the four nearest cells. A cell is divided by the mean energy of its 3 × 3
    neighbours and part of the whole picture's; the square root tames single strong edges.

    Args:
        rgb: (side, side, 3) float32 in 0..1.
        cells: number of cells across.
        signed_bins: directions in the full turn, even.

    Returns:
        (cells, cells, signed_bins * 3 // 2 + 1) float32, finite.

    Source:
        Dalal and Triggs 2005; signed and unsigned parts after Felzenszwalb et al. 2010.
    """
    signed = _votes(np.ascontiguousarray(rgb), cells, signed_bins)
    half = signed_bins // 2
    unsigned = signed[..., :half] + signed[..., half:]
    energy = unsigned.sum(2)
    near = uniform_filter(energy, 3, mode="nearest") + np.float32(0.3) * energy.mean() + FLAT
    shares = np.sqrt(np.concatenate([signed, unsigned], 2) / near[..., None])
    level = np.float32(0.3) * np.log(energy + 2 * FLAT)
    found: Float32 = np.concatenate([shares, level[..., None]], 2).astype(np.float32)
    return found


@njit(cache=True)
def _votes(rgb: Float32, cells: int, bins: int) -> Float32:
    """(cells, cells, bins) mean gradient magnitude per cell and direction."""
    side = rgb.shape[0]
    out = np.zeros((cells, cells, bins), np.float32)
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
    return out


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
