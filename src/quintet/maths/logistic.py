"""Class probabilities of rows by regularised logistic regression, chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from quintet.types import Int64

Float64 = NDArray[np.float64]

STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths that are tried, for rows of about length 1."""

FOLDS = 3
TINY = 1e-6

FLAT = 1e-6
"""Smaller eigenvalues of a kernel count as so large."""

UNHEARD = 1e-4
"""An expert's least probability, when experts are weighed."""

LEVEL = 2.0
ROUNDS = 300

TEMPERATURES = tuple(np.round(np.linspace(0.5, 4.0, 36), 2))


def fit_logistic(x: Float64, label: Int64, classes: int, folds: Int64) -> tuple[Float64, Float64]:
    """Weights with the best cross-validated likelihood, and what the folds said of each other.

    Args:
        x: (n, d) rows of about length 1.
        label: (n,) class numbers in 0..classes-1, at least two different ones.
        folds: (n,) fold of each row, from ``stratified``.

    Returns:
        (d + 1, classes) weights, the last line the bias, -inf there for a class without rows; and
        (n, classes) probabilities of each row by the weights of the other folds.
    """
    tried = [_held_out(x, label, classes, folds, strength) for strength in STRENGTHS]
    best = int(np.argmax([likelihood(told, label) for told in tried]))
    return _weights(x, label, classes, STRENGTHS[best]), tried[best]


def fit_kernel(
    x: Float64, marks: Float64, label: Int64, classes: int, folds: Int64, gamma: float
) -> tuple[Float64, Float64]:
    """The same on the Gaussian kernel of landmarks (l, d).

    Returns:
        (l + 1, classes) weights of the kernel between rows and landmarks, and (n, classes)
        probabilities by the weights of the other folds.

    Source:
        Williams & Seeger 2001 (Nystroem).
    """
    values, vectors = np.linalg.eigh(gaussian(marks, marks, gamma))
    root = vectors / np.sqrt(np.maximum(values, FLAT))
    weights, told = fit_logistic(gaussian(x, marks, gamma) @ root, label, classes, folds)
    return np.vstack([root @ weights[:-1], weights[-1:]]), told


def gaussian(x: Float64, marks: NDArray[np.floating[Any]], gamma: float) -> Float64:
    """(n, l) ``exp(-gamma |x - mark|^2)``."""
    squared = np.square(x).sum(1)[:, None] + np.square(marks).sum(1)[None] - 2 * x @ marks.T
    return np.asarray(np.exp(-gamma * np.maximum(squared, 0)))


def probabilities(x: Float64, weights: Float64) -> Float64:
    """(n, c) of rows (n, d) by weights (d + 1, c)."""
    told = x @ weights[:-1] + weights[-1]
    return np.asarray(np.exp(told - logsumexp(told, axis=1, keepdims=True)))


def likelihood(told: Float64, label: Int64) -> float:
    """Mean log probability of the right class."""
    return float(np.log(told[np.arange(len(label)), label] + TINY).mean())


def sharpened(told: Float64, temperature: float) -> Float64:
    """Probabilities (n, c) to the power of ``temperature``, summing to 1 again."""
    power = np.power(told, temperature)
    return np.asarray(power / np.maximum(power.sum(axis=1, keepdims=True), TINY**4))


def best_temperature(told: Float64, label: Int64) -> float:
    """The power under which held-out probabilities are most likely."""
    worth = [likelihood(sharpened(told, t), label) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmax(worth))])


def mixture(told: Sequence[Float64], label: Int64) -> Float64:
    """(e,) weights, summing to 1, under which the mean of e experts is most likely.

    Args:
        told: what each expert says of rows it was not fitted on, (n, c).

    Source:
        Expectation maximisation for the weights of a mixture alone; LEVEL rows are shared out
        evenly beforehand, so that few rows leave the experts equal.
    """
    right = np.stack([p[np.arange(len(label)), label] for p in told])
    right = np.maximum(right, UNHEARD)
    weight = np.full(len(told), 1.0 / len(told))
    for _ in range(ROUNDS):
        share = weight[:, None] * right
        weight = (share / share.sum(axis=0)).sum(axis=1) + LEVEL
        weight /= weight.sum()
    return weight


def stratified(label: Int64, random: np.random.Generator) -> Int64:
    """(n,) a fold 0..FOLDS-1 for each row, every class spread evenly over them."""
    folds = np.zeros(len(label), dtype=np.int64)
    for c in np.unique(label):
        rows = np.flatnonzero(label == c)
        folds[random.permutation(rows)] = (np.arange(len(rows)) + random.integers(FOLDS)) % FOLDS
    return folds


def _held_out(x: Float64, label: Int64, classes: int, folds: Int64, strength: float) -> Float64:
    told = np.full((len(x), classes), 1.0 / classes)
    for fold in range(FOLDS):
        kept = folds != fold
        if len(np.unique(label[kept])) > 1 and not kept.all():
            weights = _weights(x[kept], label[kept], classes, strength)
            told[~kept] = probabilities(x[~kept], weights)
    return told


def _weights(x: Float64, label: Int64, classes: int, strength: float) -> Float64:
    from sklearn.linear_model import LogisticRegression  # takes a second, only fitting needs it

    found = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(x, label)
    coefficients, bias = found.coef_, found.intercept_
    if len(found.classes_) == 2:
        coefficients = np.vstack([-coefficients[0], coefficients[0]]) / 2
        bias = np.array([-bias[0], bias[0]]) / 2
    weights = np.zeros((x.shape[1] + 1, classes))
    weights[-1] = -np.inf
    weights[:, found.classes_] = np.vstack([coefficients.T, bias])
    return weights
