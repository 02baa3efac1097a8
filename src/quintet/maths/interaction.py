"""Late interaction: how well the steps of one sequence are found among those of another."""

from __future__ import annotations

import numpy as np

from quintet.maths.rows import SMALL, unit_rows
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


def in_step(x: Float32, y: Float32, steps: int) -> float:
    """Cosine of two sequences laid over each other from end to end, each without its own mean.

    What changes every step alike, such as another loudness or fewer high tones, changes nothing.

    Args:
        x: (t, d) and y: (u, d), ``t, u >= 1``; steps: places at which they are compared.

    >>> x = np.array([[0.0], [1.0], [0.0], [2.0]], dtype=np.float32)
    >>> round(in_step(x, x + 5, 4), 3), round(in_step(x, -x, 4), 3), in_step(x, 0 * x, 4)
    (1.0, -1.0, 0.0)
    """
    one, other = _laid_out(x, steps), _laid_out(y, steps)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.vdot(one, other)) / length if length > SMALL else 0.0


def _laid_out(x: Float32, steps: int) -> Float32:
    places = ((np.arange(steps) + 0.5) / steps * len(x)).astype(np.int64)
    laid: Float32 = x[places]
    return np.asarray(laid - laid.mean(axis=0), dtype=np.float32)
