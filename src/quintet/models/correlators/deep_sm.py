"""Deep semantic matching: a classifier a medium, compared by what classes they tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.towers import Towers
from quintet.types import Modality

__all__ = ["DeepSM"]


@dataclass(kw_only=True)
class DeepSM(DeepMethod):
    """Deep semantic matching.

    For each medium m a network of its own tells the class of a row, ``p_m(c | x) = softmax(
    F_m(x))_c``, and lowers ``-log p_m(y | x)`` over the rows of that medium alone. The common
    space is the simplex of class probabilities: ``z = p_m(. | x)``. Media meet only in the classes.

    Source:
        Wei et al. 2017, "Cross-modal retrieval with CNN visual features: a new baseline", IEEE
        Transactions on Cybernetics 47(2):449-460 (deep semantic matching):
        ``L_m = - mean log softmax(F_m(x))_y``. Rasiwasia et al. 2010, "A new approach to
        cross-modal multimedia retrieval", ACM Multimedia (semantic matching): the space of
        posteriors ``z_c = P(c | x) = exp(w_c'x) / sum_i exp(w_i'x)``.
    Ours:
        Each medium has a perceptron over the mean of its local features, where the paper fine-tunes
        AlexNet for images and trains three full layers for texts; the paper has two media, the
        method takes any number. Each network is a player of its own. AdamW with the rate going down
        along half a cosine; dropout of features and hidden values; batches of more rows than
        elsewhere. Probabilities are compared by cosine. Rows without label are left out; a medium
        without any is told by an untrained network. The space is as wide as there are classes:
        ``k`` is not used.

    Attributes:
        hidden: width of the hidden layer.
    """

    search = {"dropout": (0.2, 0.4), "hidden": (512, 128)}
    learns_from = "labels"

    rows: int = 64
    dropout: float = 0.2
    hidden: int = 512

    def network(self, shape: Shape) -> Net:
        """A classifier a medium."""
        return _Net(self, shape)


class _Net(Net):
    """Classifiers that share nothing."""

    def __init__(self, plan: DeepSM, shape: Shape) -> None:
        super().__init__()
        self.towers = Towers(
            shape.widths, plan.hidden, shape.classes, dropout=plan.dropout, random=shape.random
        )

    def players(self) -> Mapping[str, Iterable[nn.Parameter]]:
        """The network of each medium."""
        return {name: list(tower.parameters()) for name, tower in self.towers.items()}

    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, c) class probabilities of x (b, t, d) and mask (b, t)."""
        return functional.softmax(self.towers(modality, x, mask), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() cross-entropy of one medium; constant where no row has a label."""
        modality = Modality(player)
        part = batch[modality]
        known = part.label >= 0
        if not known.any():
            return torch.zeros(())
        told = self.towers(modality, part.x[known], part.mask[known], self.random)
        return functional.cross_entropy(told, part.label[known])
