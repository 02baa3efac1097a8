"""A model's pose and scale: centred, turned to its principal axes, inside the unit sphere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.types import Float32

Float64 = NDArray[np.float64]
Faces = np.ndarray[Any, np.dtype[np.int32]]


def normalised(vertices: Float64, faces: Faces) -> Float32:
    """Vertices of a model after it has been moved, turned and scaled.

    Args:
        vertices: (n, 3) float64, finite.
        faces: (f, 3) int32, ``f >= 1``.

    Returns:
        (n, 3) float32, every vertex of a face at most 1 from the origin.
    """
    used = np.unique(faces)
    low, high = vertices[used].min(axis=0), vertices[used].max(axis=0)
    span = float((high - low).max()) or 1.0
    unit = (vertices - (low + high) / 2) / span
    triangles = unit[faces]
    areas = _areas(triangles)
    moved = unit - _centre(triangles, areas)
    turned = moved @ _axes(moved[faces], areas).T
    radius = float(np.linalg.norm(turned[used], axis=1).max()) or 1.0
    return np.ascontiguousarray(turned / radius, np.float32)


def _areas(triangles: Float64) -> Float64:
    """(f,) shares of the surface; equal ones where there is no surface at all."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    doubled = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    total = doubled.sum()
    return doubled / total if total > 1e-12 else np.full(len(doubled), 1 / len(doubled))


def _centre(triangles: Float64, areas: Float64) -> Float64:
    """(3,) centre of the surface."""
    centre: Float64 = areas @ triangles.mean(axis=1)
    return centre


def _axes(triangles: Float64, areas: Float64) -> Float64:
    """(3, 3) rows: principal axes of the surface, longest first, right-handed.

    The second moments are exact integrals over the triangles. The sign of an axis is that of the
    third moment along it.

    Source: Vranić, Saupe, Richter 2001 (continuous principal component analysis).
    """
    sums = triangles.sum(axis=1)
    moments = np.einsum("f,fi,fj->ij", areas, sums, sums)
    moments += np.einsum("f,fki,fkj->ij", areas, triangles, triangles)
    _, columns = np.linalg.eigh(moments / 12)
    axes = columns.T[::-1].copy()
    along = np.einsum("fki,ji->fkj", triangles, axes)
    skew = np.einsum("f,fkj->j", areas, along**3)
    axes[skew < 0] *= -1
    if np.linalg.det(axes) < 0:
        axes[2] *= -1
    return axes
