"""Sparse projections of all media into class space, smooth over labelled and unlabelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from quintet.maths.graphs import laplacian, nearest
from quintet.maths.objects import aligned_rows
from quintet.maths.row_sparsity import row_weights, solve_rows
from quintet.nets.pooled import Pooled
from quintet.nets.voting import VotingMethod
from quintet.types import Int64, Modality, View

__all__ = ["JRL"]

Float64 = NDArray[np.float64]
Link = tuple[Modality, Modality]


@dataclass(kw_only=True)
class JRL(VotingMethod):
    """Joint representation learning with sparse and semi-supervised regularisation.

    Minimises over the projections P_m (d, c) of all media
    ``sum_m mean_i |P_m' x_i - y_i|^2 + smooth tr(P_m' X_m' L_m X_m P_m) / n_m
    + sparse |P_m|_2,1  +  match sum_m<l mean_r |P_m' x_r - P_l' x_r'|^2``:
    the first mean goes over labelled rows (y one-hot), L_m is the Laplacian of the nearest
    neighbours among all rows of a medium, labelled or not, and (r, r') are matching rows.
    Each medium is solved in turn with the others fixed, its 2,1-norm by reweighting. A row is
    then the class votes of the labelled rows of all media that are nearest in that space.

    Source:
        Zhai, Peng & Xiao 2014, "Learning cross-media joint representation with sparse and
        semisupervised regularization", IEEE TCSVT 24(6):965-978, with the
        parameters named in the authors' code: ``min_P sum_(m<l) sigma |X_m P_m - X_l P_l|_F^2 +
        sum_m (miu |X_m P_m - Y_m|_F^2 + lambda tr(P_m' X_m' L_m X_m P_m) + gamma |P_m|_2,1)``,
        where the first term is over matching rows, the second over labelled ones, the third over
        all.
    Ours:
        Any number of media, all pairs of them matched: rows of one pair number where two media
        share one, else rows of one class, at most 64 a number or class. Terms are means instead of
        sums, so that large media do not outweigh small ones; the weights are ours for that reason.
        The Laplacian is normalised, its similarities 0 or 1. The start is the ridge solution
        instead of chance. The paper compares two rows by the inner product of their votes, here it
        is the cosine; votes go by distances between unit rows, and never more voters are heard than
        a class has labelled rows on average. Only rows that fit sees take part in the graph. A
        medium without label and without matching row is not fitted.

    Attributes:
        sparse: weight of the 2,1-norm; more leaves fewer features in use.
        smooth: weight of the graph.
        match: weight of matching rows.
        neighbours: nearest rows that a row is joined to in the graph.
        voters: see ``VotingMethod``; 0 to compare the projections themselves.
        rounds: how often every medium is solved.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, c).
        voters_, voter_label_, classes_: see ``VotingMethod``.
    """

    search = {"voters": (100, 0), "sparse": (0.01, 0.003, 0.03)}

    sparse: float = 0.01
    smooth: float = 0.1
    match: float = 0.1
    neighbours: int = 10
    rounds: int = 10

    def learn(self, data: Pooled) -> None:
        """Learn the projections, then place the voters."""
        links = _links(data, self.match)
        linked = {m for link in links for m in link}
        media = [m for m in data.x if (data.label[m] >= 0).any() or m in linked]
        left, right = {}, {}
        for m in media:
            left[m], right[m] = self._alone(data, m)
        for (m, _), (own, _) in links.items():
            left[m] += own
        p = {m: solve_rows(left[m], right[m], np.full(len(left[m]), self.sparse)) for m in media}
        for _ in range(self.rounds):
            for m in media:
                pull = sum(cross @ p[to] for (of, to), (_, cross) in links.items() if of == m)
                p[m] = solve_rows(left[m], right[m] + pull, self.sparse * row_weights(p[m]))
        self.directions_ = {m: found.astype(np.float32) for m, found in p.items()}
        self.place_voters(data)

    def _alone(self, data: Pooled, m: Modality) -> tuple[Float64, Float64]:
        """(d, d) and (d, c) normal equations of one medium by itself."""
        x, known = data.x[m], data.label[m] >= 0
        smooth = x.T @ (laplacian(nearest(x, self.neighbours)) @ x)
        rows, labelled = max(1, int(known.sum())), x[known]
        left = labelled.T @ labelled / rows + self.smooth / len(x) * smooth
        return left, labelled.T @ data.one_hot(m)[known] / rows


def _links(data: Pooled, weight: float) -> Mapping[Link, tuple[Float64, Float64]]:
    """Of every two media with matching rows, both ways: (d, d) own and (d, d') cross products."""
    links = {}
    for a, b in combinations(data.views, 2):
        p, q = _matches(a, b)
        if not len(p):
            continue
        x, y = data.x[a.modality][p], data.x[b.modality][q]
        share = weight / len(p)
        links[a.modality, b.modality] = share * x.T @ x, share * x.T @ y
        links[b.modality, a.modality] = share * y.T @ y, share * y.T @ x
    return links


def _matches(a: View, b: View) -> tuple[Int64, Int64]:
    """Row numbers of two views, a line a match: shared pair numbers, or else shared classes."""
    rows = aligned_rows(a.pair, b.pair)
    return rows if len(rows[0]) else aligned_rows(a.label, b.label)
