"""From a score to the probability of relevance: monotone curves and how far off they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quintet.errors import NotFittedError, ShapeError, TrainingError, UsageError

Float64 = NDArray[np.float64]

BINS = 512
"""The curve is fitted on at most this many groups of neighbouring scores."""

PER_KNOT = 60
"""Of the rarer kind, so many examples are wanted for each straight piece of the curve."""

MAX_PIECES = 6

STIFFNESS = 4.0
"""Weight of the penalty on bends; keeps the curve near a plain logistic where data are few."""

LIMIT = 1e-4
"""Probabilities stay within LIMIT..1-LIMIT: no score is a certainty."""


@dataclass(kw_only=True)
class Calibrator:
    """Score to probability: the logit is a non-decreasing, piecewise straight line of the score.

    With few examples it has one piece, which is Platt's logistic; with more it bends at quantiles
    of the scores. The targets are pulled towards the middle as Platt does, so that a handful of
    one-sided examples gives no certainty.

    Attributes:
        knots_: (p + 1,) increasing scores; the end pieces go on straight beyond them.
        slopes_: (p,) slopes of the logit, >= 0.
        offset_: logit at the first knot.
        prior_: share of relevant examples that the curve was fitted on, 0..1.

    Source:
        Platt 1999, "Probabilistic outputs for support vector machines" (targets). Ours: the
        bends (one-piece Platt is badly off on the two-humped scores of a common space) and their
        penalty.

    >>> curve = Calibrator().fit([0.1, 0.2, 0.8, 0.9], [False, False, True, True])
    >>> bool(curve([0.9])[0] > curve([0.1])[0])
    True
    """

    knots_: Float64 | None = field(default=None, init=False)
    slopes_: Float64 | None = field(default=None, init=False)
    offset_: float = field(default=0.0, init=False)
    prior_: float = field(default=0.5, init=False)

    def fit(self, scores: ArrayLike, relevant: ArrayLike) -> Self:
        """Fit on n scores and whether each was relevant.

        Raises:
            ShapeError: not one truth for each score.
            UsageError: a score is NaN or infinite.
            TrainingError: no example.
        """
        s, r = _checked(scores, relevant)
        self.prior_ = float(r.mean())
        self.knots_ = _knots(s, int(min(r.sum(), (1 - r).sum())))
        positives = float(r.sum())
        high = (positives + 1) / (positives + 2)
        low = 1 / (len(r) - positives + 2)
        centre, target, weight = _grouped(s, np.where(r > 0, high, low))
        found = _minimise(_ramps(centre, self.knots_), target, weight)
        self.offset_ = float(found[0])
        self.slopes_ = found[1:] / np.diff(self.knots_)
        return self

    def __call__(self, scores: ArrayLike, prior: float | None = None) -> Float64:
        """Probabilities of (n,) scores, within LIMIT..1-LIMIT, non-decreasing in the score.

        Args:
            prior: share of relevant items expected where it is used (0..1), if it is known to
                differ from that of the examples.

        Raises:
            NotFittedError: before ``fit``.
        """
        if self.knots_ is None or self.slopes_ is None:
            raise NotFittedError("the calibrator is not fitted; call fit(scores, relevant) first")
        steps = self.slopes_ * np.diff(self.knots_)
        logit = self.offset_ + _ramps(np.asarray(scores, dtype=np.float64), self.knots_) @ steps
        if prior is not None:
            logit = logit + _logit(prior) - _logit(self.prior_)
        probability: Float64 = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
        return np.clip(probability, LIMIT, 1 - LIMIT)

    def state(self) -> dict[str, Any]:
        """What ``fit`` learnt, as JSON values."""
        if self.knots_ is None or self.slopes_ is None:
            raise NotFittedError("the calibrator is not fitted; call fit(scores, relevant) first")
        return {
            "knots": self.knots_.tolist(),
            "slopes": self.slopes_.tolist(),
            "offset": self.offset_,
            "prior": self.prior_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The curve of ``state``.

        Raises:
            KeyError, TypeError, ValueError: not such a state.
        """
        made = cls()
        made.knots_ = np.array(state["knots"], dtype=np.float64)
        made.slopes_ = np.array(state["slopes"], dtype=np.float64)
        made.offset_, made.prior_ = float(state["offset"]), float(state["prior"])
        good = made.knots_.ndim == 1 and made.slopes_.shape == (len(made.knots_) - 1,)
        if not (good and len(made.slopes_) and (np.diff(made.knots_) > 0).all()):
            raise ValueError("not a calibration curve: knots and slopes disagree")
        return made


