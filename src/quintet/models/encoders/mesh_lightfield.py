"""A 3D model's depth pictures as light-field descriptors, 100 numbers a view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError
from quintet.media.raster import compiled
from quintet.types import Float32, Media, MeshMedia, Modality, Segment, UInt8

__all__ = ["MeshLightfield"]

Float64 = NDArray[np.float64]

ZERNIKE_ORDER = 8
ZERNIKE_SIDE_PX = 64
CONTOUR_WAVES = 10
CONTOUR_ANGLES = 64
CELLS = 3
DIRECTIONS = 4
DEPTH_BINS = 8
SLOPES = np.array((0.05, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0, 4.0), np.float32)
"""Bounds between classes of steepness; 1 is a surface seen at 45 degrees."""
JUMP = 0.08
"""A step in depth between neighbours that is an inner edge, as a share of the whole depth."""

_ORIENTED = CELLS * CELLS * DIRECTIONS
_SLOPES = _ORIENTED + len(SLOPES) + 1
_LEVELS = _SLOPES + DEPTH_BINS


@dataclass(frozen=True, kw_only=True)
class MeshLightfield:
    """Light-field descriptors of depth pictures.

    A view is 25 Zernike moments and 10 Fourier descriptors of its silhouette, 36 oriented
    gradients, 9 classes of slope and 8 of depth, the covered area, and 11 numbers on its extent,
    outline, symmetry and depth.

    Source:
        Chen et al. 2003, On visual similarity based 3D model retrieval (Zernike + Fourier).
    Ours:
        Depth beside the silhouette; 47 views of one pose instead of 10 over many.

    Chosen on 140 models of nine classes, four-fold cross-validation, mean, deviation and maximum
    over the views: accuracy of logistic regression / of the nearest neighbour.

    ====================================  ====  ====
    D2 shape distribution                 .574  .714
    Zernike 36                            .795  .843
    Zernike 36 + Fourier 10 (LFD)         .848  .871
    depth: Zernike 36 / cosines 100       .781  .829 / .833  .857
    oriented gradients 72                 .905  .864
    this one                              .938  .957
    ====================================  ====  ====
    """

    name: str = "mesh_lightfield"
    version: str = "1"
    modality: Modality = Modality.MESH
    d: int = 100

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """One (1, 100) array for each view.

        Raises:
            UsageError: the medium is no mesh.
        """
        if not isinstance(media, MeshMedia):
            raise UsageError(f"mesh_lightfield reads meshes, not {media.modality}")
        if not segments:
            return []
        numbers = np.array([segment.no for segment in segments])
        rows = _described(media.views[numbers])
        return list(np.ascontiguousarray(rows[:, None, :], np.float32))


def _described(views: UInt8) -> Float32:
    """(n, 100) descriptors of (n, h, h) depth pictures."""
    tables = np.zeros((len(views), _LEVELS), np.float64)
    sums = np.zeros((len(views), 16), np.float64)
    _count(views, SLOPES, tables, sums)
    parts = (
        _zernike(_coverage(views)),
        _contour(views),
        _shares(tables[:, :_ORIENTED]) ** np.float32(0.5),
        _shares(tables[:, _ORIENTED:_SLOPES]),
        _shares(tables[:, _SLOPES:]),
        _extent(sums, views.shape[1]),
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


@compiled
def _count(views, slopes, tables, sums):  # type: ignore[no-untyped-def]
    """Histograms and sums over the pixels of every view.

    Args:
        tables: (n, 53) float64, filled: oriented gradients, slopes, levels.
        sums: (n, 16) float64, filled: pixels, their x, y, xx, yy, xy, depth, squared depth; edges
            of the outline; inner edges; overlap and union with the picture mirrored left to
            right, top to bottom, and turned by 180 degrees.
    """
    side = views.shape[1]
    for n in range(len(views)):
        picture, table, total = views[n], tables[n], sums[n]
        for i in range(side):
            for j in range(side):
                if _is_bare(picture, i, j):
                    continue
                here = np.float32(picture[i, j]) / 255
                if i and (here > 0) != (picture[i - 1, j] > 0):
                    total[8] += 1
                elif i and here > 0 and abs(here - np.float32(picture[i - 1, j]) / 255) > JUMP:
                    total[9] += 1
                if j and (here > 0) != (picture[i, j - 1] > 0):
                    total[8] += 1
                elif j and here > 0 and abs(here - np.float32(picture[i, j - 1]) / 255) > JUMP:
                    total[9] += 1
                if 0 < i < side - 1 and 0 < j < side - 1:
                    _count_gradient(picture, i, j, slopes, table)
                if here > 0:
                    table[_SLOPES + min(int(here * DEPTH_BINS), DEPTH_BINS - 1)] += 1
                    _count_pixel(picture, i, j, here, total)


@compiled
def _is_bare(picture, i, j):  # type: ignore[no-untyped-def]
    """Whether a pixel and its four neighbours are background."""
    last = len(picture) - 1
    across = picture[i, max(j - 1, 0)] | picture[i, j] | picture[i, min(j + 1, last)]
    return (across | picture[max(i - 1, 0), j] | picture[min(i + 1, last), j]) == 0


@compiled
def _count_gradient(picture, i, j, slopes, table):  # type: ignore[no-untyped-def]
    """One pixel's gradient into the oriented and, inside the silhouette, the slope histogram."""
    side = len(picture)
    across = np.float32(picture[i, j + 1]) - np.float32(picture[i, j - 1])
    down = np.float32(picture[i + 1, j]) - np.float32(picture[i - 1, j])
    slope = np.float32(math.sqrt(across * across + down * down) * (side / 4 / 255))
    if slope > 0:
        if down < 0 or (down == 0 and across < 0):
            across, down = -across, -down
        direction = (0 if across > down else 1) if across > 0 else (2 if -across < down else 3)
        cell = (i - 1) * CELLS // (side - 2) * CELLS + (j - 1) * CELLS // (side - 2)
        table[cell * DIRECTIONS + direction] += slope
    if picture[i, j] > 0:
        at = 0
        while at < len(slopes) and slope > slopes[at]:
            at += 1
        table[_ORIENTED + at] += 1


