"""One vector for a whole row of local features, in several ways that keep different things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quintet.maths.rows import centre_and_scale
from quintet.types import Float32

WHOLE_WIDTH = 20_000
"""Rows are laid side by side up to so many numbers."""

FEW = 5
"""A step is an atom when at least so many rows hold it."""

ATOMS = 4_000
"""Atoms of one modality, at most: the most frequent ones."""

REPEATED = 0.5
"""A modality has atoms when at least this share of its steps is such a step."""


KINDS = 256
"""Kinds of local steps of one modality, at most …"""

FEWEST_KINDS = 16
"""… and at least; of fewer steps there are none."""

SHARPNESS = 4.0
"""How much more than the nearest kind, in shares of the usual squared distance to it, another may
be away before a step is of it by less than an e-th part: one in so many."""


def statistics(rows: Sequence[Float32]) -> Float32:
    """(n, 3 d) mean, standard deviation and maximum over the steps of rows (t_i, d).

    >>> statistics([np.array([[0.0, 2.0], [2.0, 2.0]], np.float32)]).tolist()
    [[1.0, 2.0, 1.0, 0.0, 2.0, 2.0]]
    """
    return np.stack([np.concatenate([x.mean(0), x.std(0), x.max(0)]) for x in rows])


def layout(rows: Sequence[Float32]) -> int:
    """Steps of every row when they are all equal in number, so that places can be compared; else 0.

    >>> layout([np.zeros((4, 3)), np.zeros((4, 3))]), layout([np.zeros((4, 3)), np.zeros((2, 3))])
    (4, 0)
    """
    counts = {len(x) for x in rows}
    steps = counts.pop()
    return steps if not counts and steps > 1 and steps * rows[0].shape[1] <= WHOLE_WIDTH else 0


def find_atoms(rows: Sequence[Float32]) -> Float32:
    """(a, d) steps that come again and again, bit by bit, as words do; none where few do.

    Returns:
        The ATOMS most frequent steps that at least FEW rows hold; (0, d) when these are less than
        REPEATED of all steps.
    """
    count = Counter(key for x in rows for key in {step.tobytes() for step in x})
    kept = [key for key, n in count.most_common(ATOMS) if n >= FEW]
    known = set(kept)
    steps = [step.tobytes() in known for x in rows for step in x]
    if not kept or np.mean(steps) < REPEATED:
        return np.zeros((0, rows[0].shape[1]), dtype=np.float32)
    return np.stack([np.frombuffer(key, dtype=np.float32) for key in kept])


def count_atoms(rows: Sequence[Float32], atoms: Float32) -> Float32:
    """(n, a) how often a row holds each atom.

    >>> atoms = np.eye(2, dtype=np.float32)
    >>> count_atoms([atoms[[0, 0, 1]]], atoms).tolist()
    [[2.0, 1.0]]
    """
    number = {np.ascontiguousarray(atom).tobytes(): a for a, atom in enumerate(atoms)}
    counts = np.zeros((len(rows), len(atoms)), dtype=np.float32)
    for row, x in zip(counts, rows, strict=True):
        for step in x:
            found = number.get(step.tobytes())
            if found is not None:
                row[found] += 1
    return counts


@dataclass(frozen=True)
class Codebook:
    """Kinds of local steps: centres of clusters of standardised steps.

    Attributes:
        mean, scale: (d,) of the steps; centres: (l, d) after standardising.
        width: a step is an e-th part of a kind for every such squared distance beyond the nearest.
    """

    mean: Float32
    scale: Float32
    centres: Float32
    width: float


def find_kinds(rows: Sequence[Float32], seed: int) -> Codebook | None:
    """The kinds of steps of these rows; None when rows have one step or there are few steps."""
    steps = np.concatenate(rows)
    if max(len(x) for x in rows) < 2 or len(steps) < 4 * FEWEST_KINDS:
        return None
    from sklearn.cluster import MiniBatchKMeans  # takes a second, and only fitting needs it

    mean, scale = centre_and_scale(rows)
    standard = (steps - mean) / scale
    count = min(KINDS, len(steps) // 4)
    found = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=2048).fit(standard)
    centres = found.cluster_centers_.astype(np.float32)
    nearest = _squared(standard[:: max(1, len(standard) // 4000)], centres).min(axis=1)
    return Codebook(mean, scale, centres, max(float(np.median(nearest)), 1e-6) / SHARPNESS)


def count_kinds(rows: Sequence[Float32], book: Codebook) -> Float32:
    """(n, 2 l) how much of a row is of each kind, its root, and how surely any step is.

    A step is of the kinds by a softmax of squared distances. What few steps show is not drowned by
    the others, as it is in their mean.
    """
    counted = np.empty((len(rows), 2 * len(book.centres)), dtype=np.float32)
    for row, x in zip(counted, rows, strict=True):
        squared = _squared((x - book.mean) / book.scale, book.centres)
        share = np.exp((squared.min(axis=1, keepdims=True) - squared) / book.width)
        share /= share.sum(axis=1, keepdims=True)
        row[:] = np.concatenate([np.sqrt(share.mean(axis=0)), share.max(axis=0)])
    return counted


def _squared(x: Float32, centres: Float32) -> Float32:
    """(t, l) squared distances."""
    squared = np.square(x).sum(1)[:, None] - 2 * x @ centres.T + np.square(centres).sum(1)[None]
    return np.asarray(np.maximum(squared, 0))
