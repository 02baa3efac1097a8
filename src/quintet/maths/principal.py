"""Principal directions of many rows, by a randomised decomposition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def directions(x: Float64, count: int, seed: int) -> Float64:
    """The (d, count) directions in which rows (n, d) differ most; one of zeros for none."""
    if count < 1:
        return np.zeros((x.shape[1], 1))
    from sklearn.decomposition import PCA  # takes a second, and only fitting needs it

    found = PCA(count, svd_solver="randomized", random_state=seed).fit(x)
    return np.asarray(found.components_.T)
