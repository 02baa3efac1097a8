"""CCL: coarse and fine views of a row fused, classes told within media, likeness across them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.errors import UsageError
from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.sequence import Tower, drop, linear
from quintet.nets.towers import Towers
from quintet.types import Modality

__all__ = ["CCL"]


@dataclass(kw_only=True)
class CCL(DeepMethod):
    """Cross-modal correlation learning with multi-grained fusion.

    A row is read twice: as a whole, ``g = G_m(mean_t x_t)``, and by its parts,
    ``f = F_m(x_1 … x_t)``; a fusion layer makes one of both, ``z = U_m [g; f]``. Two tasks share z:
    ``L_intra``, the cross-entropy of the classes told from it; and ``L_inter``, over rows i, j of
    two different media, ``|z_i - z_j|^2`` when they are of one class and
    ``max(0, margin - |z_i - z_j|^2)`` when not. Lowered is ``L_intra + inter L_inter``.

    Source:
        Peng, Qi, Huang & Yuan 2018, "CCL: Cross-modal correlation learning with multigrained fusion
        by hierarchical network", IEEE Transactions on Multimedia 20(2):405-420. Fusion of both
        grains: its first learning stage. Its second stage, multi-task learning, has
        ``L_intra = - mean log softmax(W z)_y`` and
        ``L_inter = sum_same |z_i - z_j|^2 + sum_other max(0, margin - |z_i - z_j|)^2`` (so in the
        code that its authors published, margin 1).
    Ours:
        Perceptron and LSTM towers trained together from the start, where the paper first trains
        stacked autoencoders and restricted Boltzmann machines for each grain and then the fusion.
        Made for two media; any number here, every two of them in the second task, and nothing needs
        to be paired. The hinge of L_inter is of the squared distance, and pairs of one class and of
        two weigh the same. z has length 1, both tasks read it, and one classifier serves all media,
        where the published code has a layer for each task and a classifier for each medium. AdamW
        with the rate going down along half a cosine. Rows without label are left out.

    Attributes:
        coarse, fine_parts: switches of the two grains, at least one is on.
        hidden: of both towers; wider local features are projected to it first.
        inter: weight of the second task.
        margin: in squared distance of unit vectors, 0..4.
        sharpness: the cosines that classes are told by are multiplied by this.
    """

    search = {"inter": (1.0, 0.3), "dropout": (0.3, 0.5)}
    learns_from = "labels"
    fine = True

    rows: int = 48
    coarse: bool = True
    fine_parts: bool = True
    hidden: int = 96
    inter: float = 1.0
    margin: float = 1.0
    sharpness: float = 5.0

    def check(self) -> None:
        """Refuse a network without either grain.

        Raises:
            UsageError: both are off, or this machine has no such ``device``.
        """
        super().check()
        if not (self.coarse or self.fine_parts):
            raise UsageError("coarse=no and fine_parts=no leave nothing to learn; one must be on")

    def network(self, shape: Shape) -> Net:
        """Two towers and a fusion layer a medium, one classifier."""
        return _Net(self, shape)


class _Net(Net):
    """Coarse and fine towers; the loss of both tasks."""

    def __init__(self, plan: CCL, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        grains: dict[str, float] = {"dropout": plan.dropout}
        self.whole = Towers(shape.widths, plan.hidden, plan.hidden, random=shape.random, **grains)
        self.parts, self.fusion = nn.ModuleDict(), nn.ModuleDict()
        for m, d in shape.widths.items():
            self.parts[m.value] = Tower(
                d,
                plan.hidden,
                width=plan.hidden,
                hidden=plan.hidden,
                dropout=plan.dropout,
                random=shape.random,
            )
            self.fusion[m.value] = linear(2 * plan.hidden, plan.k, shape.random)
        self.classes = linear(plan.k, shape.classes, shape.random)

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        coarse = self.whole(modality, x, mask, noise) * self.plan.coarse
        fine = self.parts[modality.value](x, mask, noise) * self.plan.fine_parts
        both = torch.relu(torch.cat([coarse, fine], dim=1))
        if noise is not None:
            both = drop(both, self.plan.dropout, noise)
        return functional.normalize(self.fusion[modality.value](both), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() L_intra + inter L_inter over the rows with a label."""
        plan = self.plan
        held = []
        for m, part in batch.items():
            known = part.label >= 0
            if known.any():
                z = self.embed(m, part.x[known], part.mask[known], self.random)
                held.append((z, part.label[known]))
        if not held:
            return torch.zeros(())
        weights = functional.normalize(self.classes.weight, dim=1)
        told = [functional.cross_entropy(plan.sharpness * z @ weights.T, y) for z, y in held]
        total = torch.stack(told).mean()
        pairs = [
            contrast(*one, *other, margin=plan.margin)
            for i, one in enumerate(held)
            for other in held[:i]
        ]
        return total + plan.inter * torch.stack(pairs).mean() if pairs else total


def contrast(x: Tensor, of_x: Tensor, y: Tensor, of_y: Tensor, *, margin: float) -> Tensor:
    """() contrastive loss of unit rows (n, k) and (m, k) with class numbers (n,) and (m,).

    Pairs of one class and pairs of two weigh the same in all, however many there are.
    """
    apart = 2 - 2 * x @ y.T
    same = (of_x[:, None] == of_y[None, :]).to(apart.dtype)
    near = (apart * same).sum() / same.sum().clamp(min=1)
    far = (torch.relu(margin - apart) * (1 - same)).sum() / (1 - same).sum().clamp(min=1)
    return near + far
