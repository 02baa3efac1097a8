"""Late interaction: how well the steps of one sequence are found among those of another."""

from __future__ import annotations

import numpy as np

from quintet.maths.rows import unit_rows
from quintet.types import Float32, Int64


def standard_steps(x: Float32, mean: Float32, scale: Float32) -> Float32:
    """(t, d) unit rows of steps standardised by (d,) mean and scale."""
    return unit_rows(np.asarray((x - mean) / scale, dtype=np.float32))


def best_matches(query: Float32, steps: Float32) -> tuple[Float32, Int64]:
    """(q,) cosine of each query step with the step most like it, and (q,) which that is.

    Args:
        query: (q, d) and steps: (t, d), unit rows, ``t >= 1``.
    """
    cosines = query @ steps.T
    at = cosines.argmax(axis=1)
    return cosines[np.arange(len(query)), at], at.astype(np.int64)
