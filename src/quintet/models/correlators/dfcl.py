"""DFCL: an LSTM a medium over local features, class word vectors, and MMD between media."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.padding import evenly, pad, unpad
from quintet.maths.rows import centre_and_scale, unit_rows
from quintet.nets.batches import Batch, Pool, mixed
from quintet.nets.loop import Game, Plan, play
from quintet.nets.losses import pairwise_mmd, triplet
from quintet.nets.sequence import Tower, linear
from quintet.types import Bool, Float32, Modality, View, Views

__all__ = ["DFCL"]

PAPER_LR = 1e-4
"""Learning rate of the paper, right from ENOUGH_UPDATES updates on."""

SMALL_LR = 1e-3
"""Learning rate of a run that would have fewer updates than ENOUGH_UPDATES."""

ENOUGH_UPDATES = 4_000
MIN_UPDATES = 400
"""A run has at least so many updates, however small the collection is."""

MAX_SPREAD = 6.0
"""Standardised features are clipped to so many standard deviations."""

CHUNK = 256
"""Rows transformed at a time."""


@dataclass(kw_only=True)
class DFCL:
    """Deep Fine-grained Correlation Learning.

    For each medium m an LSTM reads the local features x_1 … x_t; the mean of its states over time
    goes through a fully connected layer into the common space, ``z = FC_m(mean_t LSTM_m(x))``.
    Lowered is ``L_ce + L_triplet + L_mmd``: the cross-entropy of the classes told from z by one
    classifier for all media; the distance of z to its class's word vector, which shall be smaller
    than that to any other class's by a margin; and the squared maximum mean discrepancy between
    every two media in an RKHS with RBF kernels.

    Source:
        Zhuo, Qi & Peng 2019, "Deep fine-grained correlation learning for cross-media retrieval".
    Ours:
        z and word vectors have length 1 and classes are told by their cosine times ``sharpness``.
        Rows without label count for the MMD alone. Wide inputs are projected to ``width`` first.
        Every batch holds ``rows`` rows of each medium, classes evenly. AdamW with the rate going
        down along half a cosine; ``dropout`` of features and of the mean state. The paper's 25
        epochs at 1e-4 are too few updates for a few hundred items, so with ``lr`` and ``updates``
        left at None a small collection gets MIN_UPDATES updates at SMALL_LR; from ENOUGH_UPDATES
        on they are the paper's.

    Attributes:
        k: width of the common space; word vectors of another width are turned into it at random.
        lr: learning rate of Adam, None for the rule above.
        updates: batches in an epoch, None for the rule above.
        steps: local steps that are read of a row, at most, evenly spaced.
        margin: in squared distance of unit vectors, 0..4.
        triplet, mmd: switches of the ablation; ``triplet_weight`` and ``mmd_weight`` weigh them.
        device: ``auto`` takes a GPU when there is one.
        on_epoch: called with (finished epochs, all epochs).
    """

    k: int = 300
    lr: float | None = None
    epochs: int = 25
    updates: int | None = None
    rows: int = 24
    steps: int = 24
    hidden: int = 96
    width: int = 96
    dropout: float = 0.3
    weight_decay: float = 0.01
    sharpness: float = 5.0
    margin: float = 1.0
    triplet: bool = True
    triplet_weight: float = 1.0
    mmd: bool = True
    mmd_weight: float = 1.0
    seed: int = 0
    device: str = "auto"
    classes_: tuple[str, ...] = field(default=(), init=False, repr=False)
    anchors_: Float32 | None = field(default=None, init=False, repr=False)
    mean_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    scale_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    weights_: dict[str, Float32] = field(default_factory=dict, init=False, repr=False)
    on_epoch: Callable[[int, int], None] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def fit(self, views: Views) -> Self:
        """Learn the towers.

        Raises:
            TrainingError: no row has a label, or there are no class word vectors.
        """
        held = [view for view in views.views if len(view.x)]
        self._check(held, views)
        self.classes_, self.anchors_ = views.classes, self._anchors(views)
        self.mean_, self.scale_ = {}, {}
        for view in held:
            self.mean_[view.modality], self.scale_[view.modality] = centre_and_scale(view.x)
        net = self._network().to(self._device())
        batches = self._per_epoch(held)
        pools = {view.modality: self._pool(view) for view in held}
        epoch = mixed(pools, self.rows, self._device(), batches)
        play(net, epoch, self._plan(batches), on_epoch=self.on_epoch)
        self.weights_ = {name: w.cpu().numpy().copy() for name, w in net.state_dict().items()}
        self._fitted = net.cpu()
        return self

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, k) unit rows."""
        if modality not in self.mean_:
            raise NotFittedError(f"dfcl was not fitted on {modality}")
        if x.ndim != 3 or x.shape[2] != len(self.mean_[modality]) or mask.shape != x.shape[:2]:
            raise ShapeError(
                f"{modality} was {len(self.mean_[modality])} wide in fit; x {x.shape} and mask "
                f"{mask.shape} must be (n, t, d) and (n, t)"
            )
        net = self._ready()
        parts = []
        rows = [self._standard(modality, row) for row in unpad(x, mask)]
        for start in range(0, len(rows), CHUNK):
            steps, real = pad(rows[start : start + CHUNK])
            with torch.inference_mode():
                z = net.embed(modality, torch.from_numpy(steps), torch.from_numpy(real))
            parts.append(z.numpy())
        return unit_rows(np.concatenate(parts)) if parts else np.zeros((0, self.k), np.float32)

    def _check(self, held: list[View], views: Views) -> None:
        if not any((view.label >= 0).any() for view in held):
            raise TrainingError("dfcl learns from labels, and no row has one; label some items")
        if views.class_vectors is None or len(views.class_vectors) != len(views.classes):
            raise TrainingError(
                f"dfcl needs a word vector for each of {len(views.classes)} classes"
            )

    def _anchors(self, views: Views) -> Float32:
        """(c, k) unit class vectors; other widths are turned into k by a fixed random matrix."""
        vectors = np.asarray(views.class_vectors, dtype=np.float32)
        if vectors.shape[1] != self.k:
            chance = np.random.default_rng(0)
            turn = chance.standard_normal((vectors.shape[1], self.k)) / np.sqrt(self.k)
            vectors = (vectors @ turn).astype(np.float32)
        return unit_rows(vectors)

    def _per_epoch(self, held: list[View]) -> int:
        largest = max(len(view.x) for view in held)
        return self.updates or max(-(-largest // self.rows), -(-MIN_UPDATES // self.epochs))

    def _plan(self, per_epoch: int) -> Plan:
        total = per_epoch * self.epochs
        share = min(1.0, np.log(max(total, MIN_UPDATES) / MIN_UPDATES) / _FULL)
        rate = self.lr or float(SMALL_LR * (PAPER_LR / SMALL_LR) ** share)
        return Plan(
            epochs=self.epochs, lr=rate, weight_decay=self.weight_decay, decay=True, seed=self.seed
        )

    def _pool(self, view: View) -> Pool:
        x = [self._standard(view.modality, evenly(row, self.steps)) for row in view.x]
        return Pool(x, view.label)

    def _standard(self, modality: Modality, x: Float32) -> Float32:
        standard = (x - self.mean_[modality]) / self.scale_[modality]
        return np.asarray(np.clip(standard, -MAX_SPREAD, MAX_SPREAD), dtype=np.float32)

    def _network(self) -> _Net:
        widths = {modality: len(mean) for modality, mean in self.mean_.items()}
        return _Net(self, widths, torch.from_numpy(np.asarray(self.anchors_)))

    def _ready(self) -> _Net:
        """The fitted network; made from ``weights_`` after the model was opened from a file."""
        net: _Net | None = getattr(self, "_fitted", None)
        if net is None:
            net = self._network()
            net.load_state_dict({k: torch.from_numpy(w.copy()) for k, w in self.weights_.items()})
            self._fitted = net.eval()
        return net

    def _device(self) -> torch.device:
        if self.device != "auto":
            return torch.device(self.device)
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


_FULL = float(np.log(ENOUGH_UPDATES / MIN_UPDATES))


class _Net(Game[Batch]):
    """Towers and classifier; the loss of the paper."""

    anchors: Tensor

    def __init__(self, plan: DFCL, widths: Mapping[Modality, int], anchors: Tensor) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(plan.seed)
        shape: dict[str, Any] = {"width": plan.width, "hidden": plan.hidden}
        self.plan = plan
        self.towers = nn.ModuleDict(
            {
                m.value: Tower(d, plan.k, **shape, dropout=plan.dropout, random=chance)
                for m, d in widths.items()
            }
        )
        self.classes = linear(plan.k, len(anchors), chance)
        self.register_buffer("anchors", anchors)

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) unit rows of x (b, t, d) and mask (b, t)."""
        return functional.normalize(self.towers[modality.value](x, mask, noise), dim=1)

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() cross-entropy + triplet over rows with a label, + MMD over all."""
        plan = self.plan
        parts = [self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()]
        label = torch.cat([part.label for part in batch.values()])
        z, label = torch.cat(parts)[label >= 0], label[label >= 0]
        total = parts[0].sum() * 0
        if len(z):
            told = plan.sharpness * z @ functional.normalize(self.classes.weight, dim=1).T
            total = total + functional.cross_entropy(told, label)
            if plan.triplet:
                total = total + plan.triplet_weight * triplet(z, self.anchors, label, plan.margin)
        if plan.mmd:
            total = total + plan.mmd_weight * pairwise_mmd(parts)
        return total
