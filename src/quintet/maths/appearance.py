"""What a picture looks like in each cell of a grid: texture, contours and colour, not learnt."""

from __future__ import annotations

import numpy as np

from quintet.maths.hog import WIDTH as HOG_WIDTH
from quintet.maths.hog import hog
from quintet.maths.opponent import colour_moments, opponent
from quintet.maths.pooling import around
from quintet.maths.scattering import first_width, scatter, second_width
from quintet.types import Float32

MARGIN = 14
"""One part in so many of the side is mirrored on each side, for the Fourier transform."""
SCALES = 3
"""Octaves of brightness; colour has one fewer and starts one coarser."""
FLAT = np.float32(0.01)
"""Wavelet energy (square root of light, 0..1) below which a cell counts as empty."""
WIDTH = HOG_WIDTH + first_width(SCALES) + second_width(SCALES) + 1 + 2 * first_width(SCALES - 1) + 6
"""Numbers per cell."""


def appearance(contour_rgb: Float32, texture_rgb: Float32, cells: int) -> Float32:
    """Gradients, wavelet scattering and opponent colour of every cell of some pictures.

    Args:
        contour_rgb: (b, side, side, 3) float32 in 0..1, the pictures at the size for gradients.
        texture_rgb: the same pictures, side 56 or 28, for wavelets and colour.
        cells: number of cells across a picture, at most a quarter of the smaller side.

    Returns:
        (b, cells, cells, WIDTH) float32, finite, mostly in 0..1; the first ``hog.WIDTH`` numbers
        of a cell are its gradients.
    """
    planes = opponent(np.sqrt(texture_rgb))
    parts = (hog(contour_rgb, cells), _texture(planes, cells), colour_moments(planes, cells))
    return np.concatenate(parts, 3)


def halved(rgb: Float32) -> Float32:
    """(b, n, n, 3) to (b, n / 2, n / 2, 3) means of 2 × 2 pixels; n is even.

    >>> halved(np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)).tolist()
    [[[[4.5, 5.5, 6.5]]]]
    """
    rows = rgb[:, ::2] + rgb[:, 1::2]
    means: Float32 = (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
    return means


def _texture(planes: Float32, cells: int) -> Float32:
    """(b, cells, cells, k) roots of wavelet energy: order two as shares of the energy around."""
    margin = planes.shape[-1] // MARGIN
    padded = _mirrored(planes, margin)
    light, hues = padded[:, 0], halved(padded[:, 1:].reshape(-1, *padded.shape[2:], 1))
    first, second = scatter(light, cells, margin=margin, scales=SCALES)
    colour, _ = scatter(hues[..., 0], cells, margin=margin // 2, scales=SCALES - 1, second=False)
    energy = first.sum(3, keepdims=True)
    shares = second / (around(energy) + FLAT)
    level = np.float32(0.3) * np.log(energy + 2 * FLAT)
    tints = np.moveaxis(colour.reshape(len(planes), 2, cells, cells, -1), 1, 3)
    tints = tints.reshape(len(planes), cells, cells, -1)
    return np.concatenate([np.sqrt(first), np.sqrt(shares), level, np.sqrt(tints)], 3)


def _mirrored(planes: Float32, margin: int) -> Float32:
    """(b, c, n, n) planes with mirrored margins on all sides."""
    side = planes.shape[-1]
    at = np.abs(np.arange(-margin, side + margin))
    at = np.where(at < side, at, 2 * (side - 1) - at)
    return planes[:, :, at[:, None], at]
