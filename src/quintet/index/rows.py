"""What every index asks of its rows: whole registers, one width, finite numbers, new keys."""

from __future__ import annotations

import numpy as np

from quintet.errors import ShapeError, UsageError
from quintet.types import Bool, Float32, Int64

PAD = 8
"""Rows are padded with zeros to a multiple of this many values: whole vector registers."""


def width(k: int) -> int:
    """``k`` values padded to whole registers.

    >>> width(300)
    304
    """
    return -(-k // PAD) * PAD


def padded(z: Float32) -> Float32:
    """(n, k) rows with zeros behind them up to ``width(k)``; the same ones if there are none."""
    n, k = z.shape
    if k == width(k) and z.flags.c_contiguous and z.dtype == np.float32:
        return z
    out = np.zeros((n, width(k)), dtype=np.float32)
    out[:, :k] = z
    return out


def check_width(what: str, z: Float32, wide: int | None) -> None:
    """Raise ShapeError unless rows are as wide as those of the index, None while it has none."""
    if wide is not None and width(z.shape[-1]) != wide:
        raise ShapeError(f"{what} {z.shape[-1]} wide, those in the index {wide} (padded)")


def check_new(keys: Int64, z: Float32, known: Int64, wide: int | None) -> None:
    """Raise what ``Index.add`` promises to raise.

    Raises:
        ShapeError: another width than ``wide``, or not one key for each row.
        UsageError: NaN or infinity, or a key that is already there.
    """
    if z.ndim != 2 or len(z) != len(keys):
        raise ShapeError(f"{len(keys)} keys need ({len(keys)}, k) rows, not {z.shape}")
    check_width("rows are", z, wide)
    if not np.isfinite(z).all():
        raise UsageError("a vector holds NaN or infinity; it is not added")
    if len(np.unique(keys)) < len(keys) or np.isin(keys, known).any():
        raise UsageError("a key is already in the index; remove it first")


def check_queries(z: Float32, allowed: Bool | None, n: int, wide: int | None) -> None:
    """Raise what ``search_many`` promises to raise.

    Raises:
        ShapeError: queries of another width, or a mask of another length than ``n``.
        UsageError: NaN or infinity in a query.
    """
    if z.ndim != 2:
        raise ShapeError(f"queries are (b, k), not {z.shape}")
    check_width("the query is", z, wide)
    if np.count_nonzero(np.isfinite(z)) < z.size:
        raise UsageError("the query holds NaN or infinity")
    if allowed is not None and len(allowed) != n:
        raise ShapeError(f"the mask has {len(allowed)} entries for {n} rows")


def check_one(z: Float32) -> None:
    """Raise ShapeError unless it is one query."""
    if z.ndim != 1:
        raise ShapeError(f"a query is one (k,) vector, not {z.shape}; see search_many")
