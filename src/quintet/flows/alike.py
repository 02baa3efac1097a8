"""Look-, sound- and shape-alikes without training: pooled local features, standardised."""

from __future__ import annotations

import numpy as np

from quintet.types import Float32, Local

MODEL = "alike"
"""The model id under which the store keeps pooled vectors."""

CONSTANT = 1e-6
"""A column that spreads less is taken as constant."""


def pooled(local: Local) -> Float32:
    """(2d,) mean and standard deviation of the steps: what ``add`` stores per channel."""
    x = local.x.astype(np.float32, copy=False)
    return np.concatenate([x.mean(axis=0), x.std(axis=0)]).astype(np.float32)


def standardised(z: Float32, mean: Float32, scale: Float32) -> Float32:
    """(n, 2d) unit rows after removing the library's mean and dividing by its spread."""
    rows = (z - mean) / scale
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1e-12), dtype=np.float32)


def spread(z: Float32) -> tuple[Float32, Float32]:
    """Mean and scale (2d,) of a library's pooled vectors; constant columns get scale 1."""
    mean, scale = z.mean(axis=0), z.std(axis=0)
    return mean, np.where(scale > CONSTANT, scale, 1.0).astype(np.float32)
