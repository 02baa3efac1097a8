"""The best of some candidate rows by their full vectors: what compressed codes found, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from quintet.types import Bool, Float32, Int64

Best = tuple[Int64, Float32, Bool]
"""(b, count) row numbers, best first, -1 behind the last; their cosines; and (b,) whether the
worst candidate is as good as the last that counts, so that rows outside may be, too."""

Near = tuple[Int64, Float32]
"""(b, c) row numbers, -1 behind the last, and their cosines by codes, best first."""

PATIENCE = 200
"""So many queries are answered by array operations before the loop is compiled (a second): a
process that asks once shall not wait for it."""


def best(
    rows: Float32,
    queries: Float32,
    near: Near,
    count: int,
    *,
    blur: float = np.inf,
    compiled: bool = True,
) -> Best:
    """The ``count`` best candidates of each query by exact cosines, ties to the smaller row.

    Args:
        rows: (n, k) float32, all of them.
        queries: (b, k) float32.
        near: (b, c) candidates, no row twice.
        blur: by how much the candidates' cosines can be off for queries of length 1; those that
            are out of reach are not compared.
        compiled: in a loop of machine code.
    """
    if compiled:
        return _loop()(rows, queries, near[0], near[1], count, np.float32(blur))
    candidates = near[0]
    taken = rows[candidates.ravel()].reshape(*candidates.shape, -1)
    wide = queries.astype(np.float64)[:, None, :]
    scores = (taken * wide).sum(axis=2).astype(np.float32)
    scores[candidates < 0] = -np.inf
    order = np.lexsort((candidates, -scores))[:, :count]
    found = np.full((len(queries), count), -1, dtype=np.int64)
    cosines = np.full(found.shape, -np.inf, dtype=np.float32)
    found[:, : order.shape[1]] = np.take_along_axis(candidates, order, axis=1)
    cosines[:, : order.shape[1]] = np.take_along_axis(scores, order, axis=1)
    worst: Float32 = scores.min(axis=1, initial=np.inf)
    return found, cosines, (found[:, -1] >= 0) & (worst >= cosines[:, -1])


@cache
def _loop() -> Callable[[Float32, Float32, Int64, Float32, int, np.float32], Best]:
    """The same in machine code, without copies of the rows."""
    import numba

    @numba.njit(fastmath={"reassoc", "contract"}, nogil=True)
    def product(row: Float32, query: Float32) -> np.float64:
        total = np.float64(0)
        for j in range(len(query)):
            total += np.float64(row[j]) * np.float64(query[j])
        return total

    @numba.njit(nogil=True)
    def put(cosines: Float32, found: Int64, filled: int, score: np.float32, row: int) -> None:
        at = filled
        while at > 0 and (
            cosines[at - 1] < score or (cosines[at - 1] == score and found[at - 1] > row)
        ):
            if at < len(found):
                cosines[at], found[at] = cosines[at - 1], found[at - 1]
            at -= 1
        if at < len(found):
            cosines[at], found[at] = score, row

    def loop(
        rows: Float32,
        queries: Float32,
        candidates: Int64,
        about: Float32,
        count: int,
        blur: np.float32,
    ) -> Best:
        found = np.full((len(queries), count), -1, np.int64)
        cosines = np.full((len(queries), count), -np.inf, np.float32)
        tied = np.zeros(len(queries), np.bool_)
        for i in range(len(queries)):
            off = blur * np.float32(np.sqrt(product(queries[i], queries[i])))
            filled = 0
            worst = np.float32(np.inf)
            for j in range(candidates.shape[1]):
                row = candidates[i, j]
                if row < 0 or (filled == count and about[i, j] < cosines[i, count - 1] - off):
                    worst = np.float32(-np.inf)
                    break
                score = np.float32(product(rows[row], queries[i]))
                worst = min(worst, score)
                put(cosines[i], found[i], filled, score, row)
                filled = min(filled + 1, count)
            tied[i] = filled == count and worst >= cosines[i, count - 1]
        return found, cosines, tied

    made: Callable[[Float32, Float32, Int64, Float32, int, np.float32], Best]
    made = numba.njit(nogil=True)(loop)
    return made
