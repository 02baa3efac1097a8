"""Perceptrons over one vector a row, one a medium."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from quintet.nets.sequence import drop, linear, masked_mean
from quintet.types import Modality


class MLP(nn.Module):
    """Rows (b, d) to (b, k): before every layer values are dropped, between layers is a ReLU.

    Args:
        hidden: width of each hidden layer; one number is one layer, none a linear map.
    """

    __call__: Callable[..., Tensor]

    def __init__(
        self,
        d: int,
        hidden: int | Sequence[int],
        k: int,
        *,
        dropout: float = 0.0,
        random: torch.Generator,
    ) -> None:
        super().__init__()
        inner = [hidden] if isinstance(hidden, int) else list(hidden)
        widths = [d, *inner, k]
        self.dropout = dropout
        self.layers = nn.ModuleList(linear(a, b, random) for a, b in pairwise(widths))

    def forward(self, x: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """(b, k) of x (b, d); with ``noise``, values are dropped at random."""
        for i, layer in enumerate(self.layers):
            x = torch.relu(x) if i else x
            x = layer(x if noise is None else drop(x, self.dropout, noise))
        return x


class Towers(nn.ModuleDict):
    """Modality to an MLP over the mean of the local steps."""

    __call__: Callable[..., Tensor]

    def __init__(
        self,
        widths: Mapping[Modality, int],
        hidden: int | Sequence[int],
        k: int,
        *,
        dropout: float = 0.0,
        random: torch.Generator,
    ) -> None:
        super().__init__()
        for m, d in widths.items():
            self[m.value] = MLP(d, hidden, k, dropout=dropout, random=random)

    def forward(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) of x (b, t, d) and mask (b, t)."""
        return self[modality.value](masked_mean(x, mask), noise)  # type: ignore[no-any-return]
