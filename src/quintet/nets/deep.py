"""What deep correlators share: checks, standardising, batches, the loop, ``transform``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.objects import shared_objects
from quintet.maths.padding import evenly, pad, unpad
from quintet.maths.rows import centre_and_scale, mean_steps, unit_rows
from quintet.nets.batches import Batch, Pool, aligned, mixed
from quintet.nets.device import device
from quintet.nets.finite import sound
from quintet.nets.loop import Game, Plan, play
from quintet.types import Bool, Float32, Int64, Modality, View, Views

LARGE_LR = 1e-4
"""Learning rate from ENOUGH_UPDATES updates on."""

SMALL_LR = 1e-3
"""Learning rate of a run with MIN_UPDATES updates."""

ENOUGH_UPDATES = 4_000
MIN_UPDATES = 400
"""A run has at least so many updates, however small the collection is."""

MAX_SPREAD = 6.0
"""Standardised features are clipped to so many standard deviations."""

CHUNK = 256
"""Rows transformed at a time."""

_FULL = float(np.log(ENOUGH_UPDATES / MIN_UPDATES))


@dataclass(frozen=True)
class Shape:
    """What a network must fit to.

    Attributes:
        widths: modality to the width of a local feature.
        classes: how many classes there are.
        vectors: (c, k) float32 unit class word vectors, None without.
        random: draws the first weights.
    """

    widths: Mapping[Modality, int]
    classes: int
    vectors: Tensor | None
    random: torch.Generator


class Net(Game[Batch], ABC):
    """A game over batches of every modality that embeds rows of each."""

    @abstractmethod
    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, k) of x (b, t, d) and mask (b, t), not necessarily of unit length, without noise."""

    def finish(self, pools: Mapping[Modality, Pool]) -> None:
        """What follows the training, from all rows: may set buffers. Nothing by default."""
        return


