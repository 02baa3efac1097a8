"""InfoNCE: a tower a medium, and each row picks its partner out of a large batch (as CLIP does)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.matching import meetings
from quintet.nets.towers import Towers
from quintet.types import Modality

__all__ = ["InfoNCE"]

SHARPEST = 100.0
"""The learnt inverse temperature stays below this, as in CLIP."""


@dataclass(kw_only=True)
class InfoNCE(DeepMethod):
    """Two-tower contrastive learning.

    A tower a medium embeds rows as unit vectors. In a batch of matching rows x_i and y_i each x_i
    shall tell its y_i from all other y_j, and the other way round::

        L = - 1/2b sum_i (log softmax_j(s <x_i, y_j>)_i + log softmax_j(s <x_j, y_i>)_i)

    with a learnt inverse temperature ``s = exp(log_s)``, at most 100. ``log b - L`` bounds the
    mutual information of the two media from below.

    Source:
        van den Oord et al. 2018, "Representation learning with contrastive predictive coding",
        arXiv 1807.03748, eq. 4; Radford et al. 2021, "Learning transferable visual models from
        natural language supervision", ICML, figure 3 (symmetric form, temperature from 0.07, cap of
        100).
    Ours:
        The towers are perceptrons over the mean of the local steps instead of a ResNet and a
        Transformer. Made for two media; of more, the mean loss of every two. Several rows of one
        object in a batch are all right answers: the target is spread evenly over them (as the outer
        sum of Khosla et al. 2020, eq. 2), and with ``classes`` so are rows of one class. Without
        pairs, the classes are the objects. AdamW with the rate going down along half a cosine;
        dropout; hundreds of rows in a batch instead of 32 768.

    Attributes:
        hidden: width of a tower's hidden layer.
        temperature: that training starts with.
        classes: whether rows of one class are right answers even when they are another pair.
    """

    search = {"classes": (True, False), "dropout": (0.3, 0.1)}
    learns_from = "either"
    in_pairs = True

    k: int = 256
    hidden: int = 512
    lr: float | None = 3e-3
    rows: int = 96
    temperature: float = 0.07
    classes: bool = True

    def network(self, shape: Shape) -> Net:
        """Towers and a temperature."""
        return _Net(self, shape)


class _Net(Net):
    def __init__(self, plan: InfoNCE, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.towers = Towers(
            shape.widths, plan.hidden, plan.k, dropout=plan.dropout, random=shape.random
        )
        self.log_s = nn.Parameter(torch.tensor([-math.log(plan.temperature)]))

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        return functional.normalize(self.towers(modality, x, mask, noise), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() mean contrastive loss of every two media."""
        z = {m: self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()}
        s = self.log_s.exp().clamp(max=SHARPEST)
        losses = [
            contrast(s * x @ y.T, right)
            for x, y, right in meetings(batch, z, classes=self.plan.classes)
        ]
        return torch.stack(losses).mean() if losses else self.log_s.sum() * 0


def contrast(scores: Tensor, right: Tensor) -> Tensor:
    """() symmetric cross-entropy of scores (b, b) against targets even over right (b, b) bool."""
    target = right.to(scores.dtype)
    target = target / target.sum(dim=1, keepdim=True)
    return 0.5 * (
        functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
    )
