"""One vector for a whole row of local features, in several ways that keep different things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from quintet.types import Float32

WHOLE_WIDTH = 20_000
"""Rows are laid side by side up to so many numbers."""

FEW = 5
"""A step is an atom when at least so many rows hold it."""

ATOMS = 4_000
"""Atoms of one modality, at most: the most frequent ones."""

REPEATED = 0.5
"""A modality has atoms when at least this share of its steps is such a step."""


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
