from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from quintet.errors import TrainingError, UnknownName
from quintet.maths.padding import pad
from quintet.models.correlators.cca import CCA
from quintet.models.correlators.kcca import KCCA
from quintet.types import Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT


def view(modality: Modality, x: np.ndarray, first_pair: int = 0) -> View:
    """Rows of one step; row i belongs to pair i."""
    n = len(x)
    pair = np.arange(first_pair, first_pair + n, dtype=np.int64)
    steps = [row[None, :].astype(np.float32) for row in x]
    return View(modality, steps, np.full(n, -1, dtype=np.int64), pair, [str(i) for i in range(n)])


def embed(model: Any, modality: Modality, x: np.ndarray) -> np.ndarray:
    return np.asarray(model.transform(modality, *pad(view(modality, x).x)))


def rings(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A hidden radius: one medium shows it at a random angle, the other as it is, with noise."""
    chance = np.random.default_rng(seed)
    radius, angle = chance.uniform(0.5, 3, n), chance.uniform(0, 2 * np.pi, n)
    ring = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return ring, np.stack([radius, chance.standard_normal(n)], axis=1)


def order(found: np.ndarray, given: np.ndarray) -> float:
    """Rank correlation of the similarity to row 0 with closeness in the hidden radius."""
    far = -np.abs(given - given[0]).argsort().argsort()
    return float(np.corrcoef((found @ found[0]).argsort().argsort(), far)[0, 1])


def test_a_kernel_finds_what_no_straight_direction_shows() -> None:
    x, y = rings(400, 1)
    data = Views((view(IMAGE, x), view(TEXT, y)))
    fresh, radius = rings(200, 2)
    curved = embed(KCCA(k=2, ridge=1e-2).fit(data), IMAGE, fresh)
    straight = embed(CCA(k=2, ridge=1e-2).fit(data), IMAGE, fresh)
    assert order(curved, radius[:, 0]) > 0.8
    assert order(straight, radius[:, 0]) < 0.5


def centred(kernel: np.ndarray) -> np.ndarray:
    middle = np.eye(len(kernel)) - 1 / len(kernel)
    return np.asarray(middle @ kernel @ middle)


def dual(kernels: list[np.ndarray], ridges: list[float], k: int) -> list[np.ndarray]:
    """The generalised eigenproblem in the n coefficients of either medium, solved by scipy."""
    n = len(kernels[0])
    left, right = np.zeros((2 * n, 2 * n)), np.zeros((2 * n, 2 * n))
    left[:n, n:] = kernels[0] @ kernels[1]
    left[n:, :n] = left[:n, n:].T
    for i, (own, ridge) in enumerate(zip(kernels, ridges, strict=True)):
        at = slice(i * n, (i + 1) * n)
        left[at, at] = own @ own
        right[at, at] = own @ own + ridge * own + 1e-12 * np.eye(n)
    _, vectors = eigh(left, right, subset_by_index=(2 * n - k, 2 * n - 1))
    found = [own @ vectors[i * n : (i + 1) * n, ::-1] for i, own in enumerate(kernels)]
    return [z / np.linalg.norm(z, axis=0) for z in found]


def test_all_rows_as_landmarks_solve_the_problem_of_whole_kernel_matrices() -> None:
    chance = np.random.default_rng(0)
    hidden = chance.standard_normal((40, 2))
    x, y = (
        np.tanh(hidden @ chance.standard_normal((2, d))) + 0.1 * chance.standard_normal((40, d))
        for d in (5, 4)
    )
    model = KCCA(k=2, ridge=0.5).fit(Views((view(IMAGE, x), view(TEXT, y))))
    kernels = []
    for rows in (x, y):
        far = cdist(*2 * [(rows - rows.mean(axis=0)) / rows.std(axis=0)], "sqeuclidean")
        kernels.append(centred(np.exp(-far / far.mean())))
    # the ridge is a share of the mean variance of a direction, and there are 40 directions
    ridges = [0.5 * np.trace(kernel) / 40 for kernel in kernels]
    for modality, rows, z in zip((IMAGE, TEXT), (x, y), dual(kernels, ridges, 2), strict=True):
        standardised = ((rows - rows.mean(axis=0)) / rows.std(axis=0)).astype(np.float32)
        found = model.project(modality, standardised)
        found = found / np.linalg.norm(found, axis=0)
        np.testing.assert_allclose(np.abs(np.sum(found * z, axis=0)), 1, atol=1e-4)


def test_few_landmarks_come_near_to_all_rows() -> None:
    x, y = rings(400, 1)
    data = Views((view(IMAGE, x), view(TEXT, y)))
    fresh, _ = rings(100, 2)
    full, some, others = (
        embed(KCCA(k=2, ridge=1e-2, landmarks=count, seed=seed).fit(data), IMAGE, fresh)
        for count, seed in ((400, 0), (40, 0), (40, 1))
    )
    assert np.corrcoef((full @ full.T).ravel(), (some @ some.T).ravel())[0, 1] > 0.9
    assert not np.allclose(some @ some.T, others @ others.T, atol=1e-3)


def test_chi_squared_compares_frequencies_as_they_came() -> None:
    """Standardising would make a feature that is nearly always 0 as loud as any other."""
    chance = np.random.default_rng(0)
    x = chance.dirichlet(np.full(6, 0.3), 60)
    y = x @ chance.standard_normal((6, 4))
    model = KCCA(kernel="chi2", k=2).fit(Views((view(IMAGE, x), view(TEXT, y))))
    drawn = model.landmarks_[IMAGE].astype(np.float64)
    np.testing.assert_allclose(np.sort(drawn.sum(axis=1)), 1, atol=1e-5)  # still frequencies
    whole, parts = drawn[:, None] + drawn, np.square(drawn[:, None] - drawn)
    far = np.where(whole > 0, parts / np.where(whole > 0, whole, 1), 0).sum(axis=2)
    assert model.far_[IMAGE] == pytest.approx(far.mean(), rel=1e-4)
    assert (model.landmarks_[TEXT] >= 0).all()


def test_an_unknown_kernel_and_media_that_share_nothing_are_errors() -> None:
    x, y = rings(9, 1)
    with pytest.raises(UnknownName, match="did you mean 'chi2'"):
        KCCA(kernel="chi").fit(Views((view(IMAGE, x), view(TEXT, y))))
    with pytest.raises(TrainingError, match="share"):
        KCCA().fit(Views((view(IMAGE, x), view(TEXT, y, first_pair=50))))
