"""Networks over sequences of local features, built from a generator of their own."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import skip_init


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """(b, k) mean of x (b, t, k) over the steps where mask (b, t) is True, at least one per row."""
    weight = mask.to(x.dtype)
    return (x * weight[:, :, None]).sum(dim=1) / weight.sum(dim=1, keepdim=True)


def drop(x: Tensor, rate: float, random: torch.Generator) -> Tensor:
    """x with a share of its values set to 0 and the others enlarged to keep the mean.

    The noise is drawn where the generator is, so a seed gives the same noise on every device.
    """
    if rate <= 0:
        return x
    keep = torch.empty(x.shape, dtype=x.dtype, device=random.device)
    return x * keep.bernoulli_(1 - rate, generator=random).to(x.device) / (1 - rate)


def linear(d: int, k: int, random: torch.Generator) -> nn.Linear:
    """A linear layer, uniform in ±1/sqrt(d), that leaves the global generator alone."""
    made = skip_init(nn.Linear, d, k)  # type: ignore[no-untyped-call]
    return _filled(made, 1 / math.sqrt(d), random)  # type: ignore[return-value]


def lstm(d: int, hidden: int, random: torch.Generator) -> nn.LSTM:
    """A one-way, one-layer LSTM, uniform in ±1/sqrt(hidden), forgetting little at first.

    Ours: the forget gate's bias starts at 1 (Jozefowicz et al. 2015).
    """
    with torch.random.fork_rng(devices=[]):  # skip_init does not know nn.LSTM's device argument
        made = nn.LSTM(d, hidden, batch_first=True)
    _filled(made, 1 / math.sqrt(hidden), random)
    with torch.no_grad():
        for name, value in (("bias_ih_l0", 1.0), ("bias_hh_l0", 0.0)):
            made.get_parameter(name)[hidden : 2 * hidden] = value
    return made


class Tower(nn.Module):
    """Steps (b, t, d) to one vector (b, k): project, LSTM, mean over time, fully connected.

    Args:
        d: width of a step; when it is over ``width`` it is projected down first.
        k: width of the result.
    """

    def __init__(
        self, d: int, k: int, *, width: int, hidden: int, dropout: float, random: torch.Generator
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.project = linear(d, width, random) if d > width else None
        self.lstm = lstm(min(d, width), hidden, random)
        self.out = linear(hidden, k, random)

    def forward(self, x: Tensor, mask: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """(b, k) of x (b, t, d) and mask (b, t); with ``noise``, values are dropped at random."""
        if noise is not None:
            kept = drop(x.new_ones(len(x), 1, x.shape[2]), self.dropout, noise)
            x = x * kept  # the same features at every step: cheaper, and steps agree
        if self.project is not None:
            x = self.project(x)
        steps, _ = self.lstm(x)
        z = masked_mean(steps, mask)
        if noise is not None:
            z = drop(z, self.dropout, noise)
        return self.out(z)  # type: ignore[no-any-return]


def _filled(module: nn.Module, bound: float, random: torch.Generator) -> nn.Module:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-bound, bound, generator=random)
    return module


def turned(vectors: Tensor, k: int) -> Tensor:
    """(c, k) unit rows of vectors (c, d); another width is turned into k by a fixed random matrix.

    >>> turned(torch.eye(2), 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if vectors.shape[1] != k:
        chance = np.random.default_rng(0)
        turn = chance.standard_normal((vectors.shape[1], k)) / np.sqrt(k)
        vectors = vectors @ torch.from_numpy(turn.astype(np.float32))
    return functional.normalize(vectors, dim=1)
