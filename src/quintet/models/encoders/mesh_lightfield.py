"""A 3D model's depth pictures as light-field descriptors, 100 numbers a view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError
from quintet.types import Float32, Media, MeshMedia, Modality, Segment

__all__ = ["MeshLightfield"]

SIDE_PX = 64
"""Pictures are halved until they are no larger."""

ZERNIKE_ORDER = 10
CONTOUR_WAVES = 10
CONTOUR_ANGLES = 64
CELLS = 3
DIRECTIONS = 4
DEPTH_BINS = 8
SLOPES = (0.05, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0, 4.0)
"""Bounds between classes of steepness; 1 is a surface seen at 45 degrees."""


@dataclass(frozen=True, kw_only=True)
class MeshLightfield:
    """Light-field descriptors: 36 Zernike moments and 10 Fourier descriptors of the silhouette,
    36 oriented gradients, 9 slopes and 8 levels of the depth, and the covered area."""

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
        depth = _halved(media.views[numbers].astype(np.float32) / 255)
        rows = _described(depth)
        return list(np.ascontiguousarray(rows[:, None, :], np.float32))


def _described(depth: Float32) -> Float32:
    """(n, 100) descriptors of (n, h, h) depth pictures in 0..1."""
    covered = (depth > 0).astype(np.float32)
    slope, direction = _gradients(depth)
    parts = (
        _zernike(covered),
        _contour(covered),
        _oriented(slope, direction),
        _slopes(slope, covered),
        _levels(depth, covered),
        covered.mean(axis=(1, 2))[:, None],
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _halved(x: Float32) -> Float32:
    """Pictures of at most SIDE_PX, each pixel the mean of those that it stands for."""
    while x.shape[1] > SIDE_PX and x.shape[1] % 2 == 0:
        n, h, w = x.shape
        x = x.reshape(n, h // 2, 2, w // 2, 2).mean(axis=(2, 4))
    return x


def _zernike(covered: Float32) -> Float32:
    """(n, 36) magnitudes of the Zernike moments, the same however the picture is turned.

    Source: Khotanzad & Hong 1990, eq. 1-5.
    """
    real, imaginary = _zernike_waves(covered.shape[1])
    flat = covered.reshape(len(covered), -1)
    magnitudes: Float32 = np.hypot(flat @ real, flat @ imaginary)
    return magnitudes


@cache
def _zernike_waves(side: int) -> tuple[Float32, Float32]:
    """Real and imaginary part of the conjugate Zernike polynomials: two (side², 36) arrays."""
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


def _contour(covered: Float32) -> Float32:
    """(n, 10) magnitudes of the waves of the outline: the farthest point in each direction.

    Source: Chen et al. 2003, section 3.2 (Fourier descriptors; ours of the radius).
    """
    rows, columns = _rays(covered.shape[1])
    along = covered[:, rows, columns] > 0
    steps = along.shape[1]
    far = np.where(along.any(axis=1), steps - along[:, ::-1].argmax(axis=1), 0) / steps
    waves = np.abs(np.fft.rfft(far, axis=1))[:, :CONTOUR_WAVES] / CONTOUR_ANGLES
    return waves.astype(np.float32)


@cache
def _rays(side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels on rays from the middle: two (side, angles) arrays."""
    radius = ((np.arange(side) + 0.5) / side)[:, None]
    angle = np.arange(CONTOUR_ANGLES) / CONTOUR_ANGLES * 2 * np.pi
    columns = np.round((radius * np.cos(angle) + 1) / 2 * side - 0.5)
    rows = np.round((1 - radius * np.sin(angle)) / 2 * side - 0.5)
    return (
        np.clip(rows, 0, side - 1).astype(np.int64),
        np.clip(columns, 0, side - 1).astype(np.int64),
    )


def _gradients(depth: Float32) -> tuple[Float32, Float32]:
    """Steepness and direction (0..pi, without sign) of the inner pixels, (n, h - 2, h - 2)."""
    scale = depth.shape[1] / 4
    across = (depth[:, 1:-1, 2:] - depth[:, 1:-1, :-2]) * scale
    down = (depth[:, 2:, 1:-1] - depth[:, :-2, 1:-1]) * scale
    return np.hypot(across, down), np.mod(np.arctan2(down, across), np.float32(math.pi))


def _oriented(slope: Float32, direction: Float32) -> Float32:
    """(n, 36) roots of the shares of the gradients in 3 × 3 cells and 4 directions."""
    n, h, w = slope.shape
    cell = np.minimum(np.arange(h) * CELLS // h, CELLS - 1)
    kind = np.minimum((direction / math.pi * DIRECTIONS).astype(np.int64), DIRECTIONS - 1)
    kinds = CELLS * CELLS * DIRECTIONS
    slot = (cell[:, None] * CELLS + cell[None, :w]) * DIRECTIONS + kind
    return np.sqrt(_shares(slot, slope, kinds))


def _slopes(slope: Float32, covered: Float32) -> Float32:
    """(n, 9) shares of the covered pixels by steepness."""
    inner = covered[:, 1:-1, 1:-1]
    return _shares(np.searchsorted(np.array(SLOPES, np.float32), slope), inner, len(SLOPES) + 1)


def _levels(depth: Float32, covered: Float32) -> Float32:
    """(n, 8) shares of the covered pixels by depth."""
    slot = np.minimum((depth * DEPTH_BINS).astype(np.int64), DEPTH_BINS - 1)
    return _shares(slot, covered, DEPTH_BINS)


def _shares(slot: NDArray[np.int64], weight: Float32, count: int) -> Float32:
    """(n, count) weighted histograms of each picture, adding up to 1 or, where empty, 0."""
    n = len(slot)
    offset = np.arange(n).reshape(-1, 1, 1) * count
    sums = np.bincount((slot + offset).ravel(), weight.ravel(), minlength=n * count)
    table = sums.reshape(n, count)
    shares: Float32 = (table / np.maximum(table.sum(axis=1, keepdims=True), 1e-6)).astype(
        np.float32
    )
    return shares
