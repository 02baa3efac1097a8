"""The thing in a picture that stands out: an isolated blob of contours, at its own size."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from quintet.types import Float32, UInt8

SIGMAS = (1.5, 2.5, 4.0, 6.5, 10.0)
"""Sizes that are tried: standard deviations in 56ths of the picture."""
GRID = 56
"""Side of the map of contours."""
SURROUND = 2.0
"""The surround is this many times wider than the blob."""
FLOOR = np.float32(0.012)
"""Contour strength (full range per pixel of a 112-pixel picture) that is noise or grain."""
CENTRE_SIGMA = 0.45
"""Things are expected in the middle: standard deviation in pictures."""
REACH = 2.2
"""Half side of the window in standard deviations of the blob."""
FAINT = 1e-3
"""Strength below which nothing stands out."""
MIN_HALF_PX = 6
"""The window is never smaller than twice this."""


class Focus(NamedTuple):
    """Where something stands out.

    Attributes:
        y, x: its centre, fractions of the picture's height and width.
        half: half of its window's side, as a fraction of the picture's longer side.
        strength: contours in the blob over contours around it, less one; 0 for an even picture.
    """

    y: float
    x: float
    half: float
    strength: float


def focus(rgb: Float32) -> Focus:
    """The most isolated blob of contours over all places and sizes, near the middle if in doubt.

    Args:
        rgb: (112, 112, 3) float32 in 0..1.

    Returns:
        Its place, size and strength; the middle of the picture where nothing stands out. An even
        thing wider than about 0.4 of the picture gives way to a part of its outline.

    Source:
        Centre against surround after Itti, Koch and Niebur 1998, scale selection after
        Lindeberg 1998. Ours: on contour energy and as a ratio, so that a small bird on an empty
        sky beats a forest.
    """
    near, far = _blurs()
    contours = _contours(rgb)
    inside = near @ contours @ near.transpose(0, 2, 1)
    outside = far @ contours @ far.transpose(0, 2, 1)
    contrast = (inside - outside) / (outside + FLOOR) * _expected()
    size, row, column = (int(i) for i in np.unravel_index(contrast.argmax(), contrast.shape))
    strength = float(contrast[size, row, column])
    if strength < FAINT:
        return Focus(0.5, 0.5, REACH * SIGMAS[-1] / GRID, 0.0)
    return Focus((row + 0.5) / GRID, (column + 0.5) / GRID, REACH * SIGMAS[size] / GRID, strength)


def window(pixels: UInt8, at: Focus) -> UInt8:
    """The square of the picture that holds the thing, cut where it leaves the picture.

    Args:
        pixels: (h, w, 3) uint8.
        at: where and how large it is.

    Returns:
        (h', w', 3) uint8, a view, at least one pixel.
    """
    height, width = pixels.shape[:2]
    half = max(at.half * max(height, width), MIN_HALF_PX)
    y0, y1 = _span(at.y * height, half, height)
    x0, x1 = _span(at.x * width, half, width)
    return pixels[y0:y1, x0:x1]


def _span(centre: float, half: float, length: int) -> tuple[int, int]:
    return max(0, int(centre - half)), min(length, int(np.ceil(centre + half)))


def _contours(rgb: Float32) -> Float32:
    """(GRID, GRID) mean size of the strongest channel's differences."""
    side = len(rgb)
    energy = np.zeros((side, side), np.float32)
    for plane in np.moveaxis(rgb, 2, 0):
        square = np.zeros_like(energy)
        square[:, 1:-1] = (plane[:, 2:] - plane[:, :-2]) ** 2
        square[1:-1] += (plane[2:] - plane[:-2]) ** 2
        np.maximum(energy, square, out=energy)
    cell = side // GRID
    means: Float32 = np.sqrt(energy).reshape(GRID, cell, GRID, cell).mean((1, 3))
    return means


@cache
def _blurs() -> tuple[Float32, Float32]:
    """(sizes, GRID, GRID) Gaussian blurs of a row as matrices: of the blobs, of the surrounds."""
    near = np.stack([_blur(sigma) for sigma in SIGMAS])
    return near, np.stack([_blur(SURROUND * sigma) for sigma in SIGMAS])


def _blur(sigma: float) -> Float32:
    """(GRID, GRID) Gaussian blur of a row; what lies outside repeats the edge."""
    pixel = np.arange(GRID)
    reach = int(np.ceil(3 * sigma))
    source = np.arange(-reach, GRID + reach)
    weights = np.exp(-0.5 * ((source - pixel[:, None]) / sigma) ** 2)
    weights /= weights.sum(1, keepdims=True)
    blur = np.zeros((GRID, GRID))
    np.add.at(blur.T, np.clip(source, 0, GRID - 1), weights.T)
    return blur.astype(np.float32)


@cache
def _expected() -> Float32:
    """(GRID, GRID) weight of each place."""
    off = (np.arange(GRID) + 0.5) / GRID - 0.5
    row = np.exp(-0.5 * (off / CENTRE_SIGMA) ** 2)
    return np.outer(row, row).astype(np.float32)
