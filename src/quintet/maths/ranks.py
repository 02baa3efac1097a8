"""Average precision from sorted scores, exactly: equal scores are one threshold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Float64 = NDArray[np.float64]


def precisions(scores: Floats, relevant: Floats, *, compiled: bool = False) -> Float64:
    """Average precision of every row; NaN where nothing is relevant.

    Args:
        scores: (b, n) float, every row ascending; -inf marks what is left out, all else is finite.
        relevant: (b, r) float, the scores of the relevant items alone, every row ascending.
        compiled: in machine code and without holding the interpreter's lock. Worth it from about
            10^8 scores on: the compiler takes half a second to load, once a process.

    Returns:
        (b,) float64. The mean over the relevant items of (relevant items with at least its score)
        / (items with at least its score).

    >>> precisions(np.array([[0.1, 0.5, 0.9]]), np.array([[0.1, 0.9]])).round(3)
    array([0.833])
    """
    found = np.empty(len(scores))
    if compiled:
        _machine_code()(scores, relevant, found)
    else:
        for row in range(len(scores)):
            found[row] = _precision(scores[row], relevant[row])
    return found


def _precision(scores: Floats, relevant: Floats) -> float:
    relevant = relevant[relevant.searchsorted(-np.inf, side="right") :]
    if not len(relevant):
        return float("nan")
    ahead = len(scores) - scores.searchsorted(relevant)
    relevant_ahead = len(relevant) - relevant.searchsorted(relevant)
    return float((relevant_ahead / ahead).mean())


def merge(scores: Floats, relevant: Floats, found: Float64) -> None:
    """The same as ``_precision`` on every row, by walking down both orders at once."""
    n, r = scores.shape[1], relevant.shape[1]
    for row in range(len(scores)):
        total, first, above = 0.0, n, r
        while above > 0 and relevant[row, above - 1] > -np.inf:
            threshold, group_end = relevant[row, above - 1], above
            while above > 0 and relevant[row, above - 1] == threshold:
                above -= 1
            while first > 0 and scores[row, first - 1] >= threshold:
                first -= 1
            total += (group_end - above) * ((r - above) / (n - first))
        found[row] = total / (r - above) if r > above else np.nan


@cache
def _machine_code() -> Callable[[Floats, Floats, Float64], None]:
    import numba  # late: loading it costs more than a small library's whole evaluation

    try:
        ready: Callable[..., None] = numba.njit(nogil=True, cache=True)(merge)
    except RuntimeError:  # numba finds no folder for its cache
        ready = numba.njit(nogil=True)(merge)
    return ready
