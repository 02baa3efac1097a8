"""DFCL: an LSTM a medium over local features, class word vectors, and MMD between media."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.errors import TrainingError, UsageError
from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.losses import pairwise_mmd, triplet
from quintet.nets.sequence import Tower, drop, linear, turned
from quintet.types import Modality

__all__ = ["DFCL"]

SPACES = ("classes", "space")


@dataclass(kw_only=True)
class DFCL(DeepMethod):
    """Deep Fine-grained Correlation Learning.

    For each medium m an LSTM reads the local features x_1 … x_t; the mean of its states over time
    goes through two fully connected layers into the common space, ``z = FC_m(mean_t LSTM_m(x))``.
    Lowered is ``L_ce + L_triplet + L_mmd``: the cross-entropy of the classes told from z by one
    classifier for all media; the distance of z to its class's word vector, which shall be smaller
    than that to any other class's by a margin; and the squared maximum mean discrepancy between
    every two media in an RKHS with RBF kernels. Rows are compared by the classes told from z.

    Source:
        Zhuo, Qi & Peng 2019, "Cross-media deep fine-grained correlation learning", Journal of
        Software 30(4):884-895: ``L = L_ce + L_triplet + L_mmd``. In the form that is used here,
        ``L_ce = - mean log softmax(W z)_y``,
        ``L_triplet = mean max(0, margin + |z - v_y|^2 - |z - v_c|^2)`` for word vectors v and other
        classes c, and ``L_mmd = mean_(m<l) |mean phi(z_m) - mean phi(z_l)|^2`` in the RKHS of phi.
        Class probabilities are compared as in the code its authors published.
    Ours:
        Any number of media. The published code pools the states by attention, has a classifier for
        each medium, takes one other class at random, inner products with margin .5, and .01 of the
        sum of all MMD; here the mean, one classifier, all other classes, squared distances, and the
        mean MMD. z and word vectors have length 1 and classes are told by their cosine times
        ``sharpness``. Rows without label count for the MMD alone. Wide inputs are projected to
        ``width`` first. Every batch holds ``rows`` rows of each medium, classes evenly. AdamW with
        the rate going down along half a cosine; ``dropout`` of features, mean and inner layer. The
        paper's 25 epochs at 1e-4 are too few updates for a few hundred items, so with ``lr`` and
        ``updates`` left at None a small collection gets MIN_UPDATES updates at SMALL_LR
        (``nets/deep.py``); from ENOUGH_UPDATES on they are the paper's.
    Tried:
        On validation data of fivemedia, mean of two seeds: compared by z .711, by classes .717; two
        fully connected layers .717 and .724; attention over the states instead of their mean .706;
        an LSTM read both ways, which is no longer the paper's, .737.

    Attributes:
        k: width of the common space; word vectors of another width are turned into it at random.
        hidden: width of the LSTM.
        width: wider local features are projected to this first.
        inner: width of the first fully connected layer.
        compare: rows by ``classes`` (their probabilities) or in ``space`` (z).
        sharpness: the cosines that classes are told by are multiplied by this.
        margin: in squared distance of unit vectors, 0..4.
        triplet, mmd: switches of the ablation.
        triplet_weight: weight of the triplet loss.
        mmd_weight: weight of the maximum mean discrepancy.
    """

    search = {"steps": (24, 49), "dropout": (0.3, 0.5)}
    learns_from = "labels"
    fine = True

    k: int = 300
    hidden: int = 96
    width: int = 96
    inner: int = 512
    compare: str = "classes"
    sharpness: float = 5.0
    margin: float = 1.0
    triplet: bool = True
    triplet_weight: float = 1.0
    mmd: bool = True
    mmd_weight: float = 1.0

    def check(self) -> None:
        """Refuse a space that there is not.

        Raises:
            UsageError: ``compare`` is neither ``classes`` nor ``space``, or there is no such
                ``device``.
        """
        super().check()
        if self.compare not in SPACES:
            raise UsageError(f"compare must be {' or '.join(SPACES)}, not {self.compare!r}")

    def network(self, shape: Shape) -> Net:
        """Towers and one classifier.

        Raises:
            TrainingError: there are no class word vectors.
        """
        if shape.vectors is None:
            raise TrainingError(f"dfcl needs a word vector for each of {shape.classes} classes")
        return _Net(self, shape, turned(shape.vectors, self.k))


class _Net(Net):
    """Towers and classifier; the loss of the paper."""

    anchors: Tensor

    def __init__(self, plan: DFCL, shape: Shape, anchors: Tensor) -> None:
        super().__init__()
        self.plan = plan
        self.towers, self.heads = nn.ModuleDict(), nn.ModuleDict()
        for m, d in shape.widths.items():
            self.towers[m.value] = Tower(
                d,
                plan.inner,
                width=plan.width,
                hidden=plan.hidden,
                dropout=plan.dropout,
                random=shape.random,
            )
            self.heads[m.value] = linear(plan.inner, plan.k, shape.random)
        self.classes = linear(plan.k, shape.classes, shape.random)
        self.register_buffer("anchors", anchors)

    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, c) class probabilities or (b, k) unit rows of x (b, t, d) and mask (b, t)."""
        z = self._common(modality, x, mask)
        return z if self.plan.compare == "space" else functional.softmax(self._told(z), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() cross-entropy + triplet over rows with a label, + MMD over all."""
        plan = self.plan
        parts = [self._common(m, part.x, part.mask, self.random) for m, part in batch.items()]
        label = torch.cat([part.label for part in batch.values()])
        z, label = torch.cat(parts)[label >= 0], label[label >= 0]
        total = parts[0].sum() * 0
        if len(z):
            total = total + functional.cross_entropy(self._told(z), label)
            if plan.triplet:
                total = total + plan.triplet_weight * triplet(z, self.anchors, label, plan.margin)
        if plan.mmd:
            total = total + plan.mmd_weight * pairwise_mmd(parts)
        return total

    def _common(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows; with ``noise``, values are dropped at random."""
        inner = torch.relu(self.towers[modality.value](x, mask, noise))
        if noise is not None:
            inner = drop(inner, self.plan.dropout, noise)
        return functional.normalize(self.heads[modality.value](inner), dim=1)

    def _told(self, z: Tensor) -> Tensor:
        """(b, c) cosines with the classes, sharpened."""
        return self.plan.sharpness * z @ functional.normalize(self.classes.weight, dim=1).T
