"""Class votes of the nearest labelled rows, as a vector that cosines compare."""

from __future__ import annotations

import numpy as np

from quintet.types import Float32, Int64

CHUNK = 512
"""Rows whose distances to all voters are held at a time."""


def class_votes(z: Float32, voters: Float32, label: Int64, classes: int, count: int) -> Float32:
    """(n, c) share of each class among the ``count`` voters nearest to each row.

    A voter at distance r weighs ``1 / (1 + exp(r))``. The inner product of two rows is then the
    probability that two voters, drawn by weight from near each, are of one class.

    Args:
        z: (n, k) rows, each voted on by itself.
        voters: (v, k) rows, ``v >= 1``.
        label: (v,) class numbers, none -1.
        classes: c.
        count: nearest voters that are heard; all if there are fewer.

    Source:
        Zhai, Peng & Xiao 2014, who compare rows so in their joint space.
    """
    count = min(count, len(voters))
    one_hot = np.eye(classes)[label]
    votes = np.zeros((len(z), classes), dtype=np.float32)
    for start in range(0, len(z), CHUNK):
        rows = z[start : start + CHUNK].astype(np.float64)
        # einsum sums each row alone: its result does not depend on how many rows there are
        inner = np.einsum("nk,vk->nv", rows, voters.astype(np.float64))
        size = np.square(rows).sum(axis=1)[:, None] + np.square(voters, dtype=np.float64).sum(
            axis=1
        )
        far = np.sqrt(np.maximum(size - 2 * inner, 0.0))
        near = np.argpartition(far, count - 1, axis=1)[:, :count]
        weight = 1 / (1 + np.exp(np.take_along_axis(far, near, axis=1)))
        weight /= weight.sum(axis=1, keepdims=True)
        votes[start : start + CHUNK] = np.einsum("nv,nvc->nc", weight, one_hot[near])
    return votes