def expected_calibration_error(
    probability: ArrayLike, relevant: ArrayLike, *, bins: int = 10
) -> float:
    """Mean gap between stated probability and observed share, over equally filled bins, 0..1.

    Equal probabilities always share a bin.

    Source:
        Naeini et al. 2015; equal-mass bins as in Nixon et al. 2019.

    >>> expected_calibration_error([0.5, 0.5], [True, False])
    0.0
    """
    p, r = _checked(probability, relevant)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    group = np.searchsorted(edges, p, side="right")
    counts = np.bincount(group, minlength=bins)
    gap = np.bincount(group, weights=p - r, minlength=bins)
    return float(np.abs(gap).sum() / counts.sum())


def _checked(scores: ArrayLike, relevant: ArrayLike) -> tuple[Float64, Float64]:
    s = np.asarray(scores, dtype=np.float64)
    r = np.asarray(relevant, dtype=np.float64)
    if s.ndim != 1 or s.shape != r.shape:
        raise ShapeError(f"scores {s.shape} and relevant {r.shape} must both be (n,)")
    if not len(s):
        raise TrainingError("no score to calibrate on; at least one is needed")
    if not np.isfinite(s).all():
        raise UsageError("a score is NaN or infinite; leave such scores out")
    return s, r


def _knots(scores: Float64, rarer: int) -> Float64:
    pieces = int(np.clip(rarer // PER_KNOT, 1, MAX_PIECES))
    knots = np.unique(np.quantile(scores, np.linspace(0, 1, pieces + 1)))
    smallest = max(1e-6, 1e-3 * float(np.ptp(scores)))
    keep = [knots[0]]
    keep += [k for before, k in pairwise(knots) if k - before > smallest]
    return np.array(keep if len(keep) > 1 else [knots[0] - 0.5, knots[0] + 0.5])


def _ramps(scores: Float64, knots: Float64) -> Float64:
    """(n, p): how far a score is through each piece, 0..1; the end pieces go on beyond."""
    through = (scores[:, None] - knots[:-1]) / np.diff(knots)
    lower = np.where(np.arange(len(knots) - 1) == 0, -np.inf, 0.0)
    upper = np.where(np.arange(len(knots) - 1) == len(knots) - 2, np.inf, 1.0)
    return np.clip(through, lower, upper)


def _grouped(scores: Float64, target: Float64) -> tuple[Float64, Float64, Float64]:
    """Mean score, mean target and count of at most BINS groups of neighbouring scores."""
    order = np.argsort(scores, kind="stable")
    count = min(BINS, len(scores))
    starts = np.linspace(0, len(scores), count + 1).astype(np.int64)[:-1]
    weight = np.diff(np.append(starts, len(scores))).astype(np.float64)
    centre = np.add.reduceat(scores[order], starts) / weight
    return centre, np.add.reduceat(target[order], starts) / weight, weight


def _minimise(ramps: Float64, target: Float64, weight: Float64) -> Float64:
    """Offset and rises >= 0 with the least cross-entropy and few bends."""

    def cost(v: Float64) -> tuple[float, Float64]:
        logit = v[0] + ramps @ v[1:]
        loss = weight @ (np.logaddexp(0, logit) - target * logit)
        gap = weight * (1 / (1 + np.exp(-np.clip(logit, -500, 500))) - target)
        bend = np.diff(v[1:])
        gradient = np.concatenate([[gap.sum()], gap @ ramps])
        gradient[2:] += STIFFNESS * bend
        gradient[1:-1] -= STIFFNESS * bend
        return float(loss + 0.5 * STIFFNESS * bend @ bend), gradient

    from scipy.optimize import minimize  # takes half a second, and only a training needs it

    mean = float(np.average(target, weights=weight))
    start = np.concatenate([[_logit(mean) - 0.5], np.full(ramps.shape[1], 1 / ramps.shape[1])])
    bounds = [(-30.0, 30.0)] + [(0.0, 60.0)] * ramps.shape[1]
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)


def _logit(p: float) -> float:
    kept = min(max(p, LIMIT), 1 - LIMIT)
    return float(np.log(kept / (1 - kept)))
