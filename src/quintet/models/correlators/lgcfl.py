"""Regression of unpaired media onto their classes that switches whole feature blocks on or off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from quintet.maths.row_sparsity import EMPTY, solve_rows
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Modality

__all__ = ["LGCFL"]

Float64 = NDArray[np.float64]


@dataclass(kw_only=True)
class LGCFL(PooledMethod):
    """Local group based consistent feature learning: joint bases, sparse by blocks of features.

    Minimises over the basis matrices U_m (d, c) of all media
    ``sum_m mean_i |U_m' x_i - y_i|^2 + sparse sum_m sum_g sqrt(|g| / d) |U_m,g|_F
    + match sum_m<l mean_c |U_m' a_mc - U_l' a_lc|^2``: y is one-hot, a_mc is the mean row of
    class c in medium m, and U_m,g are the rows of U_m that belong to group g, a block of
    neighbouring features (a cell of gradients, a band of frequencies): features of a block are
    used or dropped together. Classes alone join the media, so that no row needs a partner. Each
    medium is solved in turn with the others fixed, its group norm by reweighting.

    Source:
        Kang, Xiang, Liao, Xu & Pan 2015, "Learning consistent feature representation for
        cross-modal multimedia retrieval", IEEE Transactions on Multimedia 17(3):370-381: bases
        learnt jointly from classes without pairs, in the form used here
        ``min_U sum_m |X_m U_m - Y_m|_F^2``, and the prior for block based features,
        ``sum_g |U_m,g|_F``.
    Ours:
        Written from the paper's description, not its equations: the form and the weights of the
        term that joins the media, means instead of sums, and the reweighting are ours. Blocks are
        ``block`` neighbouring features whatever the encoder, while the paper knows the cells of its
        descriptors; with ``block=1`` the norm is the 2,1-norm. Made for two media; any number here,
        all pairs of them joined. A medium without a label is not fitted.

    Attributes:
        sparse: weight of the group norm; more leaves fewer blocks in use.
        match: weight of the distance between the class means of two media.
        block: neighbouring features of a group.
        rounds: how often every medium is solved.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, c).
    """

    search = {"sparse": (0.1, 0.03, 0.3), "block": (8, 1)}

    sparse: float = 0.1
    match: float = 0.1
    block: int = 8
    rounds: int = 10

    def learn(self, data: Pooled) -> None:
        """Learn the bases."""
        media = [m for m in data.x if (data.label[m] >= 0).any()]
        means = {m: _class_means(data, m) for m in media}
        left, right = {}, {}
        for m in media:
            x, y = (rows[data.label[m] >= 0] for rows in (data.x[m], data.one_hot(m)))
            left[m], right[m] = x.T @ x / len(x), x.T @ y / len(x)
        crosses = {}
        for m, to in permutations(media, 2):
            shared = sorted(means[m].keys() & means[to].keys())
            if shared:
                a, b = (np.stack([means[of][c] for c in shared]) for of in (m, to))
                left[m] = left[m] + self.match * a.T @ a / len(shared)
                crosses[m, to] = self.match * a.T @ b / len(shared)
        u = {m: solve_rows(left[m], right[m], np.full(len(left[m]), self.sparse)) for m in media}
        for _ in range(self.rounds):
            for m in media:
                pull = sum(cross @ u[to] for (of, to), cross in crosses.items() if of == m)
                u[m] = solve_rows(left[m], right[m] + pull, self.sparse * self._weights(u[m]))
        self.directions_ = {m: found.astype(np.float32) for m, found in u.items()}

    def _weights(self, u: Float64) -> Float64:
        """(d,) ``sqrt(|g| / d) / (2 |U_g|_F)``, g the group of the feature."""
        starts = np.arange(0, len(u), self.block)
        squared = np.add.reduceat(np.square(u).sum(axis=1), starts)
        sizes = np.diff([*starts, len(u)])
        weights = 0.5 * np.sqrt(sizes / len(u)) / np.maximum(np.sqrt(squared), EMPTY)
        return np.asarray(np.repeat(weights, sizes))


def _class_means(data: Pooled, m: Modality) -> Mapping[int, Float64]:
    """Class to the (d,) mean of its rows in a medium."""
    label = data.label[m]
    return {int(c): data.x[m][label == c].mean(axis=0) for c in np.unique(label[label >= 0])}
