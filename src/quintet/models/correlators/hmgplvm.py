"""Gaussian process latent variables that all media share, with kernels that agree with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quintet.maths.canonical import maxvar
from quintet.maths.distances import squared
from quintet.maths.kernels import rbf
from quintet.maths.objects import shared_objects
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Float32, Int64, Modality, View

__all__ = ["HmGPLVM"]

Float64 = NDArray[np.float64]

NOISE = 1e-3
"""Least variance of a medium's noise, so that its kernel matrix can be inverted."""

MARGIN = 1.0
"""Squared distance that rows of different classes keep."""


@dataclass(kw_only=True)
class HmGPLVM(PooledMethod):
    """Harmonised multimodal Gaussian process latent variable model with a similarity prior.

    Every pair, and every row without partner, has a latent point x. The features Y_m (n, d) of a
    medium are Gaussian processes of the points, ``Y_m ~ N(0, K_m)`` a column, with the kernel
    ``K_m(x, x') = a_m exp(-|x - x'|^2 / 2 w_m^2) + b_m [x = x']``. Points and kernels lower
    ``sum_m (d log|K_m| + tr(K_m^-1 Y_m Y_m')) / 2  +  harmony sum_m tr(K_m^-1 S)
    + similar (sum_same |x - x'|^2 + sum_other max(0, 1 - |x - x'|^2))``.
    ``S = exp(-|x - x'|^2 / 2)`` is the similarity of the points: the second term makes the
    kernels of all media agree with it and so with each other. The third draws points of one class
    together and those of other classes apart. Features find their point by a Gaussian process
    regression per medium.

    Source:
        Song, Wang, Huang & Tian 2017, "Multimodal Gaussian process latent variable models with
        harmonization", ICCV (trace form, ``sum_m tr(K_m^-1 S)``), and 2021, "Harmonized multimodal
        learning with Gaussian process latent variable models", IEEE TPAMI 43(3):858-872, with the
        similarity prior of their published code. The likelihood is that of Lawrence 2005,
        "Probabilistic non-linear principal component analysis with Gaussian process latent variable
        models", JMLR 6: ``- log p(Y | X) = (d log|K| + tr(K^-1 Y Y')) / 2 + const``.
    Ours:
        Terms are means over values, rows and pairs of points instead of sums. Each update draws
        ``batch`` rows of every medium and takes their exact likelihood (Yao et al. 2011) instead of
        inducing points, by Adam instead of scaled conjugate gradients. The paper searches the point
        of a new row by descent; here a sparse Gaussian process (Williams & Seeger 2001, with
        ``landmarks`` rows) is fitted from features to points. Any number of media; rows without
        partner have points of their own, which only classes tie to the others. The start is linear
        canonical correlation (MAXVAR). Points are centred and compared by cosine.

    Attributes:
        k: dimensions of the latent points, at most; fewer when the media share fewer directions.
        harmony: weight of the agreement between kernels and points.
        similar: weight of the similarity prior.
        updates: steps of Adam.
        lr: their length.
        batch: rows of each medium in an update.
        landmarks: rows of a medium that a row is compared with, at most.
        noise: variance of the points around the regression.
        seed: draws the batches and the landmarks.
        mean_, scale_, directions_: per modality (d,), (d,) and (l, k).
        landmarks_, far_: per modality (l, d) rows, and their mean squared distance.
        kernel_: per modality (a_m, w_m, b_m).
    """

    search = {"noise": (0.1, 0.3, 1.0), "harmony": (1.0, 0.1)}
    learns_from = "either"

    k: int = 10
    harmony: float = 1.0
    similar: float = 1.0
    updates: int = 60
    lr: float = 0.05
    batch: int = 100
    landmarks: int = 500
    noise: float = 0.1
    seed: int = 0

    landmarks_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    far_: dict[Modality, float] = field(default_factory=dict, init=False, repr=False)
    kernel_: dict[Modality, tuple[float, ...]] = field(default_factory=dict, init=False, repr=False)

    def learn(self, data: Pooled) -> None:
        """Place the points, then learn the way from features to points.

        Raises:
            TrainingError: no two views share a pair or a class, or they share no direction.
        """
        objects = shared_objects(data.views, self.name)
        data = data.without(set(data.x) - set(objects))
        point_of, label = latent_points(data.views)
        start = self._start(data, objects, point_of, len(label))
        x = self._descend(data, point_of, label, start)
        x = x - x.mean(axis=0)
        self.landmarks_, self.far_ = {}, {}
        for m, rows in data.x.items():
            self.directions_[m] = self._regress(m, rows, x[point_of[m]])

    def project(self, modality: Modality, x: Float32) -> Float32:
        """(n, k) points of standardised rows (n, d)."""
        near = self._near(modality, x.astype(np.float64))
        z = np.einsum("nl,lk->nk", near, self.directions_[modality])
        return np.asarray(z, dtype=np.float32)

    def _start(
        self,
        data: Pooled,
        objects: Mapping[Modality, Int64],
        point_of: Mapping[Modality, Int64],
        count: int,
    ) -> Float64:
        """(p, k) mean of the canonical variates of each point's rows, of variance 1."""
        found = maxvar(data.x, objects, k=self.k, ridge=0.1, rank=128)
        total, rows = np.zeros((count, next(iter(found.values())).shape[1])), np.zeros(count)
        for m, directions in found.items():
            z = data.x[m] @ directions
            np.add.at(total, point_of[m], z / max(float(z.std()), NOISE))
            np.add.at(rows, point_of[m], 1)
        return np.asarray(total / rows[:, None])

    def _descend(
        self,
        data: Pooled,
        point_of: Mapping[Modality, Int64],
        label: Int64,
        start: Float64,
    ) -> Float64:
        """(p, k) points that lower the objective, and ``kernel_``."""
        x = torch.tensor(start, requires_grad=True)
        y = {m: torch.from_numpy(rows) for m, rows in data.x.items()}
        logs = {m: torch.log(torch.tensor([0.5, 1.0, 0.5]).double()).requires_grad_() for m in y}
        adam = torch.optim.Adam([x, *logs.values()], lr=self.lr)
        chance = np.random.default_rng(self.seed)
        for _ in range(self.updates):
            loss, drawn = torch.zeros(()).double(), []
            for m, own in point_of.items():
                rows = np.sort(chance.permutation(len(own))[: self.batch])
                drawn.append(own[rows])
                loss = loss + self._medium(x[own[rows]], y[m][rows], logs[m])
            points = np.unique(np.concatenate(drawn))
            loss = loss + self.similar * similarity_prior(
                x[points], torch.from_numpy(label[points])
            )
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
        self.kernel_ = {m: tuple(found.detach().exp().tolist()) for m, found in logs.items()}
        return np.asarray(x.detach().numpy())

    def _medium(self, x: Tensor, y: Tensor, logs: Tensor) -> Tensor:
        """The terms of one medium, of its points x (n, k) and features y (n, d)."""
        a, width, b = logs.exp()
        eye = torch.eye(len(x), dtype=x.dtype)
        kernel = a * rbf(x / width, x / width, bandwidths=(1.0,)) + (b + NOISE) * eye
        factor = torch.linalg.cholesky(kernel)
        return misfit(factor, y) + self.harmony * discord(factor, x)

    def _regress(self, m: Modality, y: Float64, x: Float64) -> Float32:
        """(l, k) weights of the landmarks that give the points x (n, k) of rows y (n, d)."""
        chance = np.random.default_rng([self.seed, list(Modality).index(m)])
        drawn = np.sort(chance.permutation(len(y))[: self.landmarks])
        self.landmarks_[m] = y[drawn].astype(np.float32)
        self.far_[m] = float(squared(y[drawn], y[drawn]).mean()) or 1.0
        near, own = self._near(m, y), self._near(m, self.landmarks_[m].astype(np.float64))
        left = near.T @ near + self.noise * own + NOISE * np.eye(len(drawn))
        return np.asarray(np.linalg.solve(left, near.T @ x), dtype=np.float32)

    def _near(self, m: Modality, x: Float64) -> Float64:
        """(n, l) kernel of rows and landmarks."""
        return np.asarray(np.exp(-squared(x, self.landmarks_[m].astype(np.float64)) / self.far_[m]))


