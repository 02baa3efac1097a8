"""Rows of a matrix: unit length, pooling over steps, standardising."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quintet.types import Float32

SMALL = 1e-12
"""Lengths below this have no direction."""

FLAT = 1e-6
"""Standard deviations below this count as no variation."""


def unit_rows(z: Float32) -> Float32:
    """Rows of z (n, k) scaled to length 1; a row without direction becomes the diagonal.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.7099999785423279, 0.7099999785423279]]
    """
    wide = z.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    diagonal = 1.0 / np.sqrt(z.shape[1])
    unit = np.where(length > SMALL, wide / np.maximum(length, SMALL), diagonal)
    return np.asarray(unit, dtype=np.float32)


def mean_steps(x: Sequence[Float32]) -> Float32:
    """(n, d) mean over the steps of n sequences (t_i, d), each of at least one step."""
    return np.stack([row.mean(axis=0, dtype=np.float64) for row in x]).astype(np.float32)


def centre_and_scale(x: Sequence[Float32]) -> tuple[Float32, Float32]:
    """(d,) mean and (d,) standard deviation over all steps of n sequences (t_i, d).

    Features that do not vary get scale 1, so that dividing by it is safe.
    """
    steps = sum(len(row) for row in x)
    mean = sum(row.sum(axis=0, dtype=np.float64) for row in x) / steps
    variance = sum(np.square(row - mean).sum(axis=0) for row in x) / steps
    scale = np.sqrt(variance)
    scale[scale < FLAT] = 1.0
    return mean.astype(np.float32), scale.astype(np.float32)
