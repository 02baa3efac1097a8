"""Whether a mean average precision is more than luck."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quintet.evaluate.retrieval import Table, tables
from quintet.types import Float32, Int64, Modality

DRAWS = 19
"""Shuffles; luck is ahead of all of them once in twenty."""

ROWS = 100
"""Rows of a medium that are looked at, at most."""

CLEAR = 2.0
"""So many times the MAP of a random order needs no shuffles, with MANY rows in all."""

MANY = 200


def beats_chance(
    z: Mapping[Modality, Float32], label: Mapping[Modality, Int64], quality: Table
) -> bool:
    """Whether labels are found better than with every one of DRAWS shuffles of them.

    The embeddings stay as they are, so a space that heaps its rows up has no better chances.

    Args:
        z, label: (n, k) unit rows and (n,) class numbers of each modality.
        quality: the tables of all of them.
    """
    if not quality.mean > quality.random_mean:
        return False
    if sum(map(len, z.values())) >= MANY and quality.mean > CLEAR * quality.random_mean:
        return True
    chance = np.random.default_rng(0)
    some = {m: chance.permutation(len(z[m]))[:ROWS] for m in z}
    rows = {m: z[m][some[m]] for m in z}
    truth = {m: label[m][some[m]] for m in z}
    found = tables(rows, truth).mean
    shuffled = (
        tables(rows, {m: chance.permutation(y) for m, y in truth.items()}).mean
        for _ in range(DRAWS)
    )
    return not any(found <= lucky for lucky in shuffled)