def misfit(factor: Tensor, y: Tensor) -> Tensor:
    """() negative log likelihood a value, less a constant, of y (n, d) under a kernel L L'.

    Args:
        factor: (n, n) lower triangular L.
        y: (n, d), a Gaussian process a column.
    """
    white = torch.linalg.solve_triangular(factor, y, upper=False)
    return torch.as_tensor(factor.diagonal().log().mean() + white.square().mean() / 2)


def discord(factor: Tensor, x: Tensor) -> Tensor:
    """() ``tr(K^-1 S) / n`` of the kernel K = L L' and the similarity S of the points.

    Args:
        factor: (n, n) lower triangular L.
        x: (n, k).
    """
    similarity = rbf(x, x, bandwidths=(1.0,))
    return torch.as_tensor(torch.cholesky_solve(similarity, factor).diagonal().mean())


def similarity_prior(x: Tensor, label: Tensor) -> Tensor:
    """() mean |x - x'|^2 within classes plus mean ``max(0, 1 - |x - x'|^2)`` between them.

    Args:
        x: (n, k).
        label: (n,) classes, -1 for a point that takes no part.
    """
    x, label = x[label >= 0], label[label >= 0]
    size = x.square().sum(dim=1)
    far = (size[:, None] + size[None, :] - 2 * x @ x.T).clamp(min=0)
    same = (label[:, None] == label[None, :]).to(x.dtype)
    other = 1 - same
    together = (far * same).sum() / same.sum().clamp(min=1)
    apart = ((MARGIN - far).clamp(min=0) * other).sum() / other.sum().clamp(min=1)
    return together + apart


def latent_points(views: Sequence[View]) -> tuple[dict[Modality, Int64], Int64]:
    """Per modality (n,) the point of each row, and (p,) the classes of the points, -1 for none.

    Rows of a pair number that two views hold share a point; any other row has its own.
    """
    held = [set(view.pair[view.pair >= 0].tolist()) for view in views]
    shared = {p for i, own in enumerate(held) for other in held[:i] for p in own & other}
    number: dict[tuple[str, int], int] = {}
    point_of: dict[Modality, Int64] = {}
    labels: dict[int, int] = {}
    for view in views:
        keys = [
            ("pair", int(p)) if int(p) in shared else (view.modality.value, i)
            for i, p in enumerate(view.pair)
        ]
        own = [number.setdefault(key, len(number)) for key in keys]
        point_of[view.modality] = np.array(own, dtype=np.int64)
        labels |= {p: int(c) for p, c in zip(own, view.label, strict=True) if c >= 0}
    return point_of, np.array([labels.get(p, -1) for p in range(len(number))], dtype=np.int64)
