"""Deep canonical correlation: networks whose outputs correlate as much as linear maps let them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from quintet.maths.canonical import Float64, maxvar
from quintet.nets.batches import Batch, Pool
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.matching import meetings
from quintet.nets.towers import Towers
from quintet.types import Modality

__all__ = ["DCCA"]

SMALLEST = 1e-6
"""Variance that is added to outputs that may not vary at all."""


@dataclass(kw_only=True)
class DCCA(DeepMethod):
    """Deep canonical correlation analysis.

    Networks f and g give matching rows the outputs H1 and H2, (r, o). With the covariances of a
    batch, ``S11 = H1' H1 / (r - 1) + ridge I`` (centred), S22 alike and ``S12 = H1' H2 / (r - 1)``,
    raised is the total correlation::

        corr(H1, H2) = ||T||_tr,  T = S11^(-1/2) S12 S22^(-1/2)

    the sum of T's singular values. Then linear canonical correlation of all outputs gives the
    directions of the common space.

    Source:
        Andrew et al. 2013, "Deep canonical correlation analysis", ICML, section 3, eq. 10 and 11;
        large batches: Wang et al. 2015, "Unsupervised learning of acoustic features via deep
        canonical correlation analysis", ICASSP.
    Ours:
        T is built with Cholesky factors instead of square roots, which has the same singular
        values. Stochastic AdamW over batches of ``rows`` objects, the rate going down along half a
        cosine, instead of L-BFGS over all rows; dropout instead of pretraining by denoising. Made
        for two media; of more, the mean over every two of them, and MAXVAR (``maths/canonical.py``)
        as the linear step, with directions weighted by their squared correlation. Objects are pair
        numbers when two views share one, else classes. ``k`` is cut to ``outputs``.

    Attributes:
        hidden: width of the hidden layer.
        outputs: width of a network's output, o.
        ridge: added to each covariance's diagonal, in units of the outputs' mean variance.
        linear_ridge: the same in the linear step.
    """

    search = {"outputs": (10, 20, 32), "linear_ridge": (0.1, 1.0)}
    learns_from = "either"
    in_pairs = True

    k: int = 128
    rows: int = 256
    epochs: int = 20
    dropout: float = 0.2
    hidden: int = 256
    outputs: int = 10
    ridge: float = 0.1
    linear_ridge: float = 0.1

    def network(self, shape: Shape) -> Net:
        """Towers and a linear map a medium."""
        return _Net(self, shape)


class _Net(Net):
    """Networks, and buffers for the directions of their outputs."""

    def __init__(self, plan: DCCA, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        o, self.k = plan.outputs, min(plan.k, plan.outputs)
        self.towers = Towers(
            shape.widths, plan.hidden, o, dropout=plan.dropout, random=shape.random
        )
        for m in shape.widths:
            self.register_buffer(f"centre_{m.value}", torch.zeros(o))
            self.register_buffer(f"turn_{m.value}", torch.eye(o)[:, : self.k])

    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, k) canonical variables of x (b, t, d) and mask (b, t)."""
        h = self.towers(modality, x, mask)
        centre = self.get_buffer(f"centre_{modality.value}")
        return (h - centre) @ self.get_buffer(f"turn_{modality.value}")

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() minus the total correlation, mean over every two media."""
        h = {m: self.towers(m, part.x, part.mask, self.random) for m, part in batch.items()}
        found = [correlation(x, y, self.plan.ridge) for x, y, *_ in meetings(batch, h)]
        return -torch.stack(found).mean() if found else torch.zeros(())

    @torch.no_grad()
    def finish(self, pools: Mapping[Modality, Pool]) -> None:
        """Set the directions from the outputs of all rows.

        Raises:
            TrainingError: the outputs share no direction.
        """
        held = {m: pool.object for m, pool in pools.items() if pool.object is not None}
        h = {m: self._outputs(m, pools[m]) for m in held}
        plan = self.plan
        found = maxvar(h, held, k=self.k, ridge=plan.linear_ridge, rank=plan.outputs)
        for m, directions in found.items():
            turn = self.get_buffer(f"turn_{m.value}")
            turn.zero_()[:, : directions.shape[1]] = torch.from_numpy(directions)

    def _outputs(self, modality: Modality, pool: Pool) -> Float64:
        """(n, o) outputs of all rows, centred; the centre is kept."""
        centre = self.get_buffer(f"centre_{modality.value}")
        part = pool.part(range(len(pool.x)), centre.device)
        h = self.towers(modality, part.x, part.mask)
        centre.copy_(h.mean(dim=0))
        return np.asarray((h - centre).double().cpu().numpy())


def correlation(x: Tensor, y: Tensor, ridge: float) -> Tensor:
    """() total correlation of matching rows x (r, o) and y (r, p): the sum over canonical ones.

    Args:
        ridge: added to each covariance's diagonal, as a share of its mean.
    """
    x, y = x - x.mean(dim=0), y - y.mean(dim=0)
    left, right = (torch.linalg.cholesky(_covariance(h, ridge)) for h in (x, y))
    crossed = x.T @ y / max(1, len(x) - 1)  # (o, p)
    half = torch.linalg.solve_triangular(left, crossed, upper=False)
    whole = torch.linalg.solve_triangular(right, half.T, upper=False)
    singular: Tensor = torch.linalg.svdvals(whole)
    return singular.sum()


def _covariance(h: Tensor, ridge: float) -> Tensor:
    """(o, o) of centred rows h (r, o), made safe to invert."""
    spread = h.T @ h / max(1, len(h) - 1)
    even = ridge * spread.diagonal().mean() + SMALLEST
    return spread + torch.diag(even.expand(len(spread)))
