"""Kernel canonical correlation: common directions of features that are not linear."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UnknownName
from quintet.maths.canonical import maxvar
from quintet.maths.distances import chi_squared, squared
from quintet.maths.objects import shared_objects
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Float32, Modality

__all__ = ["KCCA"]

Float64 = NDArray[np.float64]

DISTANCES = {"rbf": squared, "chi2": chi_squared}

RANK = 1e-6
"""Eigenvalues of the landmarks' kernel that are a smaller share of the largest are left out."""


@dataclass(kw_only=True)
class KCCA(PooledMethod):
    """Regularised canonical correlation in the feature spaces of kernels.

    The kernel is ``exp(-D(x, y) / (spread * mean D))`` with ``D = |x - y|^2`` (``rbf``) or
    ``D = sum_f (x_f - y_f)^2 / (x_f + y_f)`` (``chi2``). Of two aligned media with centred kernel
    matrices K and L the directions raise ``|K a + L b|^2`` with ``a' (K^2 + r K) a +
    b' (L^2 + r L) b = 1``. To solve this a row is mapped to ``(k(x, z_1) … k(x, z_l)) C^-1/2``
    over landmarks z with kernel matrix C, where inner products are nearly the kernel, and then
    treated as linear canonical correlation treats features; with all rows as landmarks it is the
    same problem.

    Source:
        Hardoon, Szedmak & Shawe-Taylor 2004, "Canonical correlation analysis: an overview with
        application to learning methods", Neural Computation 16(12), section 4 (kernel,
        regularisation): ``max a' K L b with a' (K^2 + r K) a = b' (L^2 + r L) b = 1``. Williams &
        Seeger 2001, "Using the Nystrom method to speed up kernel machines", NIPS (landmarks):
        ``K = K_nl C^-1 K_ln``, nearly. Zhang et al. 2007, "Local features and kernels for
        classification of texture and object categories", IJCV 73 (chi-squared kernel, its width).
    Ours:
        Made for two media; |K a + L b|, which has the same solutions at r = 0, is the form for any
        number (MAXVAR), with rows of one object and directions weighted by their squared
        correlation as in ``cca``. Landmarks drawn by the seed take the place of Gram-Schmidt on the
        kernel matrices. ``rbf`` compares standardised features; ``chi2`` features as they came,
        from the smallest of each feature if that is negative, because it needs frequencies.

    Attributes:
        k: width of the common space, at most; fewer when the media share fewer directions.
        ridge: regularisation, as a share of the mean variance of a direction.
        kernel: ``rbf`` or ``chi2``.
        spread: width of the kernel, in mean distances between landmarks.
        landmarks: rows of a medium that a row is compared with, at most.
        seed: draws the landmarks.
        mean_, scale_, directions_: per modality (d,), (d,) and (l, k).
        landmarks_, low_: per modality (l, d) rows, and (d,) what counts as 0 for ``chi2``.
        far_: per modality the distance at which the kernel is 1 / e.
        offset_: per modality (l,) mean of the rows' kernels with the landmarks.
    """

    search = {"ridge": (0.3, 0.1, 1.0), "kernel": ("rbf", "chi2")}
    learns_from = "either"

    k: int = 300
    ridge: float = 0.3
    kernel: str = "rbf"
    spread: float = 1.0
    landmarks: int = 300
    seed: int = 0

    landmarks_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    low_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    far_: dict[Modality, float] = field(default_factory=dict, init=False, repr=False)
    offset_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)

    def check(self) -> None:
        """Refuse a kernel that there is not.

        Raises:
            UnknownName: there is no such kernel.
        """
        if self.kernel not in DISTANCES:
            raise UnknownName("kernel", self.kernel, DISTANCES)

    def learn(self, data: Pooled) -> None:
        """Choose landmarks, map all rows, learn the directions.

        Raises:
            TrainingError: no two views share a pair or a class, or they share no direction.
        """
        objects = shared_objects(data.views, self.name)
        self.landmarks_, self.low_, self.far_, self.offset_ = {}, {}, {}, {}
        mapped, bases = {}, {}
        for m in objects:
            near, bases[m] = self._map(m, data.x[m].astype(np.float32))
            mapped[m] = near @ bases[m]
        found = maxvar(mapped, objects, k=self.k, ridge=self.ridge, rank=self.landmarks)
        self.directions_ = {m: (bases[m] @ d).astype(np.float32) for m, d in found.items()}

    def project(self, modality: Modality, x: Float32) -> Float32:
        """(n, k) of standardised rows (n, d)."""
        near = self._kernel(modality, self._compared(modality, x)) - self.offset_[modality]
        z = np.einsum("nl,lk->nk", near, self.directions_[modality])
        return np.asarray(z, dtype=np.float32)

    def _map(self, m: Modality, x: Float32) -> tuple[Float64, Float64]:
        """Choose the landmarks of a medium; (n, l) centred kernels of its rows, and C^-1/2."""
        self.low_[m] = np.minimum(0, (x * self.scale_[m] + self.mean_[m]).min(axis=0))
        compared = self._compared(m, x)
        chance = np.random.default_rng([self.seed, list(Modality).index(m)])
        self.landmarks_[m] = compared[np.sort(chance.permutation(len(x))[: self.landmarks])]
        self.far_[m] = float(self._distances(m, self.landmarks_[m]).mean()) or 1.0
        values, vectors = np.linalg.eigh(self._kernel(m, self.landmarks_[m]))
        kept = values > RANK * values[-1]
        near = self._kernel(m, compared)
        self.offset_[m] = near.mean(axis=0).astype(np.float32)
        return near - self.offset_[m], vectors[:, kept] / np.sqrt(values[kept])

    def _compared(self, m: Modality, x: Float32) -> Float32:
        """The numbers that the kernel compares, of standardised rows."""
        if self.kernel == "rbf":
            return x
        return np.asarray(np.maximum(x * self.scale_[m] + self.mean_[m] - self.low_[m], 0))

    def _distances(self, m: Modality, x: Float32) -> Float64:
        """(n, l) to the landmarks."""
        distance = DISTANCES[self.kernel]
        return distance(x.astype(np.float64), self.landmarks_[m].astype(np.float64))

    def _kernel(self, m: Modality, x: Float32) -> Float64:
        return np.asarray(np.exp(-self._distances(m, x) / (self.spread * self.far_[m])))
