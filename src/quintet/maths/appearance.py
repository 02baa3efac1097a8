"""What a picture looks like in each cell of a grid: texture, contours and colour, not learnt."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from quintet.maths.hog import hog
from quintet.maths.opponent import colour_moments, opponent
from quintet.maths.scattering import first_width, scatter, second_width
from quintet.maths.square import square
from quintet.types import Float32, UInt8

CONTOUR_PX = 84
"""Side of the picture for gradients."""
TEXTURE_PX = 56
"""Side of the picture for wavelets and colour; with its margins a power of two."""
MARGIN_PX = 4
"""Mirrored margin on each side, for the wrap-around of the Fourier transform."""
SCALES = 3
"""Octaves of brightness; colour has one fewer and starts one coarser."""
FLAT = np.float32(0.01)
"""Wavelet energy (square root of light, 0..1) below which a cell counts as empty."""
WIDTH = 28 + first_width(SCALES) + second_width(SCALES) + 2 * first_width(SCALES - 1) + 7
"""Numbers per cell."""


def appearance(pixels: UInt8, cells: int) -> Float32:
    """Gradients, wavelet scattering and opponent colour of every cell.

    Args:
        pixels: (h, w, 3) uint8 of any size.
        cells: number of cells across the picture, at most 14.

    Returns:
        (cells, cells, WIDTH) float32, finite, mostly in 0..1.
    """
    contours = hog(square(pixels, CONTOUR_PX), cells)
    planes = opponent(np.sqrt(np.maximum(square(pixels, TEXTURE_PX), 0)))
    parts = (contours, _texture(planes, cells), colour_moments(planes, cells))
    return np.concatenate(parts, 2)


def _texture(planes: Float32, cells: int) -> Float32:
    """(cells, cells, k) roots of wavelet energy: order two as shares of the energy around."""
    edge = (MARGIN_PX, MARGIN_PX)
    padded = np.pad(planes, ((0, 0), edge, edge), mode="reflect")
    first, second = scatter(padded[:1], cells, margin=MARGIN_PX, scales=SCALES)
    hues = _halved(padded[1:])
    colour, _ = scatter(hues, cells, margin=MARGIN_PX // 2, scales=SCALES - 1, second=False)
    energy = first.sum(2, keepdims=True)
    around = uniform_filter(energy, (3, 3, 1), mode="nearest")
    shares = second / (around + np.float32(0.3) * energy.mean() + FLAT)
    level = np.float32(0.3) * np.log(energy + 2 * FLAT)
    return np.concatenate([np.sqrt(first), np.sqrt(shares), level, np.sqrt(colour)], 2)


def _halved(planes: Float32) -> Float32:
    """(c, n, n) to (c, n / 2, n / 2) means of 2 × 2 pixels."""
    count, side, _ = planes.shape
    means: Float32 = planes.reshape(count, side // 2, 2, side // 2, 2).mean((2, 4))
    return means
