"""Graphs over rows: nearest neighbours, their Laplacian, and the Laplacian of a hypergraph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from quintet.types import Int64

Float64 = NDArray[np.float64]

CHUNK = 1024
"""Rows whose distances to all others are held at a time."""


def nearest(x: Float64, k: int) -> Int64:
    """(n, k') the k' = min(k, n - 1) other rows nearest to each row of x (n, d), in no order.

    >>> nearest(np.array([[0.0], [1.0], [5.0]]), 1).ravel().tolist()
    [1, 0, 1]
    """
    n, k = len(x), min(k, len(x) - 1)
    if k < 1:
        return np.zeros((n, 0), dtype=np.int64)
    size = np.einsum("nd,nd->n", x, x)
    found = []
    for start in range(0, n, CHUNK):
        rows = np.arange(start, min(start + CHUNK, n))
        far = size[None, :] - 2 * x[rows] @ x.T  # squared distance without what a row shares
        far[np.arange(len(rows)), rows] = np.inf
        found.append(np.argpartition(far, k - 1, axis=1)[:, :k])
    return np.concatenate(found).astype(np.int64)


def laplacian(neighbours: Int64) -> csr_array:
    """Normalised Laplacian ``I - D^-1/2 W D^-1/2``; W is 1 where one row is near the other.

    Args:
        neighbours: (n, k), see ``nearest``.

    Returns:
        (n, n) sparse, positive semi-definite; a row without neighbours is 0.

    Source:
        Chung 1997, chapter 1.
    """
    n, k = neighbours.shape
    own = np.repeat(np.arange(n), k)
    one_way = csr_array((np.ones(n * k), (own, neighbours.ravel())), shape=(n, n))
    near = one_way.maximum(one_way.T)
    degree = np.asarray(near.sum(axis=1))
    root = np.where(degree > 0, 1 / np.sqrt(np.maximum(degree, 1)), 0.0)
    scaled = diags_array(root) @ near @ diags_array(root)
    return csr_array(diags_array((degree > 0).astype(np.float64)) - scaled)


def hyperedges(neighbours: Int64) -> csr_array:
    """S (n, n) sparse, an edge a row, with ``I - S' S`` the Laplacian of a hypergraph.

    Each row and its neighbours are one hyperedge of weight 1. With the incidence H (vertices by
    edges) and the degrees D_v and D_e, the Laplacian ``I - D_v^-1/2 H D_e^-1 H' D_v^-1/2`` would
    be nearly dense, its factor ``S = D_e^-1/2 H' D_v^-1/2`` is not.

    Args:
        neighbours: (n, k), see ``nearest``.

    Source:
        Zhou, Huang & Schölkopf 2006, section 3.
    """
    n, k = neighbours.shape
    members = np.hstack([np.arange(n)[:, None], neighbours])
    edge = np.repeat(np.arange(n), k + 1)
    degree = np.bincount(members.ravel(), minlength=n)
    value = 1 / np.sqrt((k + 1.0) * degree[members.ravel()])
    return csr_array((value, (edge, members.ravel())), shape=(n, n))
