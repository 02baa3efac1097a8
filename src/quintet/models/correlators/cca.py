"""Canonical correlation of many unaligned views: the simplest learned common space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quintet.maths.canonical import maxvar
from quintet.maths.objects import shared_objects
from quintet.nets.pooled import Pooled, PooledMethod

__all__ = ["CCA"]


@dataclass(kw_only=True)
class CCA(PooledMethod):
    """MAXVAR generalised canonical correlation over means of local features.

    Minimises ``sum_m sum_i w_i |g_o(i) - W_m' x_i|^2 + ridge |W_m|^2`` over the directions W_m of
    each view and one shared vector g_o per object o, with ``G' D G = I``, where D counts the
    views that hold each object. Of two aligned views these are the directions of Hotelling 1936.

    Source:
        Hotelling 1936, "Relations between two sets of variates", Biometrika 28: of two views,
        ``max_(a,b) corr(X a, Y b)``. Kettenring 1971, "Canonical analysis of several sets of
        variables", Biometrika 58, and Carroll 1968 (MAXVAR, many views):
        ``min_(G,W) sum_m |G - X_m W_m|_F^2 with G'G = I``, where G are the leading eigenvectors of
        ``sum_m X_m (X_m' X_m)^-1 X_m'``.
    Ours:
        Hotelling has two media; any number by MAXVAR, here with a ridge, weights w and D. An object
        is a pair number when two views share one, else a class; several rows of a view may belong
        to one object (each row weighs 1 / their number), and a view may lack objects (D). With
        ``weighted`` directions count by their squared correlation, so that chance ones count little
        in the cosine; without it they are the canonical variates themselves. Rows that belong to no
        object are left out.

    Attributes:
        k: width of the common space, at most; fewer when the views share fewer directions.
        ridge: regularisation, as a share of the mean variance of a feature.
        rank: principal components of each view that are kept, at most.
        weighted: whether directions count by their squared correlation.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, k).
    """

    search = {"k": (300, 7), "ridge": (0.1, 0.001, 1.0)}
    learns_from = "either"

    k: int = 300
    ridge: float = 0.1
    rank: int = 128
    weighted: bool = True

    def learn(self, data: Pooled) -> None:
        """Learn the directions.

        Raises:
            TrainingError: no two views share a pair or a class, or they share no direction.
        """
        objects = shared_objects(data.views, self.name)
        x = {m: data.x[m] for m in objects}
        found = maxvar(
            x, objects, k=self.k, ridge=self.ridge, rank=self.rank, weighted=self.weighted
        )
        self.directions_ = {m: d.astype(np.float32) for m, d in found.items()}
