"""ACMR: towers that tell classes and keep classes near, against a judge who tells the medium."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.sequence import linear
from quintet.nets.towers import MLP, Towers
from quintet.types import Modality

__all__ = ["ACMR"]


@dataclass(kw_only=True)
class ACMR(DeepMethod):
    """Adversarial cross-modal retrieval.

    Two players move in turn on every batch. The judge D tells from an embedding which medium it
    comes from and lowers his surprise; the towers F_m with a class predictor C lower the embedding
    loss and raise that surprise::

        judge:   L_adv + calm * mean |d log D(z)_m / dz|^2,  L_adv = - mean log D(z)_m
        towers:  alpha * L_imi + beta * L_imd - adversary * L_adv
                 L_imd = - mean log softmax(C(z))_y
                 L_imi = mean over every two media of
                         |z - z+|^2 + push * max(0, margin - |z - z-|^2)

    where z+ and z- are rows of the other medium of the same and of another class. In the saddle
    point media cannot be told apart in a space that still tells classes.

    Source:
        Wang, Yang, Xu, Hanjalic & Shen 2017, "Adversarial cross-modal retrieval", ACM Multimedia,
        eq. 1 (judge), 2 (label prediction), 3-6 (structure preservation), 8-10 (the minimax game).
    Ours:
        Made for two media; of more, L_imi is the mean over every two, and the judge has one output
        a medium. He also pays for judging steeply (Mescheder et al. 2018, R1): without that towers
        and judge chase each other round, and in measurements media were told apart more easily
        after the game than without one. z has unit length, so that the hinge has a scale and the
        judge cannot be beaten by long rows. Every row of the other medium with a known class is a
        positive or a negative, so that both directions are one sum, of squared distances; the paper
        draws triplets and sums distances. The towers are perceptrons over the mean of the local
        features, and they take one step a batch, as the judge does, where the paper gives them
        several. Rows without label meet the judge alone. AdamW with the rate going down along half
        a cosine; dropout.

    Attributes:
        hidden: width of a tower's hidden layer.
        judge: width of the judge's hidden layer.
        alpha: weight of structure preservation.
        beta: weight of label prediction.
        adversary: how much the towers gain by a surprised judge; 0 for no game.
        calm: what the judge pays for a steep judgement.
        push: weight of pushing other classes away.
        margin: how far other classes are pushed, in squared distance.
    """

    search = {"adversary": (0.3, 0.1, 1.0), "alpha": (1.0, 0.0)}
    learns_from = "labels"

    rows: int = 48
    dropout: float = 0.2
    hidden: int = 256
    judge: int = 64
    alpha: float = 1.0
    beta: float = 1.0
    adversary: float = 0.3
    calm: float = 1.0
    push: float = 1.0
    margin: float = 1.0

    def network(self, shape: Shape) -> Net:
        """Towers, class predictor and judge."""
        return _Net(self, shape)


class _Net(Net):
    """A minimax game of towers and judge."""

    def __init__(self, plan: ACMR, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.media = list(shape.widths)
        self.towers = Towers(
            shape.widths, plan.hidden, plan.k, dropout=plan.dropout, random=shape.random
        )
        self.classes = linear(plan.k, shape.classes, shape.random)
        self.judge = MLP(plan.k, plan.judge, len(self.media), random=shape.random)

    def players(self) -> Mapping[str, Iterable[nn.Parameter]]:
        """Who tells the medium, and who makes that hard."""
        return {
            "judge": list(self.judge.parameters()),
            "towers": [*self.towers.parameters(), *self.classes.parameters()],
        }

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        return functional.normalize(self.towers(modality, x, mask, noise), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() the judge's surprise, or what the towers want lowered."""
        if player == "judge":
            return self._judged(batch)
        plan = self.plan
        z = {m: self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()}
        rows, label = torch.cat(list(z.values())), torch.cat([p.label for p in batch.values()])
        known = label >= 0
        total = -plan.adversary * self._surprise(rows, list(batch))
        if known.any():
            told = functional.cross_entropy(self.classes(rows[known]), label[known])
            total = total + plan.beta * told + plan.alpha * self._structure(batch, z)
        return total

    def _judged(self, batch: Batch) -> Tensor:
        """() the judge's surprise and how steeply it changes; the towers are left alone."""
        with torch.no_grad():
            z = [self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()]
        rows = torch.cat(z).requires_grad_()
        surprise = self._surprise(rows, list(batch))
        (slope,) = torch.autograd.grad(surprise * len(rows), rows, create_graph=True)
        return surprise + self.plan.calm * slope.square().sum(dim=1).mean()

    def _surprise(self, rows: Tensor, media: Sequence[Modality]) -> Tensor:
        """() mean of -log D at the true medium, of as many rows of each."""
        number = torch.tensor([self.media.index(m) for m in media], device=rows.device)
        true = number.repeat_interleave(len(rows) // len(media))
        return functional.cross_entropy(self.judge(rows), true)

    def _structure(self, batch: Batch, z: Mapping[Modality, Tensor]) -> Tensor:
        """() mean structure loss of every two media."""
        plan, media = self.plan, list(z)
        found = [
            structure(z[m], z[o], batch[m].label, batch[o].label, plan.push, plan.margin)
            for i, m in enumerate(media)
            for o in media[:i]
        ]
        return torch.stack(found).mean() if found else z[media[0]].sum() * 0


def structure(
    x: Tensor, y: Tensor, first: Tensor, second: Tensor, push: float, margin: float
) -> Tensor:
    """() rows of one class near, of others at least ``margin`` apart in squared distance.

    Args:
        x, y: (a, k) and (b, k) unit rows of two media.
        first, second: (a,) and (b,) their classes, -1 where unknown: such rows do not count.
    """
    apart = 2 - 2 * x @ y.T
    known = (first >= 0)[:, None] & (second >= 0)
    same = (first[:, None] == second) & known
    other = known & ~same
    pull = (apart * same).sum() / same.sum().clamp(min=1)
    away = (torch.relu(margin - apart) * other).sum() / other.sum().clamp(min=1)
    return pull + push * away
