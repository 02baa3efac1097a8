"""Ragged sequences to one array with a mask, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quintet.errors import ShapeError
from quintet.types import Bool, Float32


def pad(x: Sequence[Float32], steps: int | None = None) -> tuple[Float32, Bool]:
    """Sequences of unequal length as one zero-padded array and its mask.

    Args:
        x: n arrays (t_i, d); all of one d. A sequence may be empty: its mask is all False.
        steps: at most this many steps of each sequence are kept, evenly spaced, >= 1.

    Returns:
        (n, t, d) float32 and (n, t) bool, True where a step is real; t is the longest, at least 1.

    Raises:
        ShapeError: no sequence, one that is not (t, d), or unequal d.

    >>> x, mask = pad([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)])
    >>> x.shape, mask.tolist()
    ((2, 2, 3), [[True, True], [True, False]])
    """
    width = width_of(x)
    kept = [row if steps is None else evenly(row, steps) for row in x]
    longest = max(1, *(len(row) for row in kept))
    out = np.zeros((len(kept), longest, width), dtype=np.float32)
    mask = np.zeros((len(kept), longest), dtype=np.bool_)
    for i, row in enumerate(kept):
        out[i, : len(row)] = row
        mask[i, : len(row)] = True
    return out, mask


def unpad(x: Float32, mask: Bool) -> list[Float32]:
    """The real steps of each row: n arrays (t_i, d).

    Raises:
        ShapeError: x is not (n, t, d), mask is not (n, t), or a row has no real step.
    """
    if x.ndim != 3 or mask.shape != x.shape[:2]:
        raise ShapeError(f"x {x.shape} and mask {mask.shape} must be (n, t, d) and (n, t)")
    rows = [row[keep] for row, keep in zip(x, mask.astype(np.bool_), strict=True)]
    empty = [i for i, row in enumerate(rows) if not len(row)]
    if empty:
        raise ShapeError(f"row {empty[0]} has no real step; leave such rows out")
    return rows


def evenly(x: Float32, steps: int) -> Float32:
    """At most ``steps`` rows of x (t, d), evenly spaced, first and last among them.

    >>> evenly(np.arange(5, dtype=np.float32)[:, None], 3).ravel().tolist()
    [0.0, 2.0, 4.0]
    """
    if steps < 1:
        raise ShapeError(f"steps is {steps}; at least 1 is needed")
    if len(x) <= steps:
        return x
    return x[np.linspace(0, len(x) - 1, steps).round().astype(np.int64)]


def width_of(x: Sequence[Float32]) -> int:
    """The one d of sequences (t_i, d).

    Raises:
        ShapeError: no sequence, one that is not (t, d), or unequal d.
    """
    if not x:
        raise ShapeError("no sequence given; at least one is needed")
    shapes = {row.shape[1:] for row in x}
    if len(shapes) != 1 or x[0].ndim != 2:
        raise ShapeError(f"sequences must all be (t, d) with one d, not (t, *): {sorted(shapes)}")
    return int(x[0].shape[1])
