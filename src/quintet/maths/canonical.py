"""Canonical correlation of several unaligned sets of rows (MAXVAR)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quintet.errors import TrainingError
from quintet.types import Int64, Modality

Float64 = NDArray[np.float64]

RANK = 1e-9
"""Directions with a smaller squared correlation than this hold nothing in common."""


def maxvar(
    x: Mapping[Modality, Float64],
    objects: Mapping[Modality, Int64],
    *,
    k: int,
    ridge: float,
    rank: int,
    weighted: bool = True,
) -> dict[Modality, Float64]:
    """Directions that bring the rows of one object together, in every modality.

    Minimises ``sum_m sum_i w_i |g_o(i) - W_m' x_i|^2 + ridge |W_m|^2`` over the directions W_m
    and one shared vector g_o per object o, with ``G' D G = I``, where D counts the modalities
    that hold each object, and a row weighs 1 / the rows of its object.

    Args:
        x: modality to (n, d) centred rows.
        objects: modality to (n,) object of each row, -1 for none (such rows are left out).
        k: directions, at most.
        ridge: regularisation, as a share of the mean variance of a direction.
        rank: principal components of each modality that are kept, at most.
        weighted: scale directions by their squared correlation; otherwise every direction has
            the same variance, as canonical variates have.

    Returns:
        Modality to (d, k').

    Raises:
        TrainingError: the views share no direction.

    Source:
        Kettenring 1971; Carroll 1968.
    """
    bases, blocks = {}, {}
    for modality, rows in x.items():
        bases[modality], blocks[modality] = _block(rows, objects[modality], ridge, rank)
    shared = _shared(blocks, objects, k)
    inner = {m: block.T @ shared[: len(block)] for m, block in blocks.items()}
    if not weighted:
        inner = {m: w / np.linalg.norm(w, axis=0).clip(min=RANK) for m, w in inner.items()}
    return {m: bases[m] @ w for m, w in inner.items()}


def _block(x: Float64, objects: Int64, ridge: float, rank: int) -> tuple[Float64, Float64]:
    """Whitening base (d, r) of a view, and its objects (o, r) in that base, up to its last."""
    count = int(objects.max()) + 1
    keep = objects >= 0
    x, own = x[keep], objects[keep]
    weight = 1.0 / np.bincount(own, minlength=count)[own]
    values, vectors = _components(np.sqrt(weight)[:, None] * x)
    order = np.argsort(values)[::-1][: min(rank, len(x))]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order]
    base = vectors / np.sqrt(values + ridge * float(values.mean()) + RANK)
    block = np.zeros((count, len(values)))
    np.add.at(block, own, (weight[:, None] * x) @ base)
    return base, block


def _components(x: Float64) -> tuple[Float64, Float64]:
    """Eigenvalues (r,) and eigenvectors (d, r) of ``x'x``; of fewer rows than features, as many."""
    if len(x) >= x.shape[1]:
        return np.linalg.eigh(x.T @ x)
    _, lengths, rows = np.linalg.svd(x, full_matrices=False)
    return np.square(lengths), rows.T


def _shared(
    blocks: Mapping[Modality, Float64], objects: Mapping[Modality, Int64], k: int
) -> Float64:
    """(o, k) vectors of the objects, weighted by their squared correlation, ``G' D G = I``.

    The eigenvectors of the sum of the blocks' outer products come from the small side.
    """
    count = max(len(block) for block in blocks.values())
    holders = np.zeros(count)
    for m in blocks:
        holders[np.unique(objects[m][objects[m] >= 0])] += 1
    held = holders > 0
    root = np.sqrt(holders[held])
    wide = np.hstack([np.pad(b, ((0, count - len(b)), (0, 0)))[held] for b in blocks.values()])
    left, sizes, _ = np.linalg.svd(wide / root[:, None], full_matrices=False)
    values = np.square(sizes[:k])
    keep = values > RANK
    if not keep.any():
        raise TrainingError("the media share no direction; add labelled items")
    shared = np.zeros((count, int(keep.sum())))
    shared[held] = left[:, :k][:, keep] / root[:, None] * values[keep]
    return shared
