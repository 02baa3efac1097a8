"""Canonical correlation of many unaligned views: the simplest learned common space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.padding import unpad
from quintet.maths.rows import centre_and_scale, mean_steps, unit_rows
from quintet.types import Bool, Float32, Int64, Modality, View, Views

__all__ = ["CCA"]

Float64 = NDArray[np.float64]

RANK = 1e-9
"""Directions with a smaller squared correlation than this hold nothing in common."""


@dataclass(kw_only=True)
class CCA:
    """MAXVAR generalised canonical correlation over means of local features.

    Minimises ``sum_m sum_i w_i |g_o(i) - W_m' x_i|^2 + ridge |W_m|^2`` over the directions W_m of
    each view and one shared vector g_o per object o, with ``G' D G = I``, where D counts the
    views that hold each object.

    Source:
        Kettenring 1971 (MAXVAR); Carroll 1968. With one row per object and view this is theirs.
    Ours:
        An object is a pair number when two views share one, else a class; several rows of a view
        may belong to one object (each row weighs 1 / their number), and a view may lack objects
        (D). Directions are weighted by their squared correlation, so that chance ones count
        little in the cosine. Rows that belong to no object are left out.

    Attributes:
        k: width of the common space, at most; fewer when the views share fewer directions.
        ridge: regularisation, as a share of the mean variance of a feature.
        rank: principal components of each view that are kept, at most.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, k).
    """

    k: int = 300
    ridge: float = 0.1
    rank: int = 128
    mean_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    scale_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    directions_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)

    def fit(self, views: Views) -> Self:
        """Learn the directions.

        Raises:
            TrainingError: no two views share a pair or a class, or they share no direction.
        """
        objects = _objects([view for view in views.views if len(view.x)])
        held = [view for view in views.views if view.modality in objects]
        self.mean_, self.scale_, self.directions_ = {}, {}, {}
        bases, blocks = [], []
        for view in held:
            self.mean_[view.modality], self.scale_[view.modality] = centre_and_scale(view.x)
            pooled = self._pooled(view.modality, [np.asarray(x) for x in view.x])
            base, block = self._block(pooled.astype(np.float64), objects[view.modality])
            bases.append(base)
            blocks.append(block)
        shared = _shared(blocks, [objects[view.modality] for view in held], self.k)
        for view, base, block in zip(held, bases, blocks, strict=True):
            own = shared[: len(block)]
            self.directions_[view.modality] = (base @ (block.T @ own)).astype(np.float32)
        return self

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, k) unit rows."""
        if modality not in self.directions_:
            raise NotFittedError(f"cca was not fitted on {modality}")
        rows = unpad(x, mask)
        if x.shape[2] != len(self.mean_[modality]):
            raise ShapeError(
                f"{modality} was {len(self.mean_[modality])} wide in fit, now {x.shape[2]}"
            )
        directions = self.directions_[modality]
        if not rows:
            return np.zeros((0, directions.shape[1]), dtype=np.float32)
        pooled = self._pooled(modality, rows)
        # einsum sums each row alone: its result does not depend on how many rows there are
        return unit_rows(np.einsum("nd,dk->nk", pooled, directions))

    def _pooled(self, modality: Modality, rows: list[Float32]) -> Float32:
        return (mean_steps(rows) - self.mean_[modality]) / self.scale_[modality]

    def _block(self, x: Float64, objects: Int64) -> tuple[Float64, Float64]:
        """Whitening base (d, r) of a view, and its objects (o, r) in that base, up to its last."""
        count = int(objects.max()) + 1
        keep = objects >= 0
        x, own = x[keep], objects[keep]
        weight = 1.0 / np.bincount(own, minlength=count)[own]
        _, sizes, right = np.linalg.svd(np.sqrt(weight)[:, None] * x, full_matrices=False)
        sizes, right = sizes[: self.rank], right[: self.rank]
        ridge = self.ridge * float(np.square(sizes).mean()) + RANK
        base = right.T / np.sqrt(np.square(sizes) + ridge)
        block = np.zeros((count, len(sizes)))
        np.add.at(block, own, (weight[:, None] * x) @ base)
        return base, block


def _objects(held: list[View]) -> dict[Modality, Int64]:
    """Per modality (n,) the object of each row, -1 for none: a shared pair, else a class.

    Raises:
        TrainingError: no object is in two views.
    """
    pairs = [set(view.pair[view.pair >= 0].tolist()) for view in held]
    shared = sorted({p for i, own in enumerate(pairs) for other in pairs[:i] for p in own & other})
    number = {pair: n for n, pair in enumerate(shared)}
    found = {
        view.modality: np.array(
            [
                number.get(int(pair), len(shared) + int(label) if label >= 0 else -1)
                for pair, label in zip(view.pair, view.label, strict=True)
            ],
            dtype=np.int64,
        )
        for view in held
    }
    objects = [set(own[own >= 0].tolist()) for own in found.values()]
    if not any(own & other for i, own in enumerate(objects) for other in objects[:i]):
        raise TrainingError("cca needs two media that share a pair or a class; label some items")
    return {modality: own for modality, own in found.items() if (own >= 0).any()}


def _shared(blocks: list[Float64], objects: list[Int64], k: int) -> Float64:
    """(o, k) vectors of the objects, weighted by their squared correlation, ``G' D G = I``.

    Raises:
        TrainingError: the views share no direction.
    """
    count = max(len(block) for block in blocks)
    common = np.zeros((count, count))
    holders = np.zeros(count)
    for block, own in zip(blocks, objects, strict=True):
        common[: len(block), : len(block)] += block @ block.T
        holders[np.unique(own[own >= 0])] += 1
    held = holders > 0
    root = np.sqrt(holders[held])
    values, vectors = np.linalg.eigh(common[np.ix_(held, held)] / np.outer(root, root))
    order = np.argsort(values)[::-1][:k]
    order = order[values[order] > RANK]
    if not len(order):
        raise TrainingError("the media share no direction; add labelled items")
    shared = np.zeros((count, len(order)))
    shared[held] = vectors[:, order] / root[:, None] * values[order]
    return shared
