"""Kernels and the distances between samples that they define; torch, differentiable."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from quintet.errors import ShapeError

BANDWIDTHS = (0.25, 0.5, 1.0, 2.0)
"""RBF widths for unit rows, whose distances lie in 0..2."""


def rbf(x: Tensor, y: Tensor, *, bandwidths: Sequence[float] = BANDWIDTHS) -> Tensor:
    """RBF kernel matrix, summed over widths: ``sum_s exp(-|x - y|^2 / (2 s^2))``.

    Args:
        x: (n, k) float.
        y: (m, k) float.
        bandwidths: widths s > 0, in the distance unit of the space.

    Returns:
        (n, m) float in 0..len(bandwidths).

    Raises:
        ShapeError: x and y differ in k.

    >>> rbf(torch.zeros(1, 2), torch.zeros(1, 2)).tolist()
    [[4.0]]
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ShapeError(f"x {tuple(x.shape)} and y {tuple(y.shape)} must be (n, k) and (m, k)")
    lengths = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)[None, :]
    squared = (lengths - 2 * x @ y.T).clamp(min=0)
    return torch.stack([torch.exp(squared / (-2 * s * s)) for s in bandwidths]).sum(dim=0)


def mmd(x: Tensor, y: Tensor, *, bandwidths: Sequence[float] = BANDWIDTHS) -> Tensor:
    """Squared maximum mean discrepancy between two samples, summed over RBF widths.

    Args:
        x: (n, k) float. Embeddings of one modality.
        y: (m, k) float. Embeddings of another; n and m may differ.
        bandwidths: RBF widths, in the distance unit of the embedding space.

    Returns:
        () float. Biased estimate, >= 0 up to rounding, differentiable in x and y.

    Raises:
        ShapeError: x and y differ in k.

    Source:
        Gretton et al. 2012, eq. 5.

    >>> float(mmd(torch.zeros(2, 3), torch.zeros(5, 3)))
    0.0
    """
    within = rbf(x, x, bandwidths=bandwidths).mean() + rbf(y, y, bandwidths=bandwidths).mean()
    return within - 2 * rbf(x, y, bandwidths=bandwidths).mean()
