"""Losses that more than one method uses."""

from __future__ import annotations

import torch
from torch import Tensor

from quintet.maths.kernels import mmd


def triplet(z: Tensor, anchors: Tensor, label: Tensor, margin: float) -> Tensor:
    """Every row nearer to its class's vector than to any other class's, by a margin.

    Args:
        z: (b, k) unit rows.
        anchors: (c, k) unit rows, one per class.
        label: (b,) int64 in 0..c-1.

    Returns:
        () mean over rows and other classes of ``max(0, margin + |z - own|^2 - |z - other|^2)``;
        0 when there is no row or only one class.
    """
    if not len(z) or len(anchors) < 2:
        return z.sum() * 0
    apart = 2 - 2 * z @ anchors.T  # (b, c) squared distances of unit rows
    own = apart.gather(1, label[:, None])
    hinge = torch.relu(margin + own - apart)
    other = torch.ones_like(hinge).scatter_(1, label[:, None], 0.0)
    return (hinge * other).sum() / other.sum()


def pairwise_mmd(parts: list[Tensor]) -> Tensor:
    """() mean squared discrepancy over every two of several samples (b_m, k)."""
    pairs = [mmd(x, y) for i, x in enumerate(parts) for y in parts[i + 1 :]]
    return torch.stack(pairs).mean() if pairs else parts[0].sum() * 0
