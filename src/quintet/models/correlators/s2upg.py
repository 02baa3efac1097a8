"""Sparse projections of items and their patches, smooth over one hypergraph of all media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quintet.maths.graphs import hyperedges, nearest
from quintet.maths.row_sparsity import row_weights, solve_rows
from quintet.maths.rows import mean_steps
from quintet.nets.pooled import Pooled
from quintet.nets.voting import VotingMethod
from quintet.types import Int64, Modality, View

__all__ = ["S2UPG"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class _Nodes:
    """Items of one medium, then the patches of all of them.

    Attributes:
        x: (n + patches, d) standardised features.
        label: (n + patches,) a patch has the label of its item, -1 where unknown.
        weight: (n + patches,) an item's 1, a patch's 1 / patches of its item.
    """

    x: Float64
    label: Int64
    weight: Float64


@dataclass(kw_only=True)
class S2UPG(VotingMethod):
    """Cross-media features with unified patch graph regularisation.

    Items and patches of all media are the vertices of one hypergraph: each is an edge with its
    nearest neighbours in the common space, whatever their medium. With its Laplacian L, X all
    vertices side by side and H the centring of labelled vertices, the projections P_m (d, c)
    minimise ``sum_m fit_m + smooth tr((XP)' L (XP)) / n + sparse sum_m |P_m|_2,1``, where
    ``fit_m = mean_i |H (X_m P_m - Y_m)|^2`` over labelled items and patches. Each P_m is solved
    in turn with the others and the graph fixed, its 2,1-norm by reweighting; then the graph is
    built anew where the vertices now are. L joins the media, so no pairs are needed. A row is
    then the class votes of the labelled items of all media that are nearest in that space.

    Source:
        Peng, Zhai, Zhao & Huang 2016, "Semi-supervised cross-media feature learning with unified
        patch graph regularization", IEEE TCSVT 26(3):583-596, with the details of the authors'
        published code (one projection for the items and the patches of a medium, the centring):
        ``min_P sum_m (miu |H (X_m P_m - Y_m)|_F^2 + gamma |P_m|_2,1) + sigma tr((XP)' L (XP))``.
        Zhou, Huang & Schölkopf 2006, "Learning with hypergraphs", NIPS, section 3:
        ``L = I - D_v^-1/2 H W D_e^-1 H' D_v^-1/2`` (their H is the incidence).
    Ours:
        Any number of media. A patch is the mean of a run of local steps; the runs divide a row
        evenly, and a row of one step has none. Patches of a row together weigh as much as the row
        in ``fit_m``, and means replace sums, so the weights are ours. Projections start at the
        ridge solution without graph instead of chance. The paper adds the votes of patches to those
        of items when it compares; patches only teach here, as a row is the mean of its steps and
        the sum gained nothing on validation data. Votes are compared by cosine, go by distances
        between unit rows, and never more voters are heard than a class has labelled items on
        average. Only rows that fit sees are vertices. A medium without label is not fitted.

    Attributes:
        sparse: weight of the 2,1-norm; more leaves fewer features in use.
        smooth: weight of the hypergraph.
        patches: patches of a row, at most; 0 for items alone.
        neighbours: vertices of an edge besides its own.
        voters: see ``VotingMethod``; 0 to compare the projections themselves.
        graphs: how often the hypergraph is built.
        rounds: how often every medium is solved on each.
        mean_, scale_, directions_: per modality (d,), (d,) and (d, c).
        voters_, voter_label_, classes_: see ``VotingMethod``.
    """

    search = {"voters": (100, 0), "sparse": (0.01, 0.003, 0.03)}

    sparse: float = 0.01
    smooth: float = 1.0
    patches: int = 4
    neighbours: int = 30
    graphs: int = 2
    rounds: int = 3

    def learn(self, data: Pooled) -> None:
        """Learn the projections, then place the voters."""
        data = data.without({m for m, label in data.label.items() if not (label >= 0).any()})
        nodes = {v.modality: self._nodes(v, data.x[v.modality]) for v in data.views}
        fits = {m: _fit(own, data.classes) for m, own in nodes.items()}
        p = {
            m: solve_rows(left, right, np.full(len(left), self.sparse))
            for m, (left, right) in fits.items()
        }
        for _ in range(self.graphs):
            p = self._solve(nodes, fits, p)
        self.directions_ = {m: found.astype(np.float32) for m, found in p.items()}
        self.place_voters(data)

    def _nodes(self, view: View, items: Float64) -> _Nodes:
        mean, scale = self.mean_[view.modality], self.scale_[view.modality]
        own, patches = [np.arange(len(items))], [items.astype(np.float32)]
        for i, steps in enumerate(view.x):
            count = min(self.patches, len(steps))
            if count > 1:
                runs = np.array_split(steps, count)
                patches.append((mean_steps(runs) - mean) / scale)
                own.append(np.full(count, i))
        of = np.concatenate(own)
        share = 1.0 / np.maximum(np.bincount(of) - 1, 1)[of]
        share[: len(items)] = 1.0
        return _Nodes(np.concatenate(patches).astype(np.float64), view.label[of], share)

    def _solve(
        self,
        nodes: Mapping[Modality, _Nodes],
        fits: Mapping[Modality, tuple[Float64, Float64]],
        p: Mapping[Modality, Float64],
    ) -> dict[Modality, Float64]:
        """Projections on the hypergraph of where the vertices are under p."""
        s = hyperedges(
            nearest(np.concatenate([o.x @ p[m] for m, o in nodes.items()]), self.neighbours)
        )
        smooth, start = self.smooth / s.shape[0], 0
        edges: dict[Modality, Float64] = {}
        for m, own in nodes.items():
            edges[m] = s[:, start : start + len(own.x)] @ own.x
            start += len(own.x)
        left = {
            m: fits[m][0] + smooth * (own.x.T @ own.x - edges[m].T @ edges[m])
            for m, own in nodes.items()
        }
        found = dict(p)
        for _ in range(self.rounds):
            for m in nodes:
                pull = sum(edges[m].T @ (edges[o] @ found[o]) for o in nodes if o != m)
                right = fits[m][1] + smooth * pull
                found[m] = solve_rows(left[m], right, self.sparse * row_weights(found[m]))
        return found


def _fit(nodes: _Nodes, classes: int) -> tuple[Float64, Float64]:
    """(d, d) and (d, c) normal equations of the centred fit to the labels."""
    known = nodes.label >= 0
    weight = nodes.weight[known] / nodes.weight[known].sum()
    x, y = nodes.x[known], np.eye(classes)[nodes.label[known]]
    x, y = x - weight @ x, y - weight @ y
    return x.T @ (weight[:, None] * x), x.T @ (weight[:, None] * y)
