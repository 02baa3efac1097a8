"""VSE++: each row shall beat the hardest wrong match in its batch by a margin."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.matching import hinges, meetings
from quintet.nets.sequence import Tower
from quintet.nets.towers import MLP
from quintet.types import Float32, Modality

__all__ = ["VSE"]


@dataclass(kw_only=True)
class VSE(DeepMethod):
    """Visual-semantic embedding with hard negatives.

    Text is read by a recurrent network, other media as one vector; both are projected to unit
    vectors x_i and y_i of one space. Of all wrong matches of a row in its batch only the hardest
    counts (max of hinges)::

        L = sum_i max_j [margin + <x_i, y_j> - <x_i, y_i>]_+
                + max_j [margin + <x_j, y_i> - <x_i, y_i>]_+

    while the first ``warm_up`` updates use all of them (sum of hinges, eq. 4), without which the
    hardest negative can pull everything into one point.

    Source:
        Faghri, Fleet, Kiros & Fidler 2018, "VSE++: improving visual-semantic embeddings with hard
        negatives", BMVC, eqs. 4 to 6; margin 0.2.
    Ours:
        The media are read by a perceptron over the mean of the local steps instead of a CNN, the
        text by an LSTM whose states are averaged instead of a GRU's last state. Made for two media;
        of more, the mean loss of every two. Rows of one object are never negatives of each other,
        nor with ``classes`` those of one class; without pairs the classes are the objects. The
        warm-up takes the mean over the violated hinges, which keeps Adam's scale. AdamW with the
        rate going down along half a cosine; dropout.

    Attributes:
        hidden: width of the perceptrons' hidden layer.
        states: width of the LSTM.
        width: wider text steps are projected to this first.
        margin: between cosines.
        warm_up: updates with all negatives before the hardest alone counts; a shorter run than
            that never gets to the hardest (VSE0).
        hardest: the switch of the ablation; False stays with all negatives (the paper's VSE0).
        classes: whether rows of one class are spared as negatives.
    """

    search = {"warm_up": (200, 800), "dropout": (0.3, 0.1)}
    learns_from = "either"
    in_pairs = True
    fine = True

    k: int = 256
    hidden: int = 256
    states: int = 128
    width: int = 128
    lr: float | None = 3e-3
    rows: int = 64
    margin: float = 0.2
    warm_up: int = 200
    hardest: bool = True
    classes: bool = True

    def network(self, shape: Shape) -> Net:
        """An LSTM for text and a perceptron for each other medium."""
        return _Net(self, shape)

    def _standard(self, modality: Modality, x: Float32) -> Float32:
        """The standardised steps of a text; of other media their mean, as one step."""
        steps = super()._standard(modality, x)
        return steps if modality is Modality.TEXT else steps.mean(axis=0, keepdims=True)


class _Net(Net):
    updates: Tensor

    def __init__(self, plan: VSE, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.towers = nn.ModuleDict()
        rate, random = plan.dropout, shape.random
        for m, d in shape.widths.items():
            self.towers[m.value] = (
                Tower(d, plan.k, width=plan.width, hidden=plan.states, dropout=rate, random=random)
                if m is Modality.TEXT
                else MLP(d, plan.hidden, plan.k, dropout=rate, random=random)
            )
        self.register_buffer("updates", torch.zeros(1))

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        tower = self.towers[modality.value]
        z = tower(x, mask, noise) if modality is Modality.TEXT else tower(x[:, 0], noise)
        return functional.normalize(z, dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() mean loss of every two media."""
        hardest = self.plan.hardest and float(self.updates) >= self.plan.warm_up
        if self.training:
            self.updates += 1
        z = {m: self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()}
        losses = [
            ranking(hinges(x @ y.T, right, self.plan.margin), hardest=hardest)
            for x, y, right in meetings(batch, z, classes=self.plan.classes)
        ]
        return torch.stack(losses).mean() if losses else next(iter(z.values())).sum() * 0


def ranking(hinge: Tensor, *, hardest: bool) -> Tensor:
    """() of hinges (2b, b): mean of each row's largest, or of all that are not 0."""
    if hardest:
        return hinge.amax(dim=1).mean()
    return hinge.sum() / (hinge > 0).sum().clamp(min=1)
