"""What methods over one vector a row share: pooling, standardising, checks and ``transform``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.padding import unpad
from quintet.maths.rows import centre_and_scale, mean_steps, unit_rows
from quintet.nets.finite import sound
from quintet.types import Bool, Float32, Int64, Modality, View, Views

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """What a closed-form method learns from.

    Attributes:
        x: modality to (n, d) float64, standardised means over the local steps.
        label: modality to (n,) class numbers, -1 where unknown.
        views: the views as they came, for pairs and local steps.
        classes: how many classes there are.
        class_vectors: (c, k) float32 word vectors of the class names, None without.
    """

    x: Mapping[Modality, Float64]
    label: Mapping[Modality, Int64]
    views: Sequence[View]
    classes: int
    class_vectors: Float32 | None

    def without(self, left_out: set[Modality]) -> Pooled:
        """The same without some modalities."""
        return Pooled(
            {m: x for m, x in self.x.items() if m not in left_out},
            {m: y for m, y in self.label.items() if m not in left_out},
            [v for v in self.views if v.modality not in left_out],
            self.classes,
            self.class_vectors,
        )

    def one_hot(self, modality: Modality) -> Float64:
        """(n, c) 1 at the class of a row; rows without label are all 0."""
        return np.asarray(np.eye(self.classes + 1)[self.label[modality]][:, : self.classes])


@dataclass(kw_only=True)
class PooledMethod(ABC):
    """A correlator over one vector a row: a method brings ``learn``; ``project`` unless linear.

    A row's vector is the mean of its local features, standardised over all steps of its modality.
    ``learn`` puts (d, k) matrices into ``directions_`` or overrides ``project``; a modality that
    is not in ``directions_`` afterwards counts as not fitted. It may ``tell`` how far it is.
    """

    search: ClassVar[Mapping[str, Sequence[object]]] = {}
    """Hyper-parameter to the values that the benchmarks choose from, on validation data."""

    learns_from: ClassVar[str] = "labels"
    """``labels``, ``pairs`` or ``either``: what fit cannot do without."""

    mean_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    scale_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    directions_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    on_epoch: Callable[[int, int], None] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """The method's name in the catalogue: its file's."""
        return type(self).__module__.rsplit(".", 1)[-1]

    def check(self) -> None:  # noqa: B027 - most methods take whatever is within the bounds
        """Refuse what no fit could work with, before anything is read.

        Raises:
            UsageError: hyper-parameters that the method cannot work with.
        """

    def fit(self, views: Views) -> Self:
        """Learn the common space.

        Raises:
            TrainingError: the views do not hold what this method needs, or a matrix has no
                solution.
            UsageError: hyper-parameters that ``check`` refuses.
        """
        self.check()
        held = [view for view in views.views if len(view.x)]
        if self.learns_from == "labels" and not any((v.label >= 0).any() for v in held):
            raise TrainingError(
                f"{self.name} learns from labels, and no row has one; label some items"
            )
        self.mean_, self.scale_, self.directions_ = {}, {}, {}
        for view in held:
            self.mean_[view.modality], self.scale_[view.modality] = centre_and_scale(view.x)
        x = {v.modality: self._pool(v.modality, list(v.x)).astype(np.float64) for v in held}
        label = {v.modality: v.label for v in held}
        with sound(self, self.name):
            self.learn(Pooled(x, label, held, len(views.classes), views.class_vectors))
        return self

    def tell(self, share: float) -> None:
        """How much of ``learn`` is done, 0..1, for whoever watches: as epochs of a hundred."""
        if self.on_epoch is not None:
            self.on_epoch(round(100 * share), 100)

    @abstractmethod
    def learn(self, data: Pooled) -> None:
        """Set ``directions_`` (and whatever else ends in ``_``)."""

    def project(self, modality: Modality, x: Float32) -> Float32:
        """(n, k) of standardised rows (n, d), not yet of unit length; each row by itself."""
        # einsum sums each row alone: its result does not depend on how many rows there are
        return np.asarray(np.einsum("nd,dk->nk", x, self.directions_[modality]))

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, k) unit rows."""
        if modality not in self.directions_:
            raise NotFittedError(f"{self.name} was not fitted on {modality}")
        rows = unpad(x, mask)
        if x.shape[2] != len(self.mean_[modality]):
            raise ShapeError(
                f"{modality} was {len(self.mean_[modality])} wide in fit, now {x.shape[2]}"
            )
        if not rows:
            return self.embed(modality, [np.zeros((1, x.shape[2]), dtype=np.float32)])[:0]
        return unit_rows(self.embed(modality, rows))

    def embed(self, modality: Modality, rows: list[Float32]) -> Float32:
        """(n, k) of n rows of local features (t_i, d) as they came, not yet of unit length."""
        return self.project(modality, self._pool(modality, rows))

    def _pool(self, modality: Modality, rows: list[Float32]) -> Float32:
        return (mean_steps(rows) - self.mean_[modality]) / self.scale_[modality]
