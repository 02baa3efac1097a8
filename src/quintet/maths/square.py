"""A picture resampled to a small square, so that pictures of all sizes are described alike."""

from __future__ import annotations

import numpy as np
from PIL import Image

from quintet.types import Float32, UInt8


def square(pixels: UInt8, side_px: int) -> Float32:
    """The whole picture squeezed into a square (bicubic, with the support widened downwards).

    The shape is given up on purpose: a region is a fraction of the picture, whatever its sides.

    Args:
        pixels: (h, w, 3) uint8, ``h >= 1`` and ``w >= 1``.
        side_px: side of the square in pixels.

    Returns:
        (side_px, side_px, 3) float32 in 0..1.

    >>> square(np.full((1, 1, 3), 255, np.uint8), 4).min()
    np.float32(1.0)
    """
    small = Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.BICUBIC)
    return np.asarray(small, np.float32) / np.float32(255)
