"""The 2,1-norm, which empties whole rows, and the weights that minimise it step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

EMPTY = 1e-6
"""Rows shorter than this count as this long, so that an empty row has a finite weight."""


def norm21(p: Float64) -> float:
    """Sum of the lengths of the rows of p (d, k).

    >>> norm21(np.array([[3.0, 4.0], [0.0, 0.0]]))
    5.0
    """
    return float(np.linalg.norm(p, axis=1).sum())


def row_weights(p: Float64) -> Float64:
    """(d,) ``w_i = 1 / (2 |p_i|)``: ``sum_i w_i |p_i|^2`` has the gradient of the 2,1-norm at p.

    Minimising a loss plus ``sum_i w_i |q_i|^2`` over q, and again with the weights of q, never
    raises the loss plus the 2,1-norm.

    Source:
        Nie, Huang, Cai & Ding 2010, algorithm 1.

    >>> row_weights(np.array([[3.0, 4.0]])).tolist()
    [0.1]
    """
    return np.asarray(0.5 / np.maximum(np.linalg.norm(p, axis=1), EMPTY))


def solve_rows(left: Float64, right: Float64, weights: Float64) -> Float64:
    """(d, k) the p with the lowest ``tr(p' left p) - 2 tr(p' right) + sum_i weights_i |p_i|^2``.

    Args:
        left: (d, d) symmetric, positive semi-definite.
        right: (d, k).
        weights: (d,) positive.

    >>> solve_rows(np.eye(2), np.array([[2.0], [4.0]]), np.array([1.0, 3.0])).ravel().tolist()
    [1.0, 1.0]
    """
    return np.asarray(np.linalg.solve(left + np.diag(weights), right), dtype=np.float64)
