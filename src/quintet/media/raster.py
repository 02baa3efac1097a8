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


NOTHING = np.float32(-2)
"""Depth where nothing has been drawn; every model lies between -1 and 1."""

EDGE = np.float32(1e-5)
"""Slack on the edges, so that no pixel falls between two neighbouring triangles."""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Machine code, kept on disk where the package lies in a folder that can be written."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba finds no folder for its cache
        return numba.njit(nogil=True)(function)


def depth_views(
    vertices: Float32, faces: np.ndarray[Any, np.dtype[np.int32]], side: int = VIEW_SIDE_PX
) -> UInt8:
    """Depth pictures of a model inside the unit sphere.

    Args:
        vertices: (n, 3) float32, each of length at most 1.
        faces: (f, 3) int32 vertex numbers.
        side: width and height of a picture in pixels.

    Returns:
        (47, side, side) uint8, rows from the top: 0 is background, 1 the far end
        of the unit sphere, 255 its near end.
    """
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


@compiled
def _draw_all(vertices, faces, turns, pictures):  # type: ignore[no-untyped-def]
    side = pictures.shape[1]
    placed = np.empty((len(vertices), 3), np.float32)
    depth = np.empty((side, side), np.float32)
    for view in range(len(turns)):
        _place(vertices, turns[view], side, placed)
        depth[:] = NOTHING
        for i in range(len(faces)):
            _draw(placed, faces[i, 0], faces[i, 1], faces[i, 2], depth)
        for y in range(side):
            for x in range(side):
                if depth[y, x] > NOTHING:
                    shade = 128 + 127 * min(max(depth[y, x], -1), 1)
                    pictures[view, y, x] = np.uint8(shade + 0.5)


@compiled
def _place(vertices, turn, side, placed):  # type: ignore[no-untyped-def]
    """Column and row in pixels, and depth from -1 to 1, of every vertex in one view."""
    half = np.float32(side) / np.float32(2)
    middle = half - np.float32(0.5)
    for i in range(len(vertices)):
        x, y, z = vertices[i, 0], vertices[i, 1], vertices[i, 2]
        placed[i, 0] = middle + half * (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z)
        placed[i, 1] = middle - half * (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z)
        placed[i, 2] = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z


@compiled
def _draw(placed, a, b, c, depth):  # type: ignore[no-untyped-def]
    """One triangle into the z-buffer: the pixels whose middles it covers."""
    side = len(depth)
    ax, ay, bx, by = placed[a, 0], placed[a, 1], placed[b, 0], placed[b, 1]
    cx, cy = placed[c, 0], placed[c, 1]
    left = max(0, math.ceil(min(ax, bx, cx)))
    right = min(side - 1, math.floor(max(ax, bx, cx)))
    if left > right:
        return
    top = max(0, math.ceil(min(ay, by, cy)))
    bottom = min(side - 1, math.floor(max(ay, by, cy)))
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if top > bottom or abs(area) < 1e-9:
        return
    az = placed[a, 2]
    scale = np.float32(1) / area
    # weights of b and c: their steps from a pixel to the right and down
    b_right, b_down = (cy - ay) * scale, (ax - cx) * scale
    c_right, c_down = (ay - by) * scale, (bx - ax) * scale
    b_rise, c_rise = placed[b, 2] - az, placed[c, 2] - az
    for y in range(top, bottom + 1):
        wb = (left - ax) * b_right + (y - ay) * b_down
        wc = (left - ax) * c_right + (y - ay) * c_down
        for x in range(left, right + 1):
            if wb >= -EDGE and wc >= -EDGE and wb + wc <= 1 + EDGE:
                z = az + wb * b_rise + wc * c_rise
                if z > depth[y, x]:
                    depth[y, x] = z
            wb += b_right
            wc += c_right