@compiled
def _count_pixel(picture, i, j, here, total):  # type: ignore[no-untyped-def]
    """One covered pixel into the sums."""
    side = len(picture)
    x, y = (j + 0.5) / side * 2 - 1, (i + 0.5) / side * 2 - 1
    total[0] += 1
    total[1] += x
    total[2] += y
    total[3] += x * x
    total[4] += y * y
    total[5] += x * y
    total[6] += here
    total[7] += here * here
    total[10] += picture[i, side - 1 - j] > 0
    total[11] += picture[side - 1 - i, j] > 0
    total[12] += picture[side - 1 - i, side - 1 - j] > 0


def _extent(sums: Float64, side: int) -> Float32:
    """(n, 12): area; lengths and ratio of the main axes; outline; symmetries; depth; inner edges.

    The outline comes as a length and as one that does not change with size; symmetries are
    overlap over union with the mirrored and the turned picture.
    """
    pixels = np.maximum(sums[:, 0], 1e-6)
    mean_x, mean_y = sums[:, 1] / pixels, sums[:, 2] / pixels
    across, upward = sums[:, 3] / pixels - mean_x**2, sums[:, 4] / pixels - mean_y**2
    both = sums[:, 5] / pixels - mean_x * mean_y
    gap = np.sqrt((across - upward) ** 2 + 4 * both**2)
    long = np.sqrt(np.maximum(across + upward + gap, 0) / 2)
    short = np.sqrt(np.maximum(across + upward - gap, 0) / 2)
    depth = sums[:, 6] / pixels
    spread = np.sqrt(np.maximum(sums[:, 7] / pixels - depth**2, 0))
    overlaps = sums[:, 10:13] / np.maximum(2 * sums[:, :1] - sums[:, 10:13], 1e-6)
    columns = (
        *(sums[:, 0] / side**2, long, short, short / (long + 1e-3)),
        *(sums[:, 8] / side / 8, np.where(sums[:, 0] > 0, sums[:, 8] / np.sqrt(pixels) / 8, 0)),
        *(*overlaps.T, depth, spread, sums[:, 9] / side / 8),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _coverage(views: UInt8) -> Float32:
    """(n, s, s) shares of covered pixels, s at most ZERNIKE_SIDE_PX where halving leads there."""
    x: Float32 = (views > 0).astype(np.float32)
    while x.shape[1] > ZERNIKE_SIDE_PX and x.shape[1] % 2 == 0:
        rows = x[:, ::2] + x[:, 1::2]
        x = ((rows[:, :, ::2] + rows[:, :, 1::2]) / 4).astype(np.float32)
    return x


def _zernike(covered: Float32) -> Float32:
    """(n, 25) magnitudes of the Zernike moments, the same however the picture is turned.

    Source: Khotanzad & Hong 1990, eq. 1-5.
    """
    real, imaginary = _zernike_waves(covered.shape[1])
    flat = covered.reshape(len(covered), -1)
    magnitudes: Float32 = np.hypot(flat @ real, flat @ imaginary)
    return magnitudes


@cache
def _zernike_waves(side: int) -> tuple[Float32, Float32]:
    """Real and imaginary part of the conjugate Zernike polynomials: two (side², 25) arrays."""
    middle = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(middle, -middle)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    waves = [
        (n + 1) / math.pi * (2 / side) ** 2 * _radial(n, m, radius) * np.exp(-1j * m * angle)
        for n in range(ZERNIKE_ORDER + 1)
        for m in range(n % 2, n + 1, 2)
    ]
    columns = (np.array(waves) * (radius <= 1)).reshape(len(waves), -1).T
    return columns.real.astype(np.float32), columns.imag.astype(np.float32)


def _radial(n: int, m: int, radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """The radial polynomial of order n and repetition m."""
    total = np.zeros_like(radius)
    for k in range((n - m) // 2 + 1):
        below = math.factorial(k) * math.factorial((n + m) // 2 - k)
        below *= math.factorial((n - m) // 2 - k)
        total += (-1) ** k * math.factorial(n - k) / below * radius ** (n - 2 * k)
    return total


def _contour(views: UInt8) -> Float32:
    """(n, 10) magnitudes of the waves of the outline: the farthest point in each direction.

    Source: Chen et al. 2003, section 3.2 (Fourier descriptors; ours of the radius).
    """
    rows, columns = _rays(views.shape[1])
    along = views[:, rows, columns] > 0
    steps = along.shape[1]
    far = np.where(along.any(axis=1), steps - along[:, ::-1].argmax(axis=1), 0) / steps
    waves = np.abs(np.fft.rfft(far, axis=1))[:, :CONTOUR_WAVES] / CONTOUR_ANGLES
    return waves.astype(np.float32)


@cache
def _rays(side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels on rays from the middle: two (side / 2, angles) arrays."""
    steps = side // 2
    radius = ((np.arange(steps) + 0.5) / steps)[:, None]
    angle = np.arange(CONTOUR_ANGLES) / CONTOUR_ANGLES * 2 * np.pi
    columns = np.round((radius * np.cos(angle) + 1) / 2 * side - 0.5)
    rows = np.round((1 - radius * np.sin(angle)) / 2 * side - 0.5)
    return (
        np.clip(rows, 0, side - 1).astype(np.int64),
        np.clip(columns, 0, side - 1).astype(np.int64),
    )


def _shares(table: Float64) -> Float32:
    """Rows that add up to 1 or, where a picture is empty, 0."""
    total = table.sum(axis=1, keepdims=True)
    return (table / np.where(total > 0, total, 1)).astype(np.float32)
