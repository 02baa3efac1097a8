"""Triangles to depth pictures from 47 directions: a z-buffer on the CPU, no graphics library."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from quintet.types import Float32, UInt8

VIEW_SIDE_PX = 128
"""Side of every depth picture."""

VIEWS: tuple[tuple[float, float], ...] = (
    *((30.0 * i, 0.0) for i in range(12)),
    *((30.0 * i, 30.0) for i in range(12)),
    *((30.0 * i, -30.0) for i in range(12)),
    *((72.0 * i, 60.0) for i in range(5)),
    *((72.0 * i, -60.0) for i in range(5)),
    (0.0, 90.0),
)
"""Azimuth and elevation in degrees of the 47 cameras, in the order of the pictures.

Twelve at the height of the model, twelve 30° above and below, five 60° above and below, one from
the top. Azimuth 0 looks from +x, 90 from +y; z is up. All cameras look at the origin, in parallel
projection; a picture spans -1 to 1 in both directions.
"""


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Machine code, kept on disk where the package lies in a folder that can be written."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba finds no folder for its cache
        return numba.njit(nogil=True)(function)


def depth_views(vertices: Float32, faces: np.ndarray[Any, np.dtype[np.int32]]) -> UInt8:
    """Depth pictures of a model inside the unit sphere.

    Args:
        vertices: (n, 3) float32, each of length at most 1.
        faces: (f, 3) int32 vertex numbers.

    Returns:
        (47, VIEW_SIDE_PX, VIEW_SIDE_PX) uint8, rows from the top: 0 is background, 1 the far end
        of the unit sphere, 255 its near end.
    """
    side = VIEW_SIDE_PX
    pictures = np.zeros((len(VIEWS), side, side), np.uint8)
    _draw_all(vertices, faces, cameras(), pictures)
    return pictures


def cameras() -> Float32:
    """(47, 3, 3) float32: rows right, up and towards the camera, of every view."""
    rows = []
    for azimuth, elevation in VIEWS:
        a, e = math.radians(azimuth), math.radians(elevation)
        right = (-math.sin(a), math.cos(a), 0.0)
        up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
        towards = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
        rows.append((right, up, towards))
    return np.array(rows, np.float32)


@_compiled
def _draw_all(vertices, faces, turns, pictures):  # type: ignore[no-untyped-def]
    side = pictures.shape[1]
    placed = np.empty((len(vertices), 3), np.float32)
    depth = np.empty((side, side), np.float32)
    for view in range(len(turns)):
        turn = turns[view]
        for i in range(len(vertices)):
            x, y, z = vertices[i]
            right = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
            up = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
            placed[i, 0] = (1 + right) * np.float32(0.5) * side - np.float32(0.5)
            placed[i, 1] = (1 - up) * np.float32(0.5) * side - np.float32(0.5)
            placed[i, 2] = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        depth[:] = -2
        for i in range(len(faces)):
            _draw(placed[faces[i, 0]], placed[faces[i, 1]], placed[faces[i, 2]], depth)
        for y in range(side):
            for x in range(side):
                if depth[y, x] > -2:
                    shade = 128 + 127 * min(max(depth[y, x], -1), 1)
                    pictures[view, y, x] = np.uint8(shade + np.float32(0.5))


@_compiled
def _draw(a, b, c, depth):  # type: ignore[no-untyped-def]
    """One triangle into the z-buffer; one too thin to hold a pixel's middle leaves its corners."""
    side = depth.shape[0]
    left = max(0, math.ceil(min(a[0], b[0], c[0])))
    right = min(side - 1, math.floor(max(a[0], b[0], c[0])))
    top = max(0, math.ceil(min(a[1], b[1], c[1])))
    bottom = min(side - 1, math.floor(max(a[1], b[1], c[1])))
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(area) > 1e-9:
        scale = 1 / area
        # weights of b and c at a pixel, and their steps to the right and down
        b_right, b_down = (c[1] - a[1]) * scale, -(c[0] - a[0]) * scale
        c_right, c_down = -(b[1] - a[1]) * scale, (b[0] - a[0]) * scale
        for y in range(top, bottom + 1):
            wb = (left - a[0]) * b_right + (y - a[1]) * b_down
            wc = (left - a[0]) * c_right + (y - a[1]) * c_down
            for x in range(left, right + 1):
                if wb >= -1e-6 and wc >= -1e-6 and wb + wc <= 1 + 1e-6:
                    z = a[2] + wb * (b[2] - a[2]) + wc * (c[2] - a[2])
                    if z > depth[y, x]:
                        depth[y, x] = z
                wb += b_right
                wc += c_right
