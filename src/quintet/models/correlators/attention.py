"""Joint self-attention: parts of all media through one shared encoder, hard triplets and angles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.errors import UsageError
from quintet.nets.attention import Block, places, thinned
from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.matching import hinges, meetings
from quintet.nets.sequence import drop, linear, masked_mean
from quintet.types import Modality

__all__ = ["Attention"]

LONGEST = 128
"""Steps that are read of a row in transform; more are taken evenly."""

WAVES = 6
"""Sines and cosines that tell a step's place."""


@dataclass(kw_only=True)
class Attention(DeepMethod):
    """Fragment self-attention embeddings.

    The fragments of a row (regions, words, windows, shots, views) are projected to one width and
    tagged with a vector of their medium and, except words, of their place. Blocks of multi-head
    self-attention, shared by all media, relate the fragments of a row to each other::

        H = softmax(Q K^T / sqrt(d)) V,    Q, K, V = F W_q, F W_k, F W_v

    and their mean is projected to a unit vector. Lowered is the hinge of the hardest negative in
    the batch, ``max_j [margin + <x_i, y_j> - <x_i, y_i>]_+`` for a match x_i, y_i and wrong y_j,
    plus, with ``t = tan^2 alpha``, the angular loss::

        L_angular = mean_i log(1 + sum_j exp(4 t <x_i + y_i, y_j> - 2 (1 + t) <x_i, y_i>))

    and both again with x and y swapped. The latter bounds the angle at the negative of
    the triangle of anchor, match and negative by alpha, whatever the triangle's size.

    Source:
        Wu, Wang, Song & Huang 2019, "Learning fragment self-attention embeddings for image-text
        matching" (SAEM), ACM Multimedia, section 3; Wang, Zhou, Wen, Liu & Lin 2017, "Deep metric
        learning with angular loss", ICCV, eqs. 7 and 8; Vaswani et al. 2017, "Attention is all you
        need", NIPS, eq. 1.
    Ours:
        One encoder for all media, while SAEM has one for regions and BERT with convolutions for
        words. A row is encoded by itself, so that it can be indexed. Local features of our encoders
        instead of detected regions and word pieces; places are sines of the share of the row that
        lies before a step. Pre-norm blocks with GELU. Made for two media; of more, the mean loss of
        every two. Rows of one object are never negatives, nor with ``classes`` those of one class;
        without pairs the classes are the objects. AdamW with the rate going down along half a
        cosine; dropout.

    Attributes:
        width: of a fragment in the encoder, a multiple of ``heads``.
        heads: of the self-attention, which share the width.
        blocks: of self-attention, one after the other.
        margin: between cosines, of the hinge.
        angular: weight of the angular loss.
        alpha_deg: largest angle of the angular loss, in degrees.
        classes: whether rows of one class are spared as negatives.
    """

    search = {"angular": (1.0, 3.0), "dropout": (0.2, 0.1)}
    learns_from = "either"
    in_pairs = True
    fine = True

    k: int = 128
    width: int = 96
    heads: int = 4
    blocks: int = 1
    lr: float | None = 1e-3
    rows: int = 24
    steps: int = 16
    dropout: float = 0.2
    margin: float = 0.2
    angular: float = 1.0
    alpha_deg: float = 45.0
    classes: bool = True

    def check(self) -> None:
        """Refuse fragments that the heads cannot share evenly.

        Raises:
            UsageError: ``width`` is no multiple of ``heads``, or there is no such ``device``.
        """
        super().check()
        if self.width % self.heads:
            raise UsageError(
                f"width={self.width} is no multiple of heads={self.heads}; try "
                f"width={max(1, round(self.width / self.heads)) * self.heads}"
            )

    def network(self, shape: Shape) -> Net:
        """A projection a medium and one encoder."""
        return _Net(self, shape)


class _Net(Net):
    def __init__(self, plan: Attention, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        random, width = shape.random, plan.width
        self.project = nn.ModuleDict(
            {m.value: linear(d, width, random) for m, d in shape.widths.items()}
        )
        self.place = nn.ModuleDict(
            {m.value: linear(2 * WAVES, width, random) for m in shape.widths if m != Modality.TEXT}
        )
        self.medium = nn.ParameterDict(
            {m.value: 0.02 * torch.randn(width, generator=random) for m in shape.widths}
        )
        self.blocks = nn.ModuleList(
            Block(width, plan.heads, dropout=plan.dropout, random=random)
            for _ in range(plan.blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.out = linear(width, plan.k, random)

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        x, mask = thinned(x, mask, LONGEST)
        if noise is not None:
            x = x * drop(x.new_ones(len(x), 1, x.shape[2]), self.plan.dropout, noise)
        x = self.project[modality.value](x) + self.medium[modality.value]
        if modality.value in self.place:
            x = x + self.place[modality.value](places(mask, WAVES))
        for block in self.blocks:
            x = block(x, mask, noise)
        return functional.normalize(self.out(masked_mean(self.norm(x), mask)), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() mean over every two media of the hardest hinge and the angular loss."""
        z = {m: self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()}
        tangent = math.tan(math.radians(self.plan.alpha_deg)) ** 2
        losses = [
            hinges(x @ y.T, right, self.plan.margin).amax(dim=1).mean()
            + self.plan.angular * (angular(x, y, right, tangent) + angular(y, x, right.T, tangent))
            for x, y, right in meetings(batch, z, classes=self.plan.classes)
        ]
        return torch.stack(losses).mean() if losses else next(iter(z.values())).sum() * 0


def angular(x: Tensor, y: Tensor, right: Tensor, tangent: float) -> Tensor:
    """() angular loss of anchors x (b, k), matches y (b, k) and all wrong rows of y as negatives.

    Args:
        right: (b, b) bool, True where a row of y is no negative of a row of x.
        tangent: squared tangent of the largest angle.
    """
    middle = 4 * tangent * (x + y) @ y.T
    apart = middle - 2 * (1 + tangent) * (x * y).sum(dim=1, keepdim=True)
    apart = apart.masked_fill(right, -math.inf)
    return torch.logsumexp(functional.pad(apart, (1, 0)), dim=1).mean()
