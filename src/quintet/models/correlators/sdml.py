"""SDML: media learn apart, each towards the same class vectors fixed in advance at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.towers import MLP, Towers
from quintet.types import Modality

__all__ = ["SDML"]


@dataclass(kw_only=True)
class SDML(DeepMethod):
    """Scalable deep multimodal learning.

    Before anything is learnt a random matrix P (k, c) with ``P'P = I`` fixes where class y shall
    lie in the common space: at its column ``P_y``, at right angles to all others, which is the
    largest variation between classes that unit vectors have. Each medium m then trains a
    supervised autoencoder, encoder F_m and decoder G_m, without seeing any other::

        L_m = alpha * mean |F_m(x) - P_y|^2 + (1 - alpha) * mean |G_m(F_m(x)) - x|^2 / d

    A further medium is one more such network: the others need no new training.

    Source:
        Hu, Zhen, Peng & Liu 2019, "Scalable deep multimodal learning for cross-modal retrieval",
        SIGIR, 635-644: predefined common subspace, ``P'P = I``; deep supervised autoencoders, media
        trained apart. The authors' published code lowers
        ``alpha mean |G(F(x)) - x| + (1 - alpha) mean |P'F(x) - y|``, y one-hot.
    Ours:
        The paper has any number of media, and so it is here. ``alpha`` is the share of the classes,
        not of the reconstruction, and lengths are squared. The paper compares ``P'F_m(x)`` with the
        one-hot class; here F_m(x) itself is compared with P_y, which also keeps rows from what no
        class uses. Squared errors of the reconstruction are divided by the width d, so that
        ``alpha`` means the same for all media. With fewer than c dimensions columns cannot be
        orthonormal: then the rows of P are, and its columns are made unit vectors. The encoder is a
        perceptron over the mean of the local features, the decoder its mirror image. Rows without
        label count for the reconstruction, of values that were not dropped. AdamW with the rate
        going down along half a cosine; dropout of features and hidden values; every batch draws
        classes evenly.

    Attributes:
        hidden: width of the hidden layer of encoder and decoder.
        alpha: share of the class vectors in the loss, 0..1; the rest is reconstruction.
    """

    search = {"alpha": (0.8, 0.5, 1.0), "dropout": (0.2, 0.4)}
    learns_from = "labels"

    rows: int = 64
    dropout: float = 0.2
    hidden: int = 256
    alpha: float = 0.8

    def network(self, shape: Shape) -> Net:
        """A class matrix and an autoencoder a medium."""
        return _Net(self, shape)


class _Net(Net):
    """Autoencoders that share nothing but the fixed class vectors."""

    targets: Tensor

    def __init__(self, plan: SDML, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.register_buffer("targets", orthogonal(shape.classes, plan.k, shape.random))
        self.encoders = Towers(
            shape.widths, plan.hidden, plan.k, dropout=plan.dropout, random=shape.random
        )
        self.decoders = nn.ModuleDict(
            {
                m.value: MLP(plan.k, plan.hidden, d, random=shape.random)
                for m, d in shape.widths.items()
            }
        )

    def players(self) -> Mapping[str, Iterable[nn.Parameter]]:
        """The autoencoder of each medium."""
        return {
            name: [*tower.parameters(), *self.decoders[name].parameters()]
            for name, tower in self.encoders.items()
        }

    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, k) of x (b, t, d) and mask (b, t)."""
        return self.encoders(modality, x, mask)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() distance to the class vectors and reconstruction, of one medium."""
        modality = Modality(player)
        part, alpha = batch[modality], self.plan.alpha
        z = self.encoders(modality, part.x, part.mask, self.random)
        known = part.label >= 0
        total = z.sum() * 0
        if known.any():
            apart = z[known] - self.targets[part.label[known]]
            total = total + alpha * apart.square().sum(dim=1).mean()
        if alpha < 1:
            again = self.decoders[player](z)
            seen = part.x[:, 0]  # the mean of the steps
            total = total + (1 - alpha) * functional.mse_loss(again, seen)
        return total


def orthogonal(c: int, k: int, random: torch.Generator) -> Tensor:
    """(c, k) unit rows at random, at right angles to each other while there is room (c <= k)."""
    tall = torch.randn(max(c, k), min(c, k), generator=random)
    turn: Tensor = torch.linalg.qr(tall)[0]  # orthonormal columns
    return functional.normalize(turn.T if c <= k else turn, dim=1).contiguous()