@dataclass(kw_only=True)
class DeepMethod(ABC):
    """A correlator that is a network. A method brings ``network``; its Net brings the loss.

    Attributes:
        k: width of the common space.
        lr: learning rate of Adam; None goes from SMALL_LR for MIN_UPDATES updates down to
            LARGE_LR for ENOUGH_UPDATES and more. It falls along half a cosine.
        epochs: rounds of training; the rate falls over all of them.
        updates: batches in an epoch, None for one pass, but at least MIN_UPDATES in all.
        rows: rows of each modality in a batch.
        steps: local steps that are read of a row in training, at most, evenly spaced.
        dropout: share of a layer's inputs that is left out at random in training.
        weight_decay: of Adam, decoupled from the gradient (AdamW).
        seed: draws the first weights, the batches and what dropout leaves out.
        device: ``cpu``, ``cuda``, ``cuda:1`` …; ``auto`` takes a GPU when there is one.
        on_epoch: called with (finished epochs, all epochs).
        on_loss: called with (number of the epoch, its mean loss).
        checkpoint: a file that keeps an unfinished run; a run that finds it goes on from there.
    """

    search: ClassVar[Mapping[str, Sequence[object]]] = {}
    """Hyper-parameter to the values that the benchmarks choose from, on validation data."""

    learns_from: ClassVar[str] = "labels"
    """``labels``, ``pairs`` or ``either``: what fit cannot do without."""

    in_pairs: ClassVar[bool] = False
    """Whether batches are aligned: row i of every modality shows one object."""

    fine: ClassVar[bool] = False
    """Whether the network reads the local steps; otherwise it gets their mean as one step."""

    k: int = 128
    lr: float | None = None
    epochs: int = 25
    updates: int | None = None
    rows: int = 24
    steps: int = 24
    dropout: float = 0.3
    weight_decay: float = 0.01
    seed: int = 0
    device: str = "auto"
    classes_: tuple[str, ...] = field(default=(), init=False, repr=False)
    vectors_: Float32 | None = field(default=None, init=False, repr=False)
    mean_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    scale_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    weights_: dict[str, Float32] = field(default_factory=dict, init=False, repr=False)
    on_epoch: Callable[[int, int], None] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    on_loss: Callable[[int, float], None] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    checkpoint: Path | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The method's name in the catalogue: its file's."""
        return type(self).__module__.rsplit(".", 1)[-1]

    @abstractmethod
    def network(self, shape: Shape) -> Net:
        """A fresh network; its weights depend on ``shape.random`` alone."""

    def check(self) -> None:
        """Refuse what no fit could work with, before anything is read.

        Raises:
            UsageError: this machine has no such ``device``, or hyper-parameters contradict
                each other.
        """
        device(self.device)

    def fit(self, views: Views) -> Self:
        """Train the network.

        Raises:
            TrainingError: the views do not hold what this method needs, or the loss diverged.
            UsageError: hyper-parameters that ``check`` refuses.
        """
        self.check()
        held = [view for view in views.views if len(view.x)]
        objects = self._objects(held)
        held = [view for view in held if view.modality in objects]
        self.classes_, self.vectors_ = views.classes, self._class_vectors(views)
        self.mean_, self.scale_ = {}, {}
        for view in held:
            self.mean_[view.modality], self.scale_[view.modality] = centre_and_scale(view.x)
        net = self._network().to(device(self.device))
        pools = {v.modality: self._pool(v, objects[v.modality]) for v in held}
        per_epoch = self._per_epoch(max(len(view.x) for view in held))
        with sound(self, self.name):
            play(
                net,
                self.batches(pools, per_epoch),
                self._plan(per_epoch),
                on_epoch=self.on_epoch,
                on_loss=self.on_loss,
                checkpoint=self.checkpoint,
            )
            net.finish(pools)
        self.weights_ = {name: w.cpu().numpy().copy() for name, w in net.state_dict().items()}
        self._fitted = net.cpu()
        return self

    def batches(
        self, pools: Mapping[Modality, Pool], updates: int
    ) -> Callable[[torch.Generator], Iterator[Batch]]:
        """What an epoch is made of."""
        draw = aligned if self.in_pairs else mixed
        return draw(pools, self.rows, device(self.device), updates)

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, k) unit rows."""
        if modality not in self.mean_:
            raise NotFittedError(f"{self.name} was not fitted on {modality}")
        if x.ndim != 3 or x.shape[2] != len(self.mean_[modality]) or mask.shape != x.shape[:2]:
            raise ShapeError(
                f"{modality} was {len(self.mean_[modality])} wide in fit; x {x.shape} and mask "
                f"{mask.shape} must be (n, t, d) and (n, t)"
            )
        net = self._ready()
        rows = [self._standard(modality, row) for row in unpad(x, mask)]
        if not rows:
            rows, none = [np.zeros((1, x.shape[2]), dtype=np.float32)], True
        else:
            none = False
        parts = []
        for start in range(0, len(rows), CHUNK):
            steps, real = pad(rows[start : start + CHUNK])
            with torch.inference_mode():
                z = net.embed(modality, torch.from_numpy(steps), torch.from_numpy(real))
            parts.append(z.numpy())
        z_all = unit_rows(np.concatenate(parts))
        return z_all[:0] if none else z_all

    def _objects(self, held: list[View]) -> dict[Modality, Int64 | None]:
        """The objects of the rows for methods that learn from pairs.

        Raises:
            TrainingError: no label, or no shared object, where the method needs it.
        """
        if self.learns_from == "labels" and not any((view.label >= 0).any() for view in held):
            raise TrainingError(
                f"{self.name} learns from labels, and no row has one; label some items"
            )
        if not self.in_pairs:
            return {view.modality: None for view in held}
        return dict(shared_objects(held, self.name))

    def _class_vectors(self, views: Views) -> Float32 | None:
        if views.class_vectors is None or not len(views.class_vectors):
            return None
        if len(views.class_vectors) != len(views.classes):
            raise TrainingError(
                f"{self.name} needs a word vector for each of {len(views.classes)} classes, "
                f"not {len(views.class_vectors)}"
            )
        return unit_rows(np.asarray(views.class_vectors, dtype=np.float32))

    def _per_epoch(self, largest: int) -> int:
        return self.updates or max(-(-largest // self.rows), -(-MIN_UPDATES // self.epochs))

    def _plan(self, per_epoch: int) -> Plan:
        total = per_epoch * self.epochs
        share = min(1.0, np.log(max(total, MIN_UPDATES) / MIN_UPDATES) / _FULL)
        rate = self.lr or float(SMALL_LR * (LARGE_LR / SMALL_LR) ** share)
        return Plan(
            epochs=self.epochs, lr=rate, weight_decay=self.weight_decay, decay=True, seed=self.seed
        )

    def _pool(self, view: View, objects: Int64 | None) -> Pool:
        x = [
            self._standard(view.modality, evenly(row, self.steps) if self.fine else row)
            for row in view.x
        ]
        return Pool(x, view.label, objects)

    def _standard(self, modality: Modality, x: Float32) -> Float32:
        """The steps standardised and clipped; their mean alone unless the network is ``fine``."""
        standard = np.clip(
            (x - self.mean_[modality]) / self.scale_[modality], -MAX_SPREAD, MAX_SPREAD
        )
        return np.asarray(standard if self.fine else mean_steps([standard]), dtype=np.float32)

    def _network(self) -> Net:
        vectors = None if self.vectors_ is None else torch.from_numpy(np.asarray(self.vectors_))
        widths = {modality: len(mean) for modality, mean in self.mean_.items()}
        random = torch.Generator().manual_seed(self.seed)
        return self.network(Shape(widths, len(self.classes_), vectors, random))

    def _ready(self) -> Net:
        """The fitted network; made from ``weights_`` after the model was opened from a file."""
        net: Net | None = getattr(self, "_fitted", None)
        if net is None:
            net = self._network()
            net.load_state_dict({k: torch.from_numpy(w.copy()) for k, w in self.weights_.items()})
            self._fitted = net.eval()
        return net
