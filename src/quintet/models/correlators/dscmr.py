"""DSCMR: classes told apart in label space and in the common space, partners brought together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.sequence import linear
from quintet.nets.towers import Towers
from quintet.types import Modality

__all__ = ["DSCMR"]


@dataclass(kw_only=True)
class DSCMR(DeepMethod):
    """Deep supervised cross-modal retrieval.

    A tower a medium, ``z = F_m(x)``, and one linear map P to the classes for all. Lowered is
    ``J_1 + lambda J_2 + eta J_3``::

        J_1 = mean |P' z - y|^2                          (label space; y one-hot)
        J_2 = mean over pairs of log(1 + exp(G_ij)) - S_ij G_ij,  G = cosine(z_i, z_j) * scale / 2
              over pairs within each medium and across every two; S_ij = 1 for one class
        J_3 = mean |z_m - z_l|^2 of rows of two media that show one object

    Source:
        Zhen, Hu, Wang & Peng 2019, "Deep supervised cross-modal retrieval", CVPR, eq. 2-8.
    Ours:
        Made for two media; any number here, J_2 and J_3 over every two. Rows of two media show one
        object when they share a pair, else when they are of one class. The paper's G is half a
        cosine; here it is scaled further, so that near rows can be told from far ones. J_1 and J_3
        are means of squared lengths, where the paper takes Frobenius norms. Towers are perceptrons
        over the mean of the local features that share no layer; the paper's share their last one.
        AdamW with the rate going down along half a cosine; dropout.

    Attributes:
        hidden: width of the hidden layer.
        discriminate: lambda, weight of J_2.
        invariance: eta, weight of J_3.
        scale: of the cosines in J_2.
    """

    search = {"discriminate": (1.0, 0.1), "invariance": (0.1, 1.0)}
    learns_from = "labels"
    in_pairs = True

    rows: int = 64
    hidden: int = 512
    discriminate: float = 1.0
    invariance: float = 0.1
    scale: float = 8.0

    def network(self, shape: Shape) -> Net:
        """Towers and one linear map to the classes."""
        return _Net(self, shape)


class _Net(Net):
    """Towers; the three losses."""

    def __init__(self, plan: DSCMR, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.towers = Towers(
            shape.widths, plan.hidden, plan.k, dropout=plan.dropout, random=shape.random
        )
        self.classes = linear(plan.k, shape.classes, shape.random)

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        return functional.normalize(self.towers(modality, x, mask, noise), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() J_1 + lambda J_2 + eta J_3."""
        plan = self.plan
        parts = list(batch.values())
        z = [self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()]
        known = [part.label >= 0 for part in parts]
        all_z = torch.cat([x[k] for x, k in zip(z, known, strict=True)])
        label = torch.cat([part.label[k] for part, k in zip(parts, known, strict=True)])
        total = self._invariance(z, [part.object for part in parts]) * plan.invariance
        if len(label):
            one_hot = functional.one_hot(label, self.classes.out_features).to(all_z.dtype)
            total = total + (self.classes(all_z) - one_hot).square().sum(dim=1).mean()
            total = total + plan.discriminate * likeness(all_z, label, plan.scale)
        return total

    def _invariance(self, z: list[Tensor], objects: list[Tensor]) -> Tensor:
        """() mean squared distance of rows that show one object; 0 when there is none."""
        apart = []
        for i, (x, of_x) in enumerate(zip(z, objects, strict=True)):
            for y, of_y in zip(z[:i], objects[:i], strict=True):
                both = (of_x >= 0) & (of_x == of_y)
                if both.any():
                    apart.append((x[both] - y[both]).square().sum(dim=1).mean())
        return torch.stack(apart).mean() if apart else z[0].sum() * 0


def likeness(z: Tensor, label: Tensor, scale: float) -> Tensor:
    """() J_2 of unit rows (b, k) of any media: how unlikely it is that pairs are of one class.

    Pairs of one class and of two weigh the same in all; a row is not paired with itself.
    """
    told = scale * z @ z.T / 2
    same = (label[:, None] == label[None, :]).to(z.dtype)
    surprise = functional.softplus(told) - same * told
    other = 1 - torch.eye(len(z), dtype=z.dtype, device=z.device)
    alike, unlike = same * other, 1 - same
    return (surprise * alike).sum() / alike.sum().clamp(min=1) + (
        surprise * unlike
    ).sum() / unlike.sum().clamp(min=1)
