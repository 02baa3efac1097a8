import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from quintet.maths.logistic import (
    FOLDS,
    STRENGTHS,
    best_temperature,
    fit_logistic,
    likelihood,
    probabilities,
    sharpened,
    stratified,
)


def blobs(count: int, classes: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    centres = np.random.default_rng(9).standard_normal((classes, 8))
    chance = np.random.default_rng(seed)
    label = np.arange(count) % classes
    x = centres[label] + noise * chance.standard_normal((count, 8))
    return x / np.sqrt(np.square(x).sum(1).mean()), label


@pytest.mark.parametrize("classes", [2, 4])
def test_weights_tell_what_the_library_tells(classes: int) -> None:
    x, label = blobs(120, classes, 1.0, 0)
    weights, _ = fit_logistic(x, label, classes, stratified(label, np.random.default_rng(0)))
    told = probabilities(x, weights)
    near = [
        np.abs(
            LogisticRegression(C=c, max_iter=300, tol=1e-3).fit(x, label).predict_proba(x) - told
        ).max()
        for c in STRENGTHS
    ]
    assert min(near) < 1e-6


def test_a_class_without_rows_has_probability_nought() -> None:
    x, label = blobs(60, 3, 0.5, 1)
    weights, held_out = fit_logistic(x, label, 5, stratified(label, np.random.default_rng(0)))
    told = probabilities(x, weights)
    assert told[:, 3:].max() == 0
    np.testing.assert_allclose(told.sum(1), 1)
    np.testing.assert_allclose(held_out.sum(1), 1)


def test_held_out_probabilities_do_not_know_their_own_rows() -> None:
    x, _ = blobs(600, 3, 1.0, 2)
    label = np.random.default_rng(3).integers(0, 3, 600)  # nothing to learn
    _, held_out = fit_logistic(x, label, 3, stratified(label, np.random.default_rng(0)))
    assert likelihood(held_out, label) < np.log(1 / 3) + 0.02


def test_noise_is_regularised_more() -> None:
    x, label = blobs(60, 3, 6.0, 4)
    clear, same = blobs(60, 3, 0.1, 4)
    folds = stratified(label, np.random.default_rng(0))
    noisy, _ = fit_logistic(x, label, 3, folds)
    sharp, _ = fit_logistic(clear, same, 3, folds)
    assert np.abs(noisy[:-1]).max() < 0.3 * np.abs(sharp[:-1]).max()


def test_timid_probabilities_are_sharpened_and_bold_ones_flattened() -> None:
    chance = np.random.default_rng(5)
    truth = chance.dirichlet([0.5] * 3, 3000)
    label = np.array([chance.choice(3, p=p) for p in truth])
    assert best_temperature(truth, label) == pytest.approx(1.0, abs=0.15)
    assert best_temperature(sharpened(truth, 0.5), label) == pytest.approx(2.0, abs=0.3)
    assert best_temperature(sharpened(truth, 1.6), label) == pytest.approx(0.62, abs=0.15)


def test_folds_hold_every_class_evenly() -> None:
    label = np.repeat([0, 1], [30, 9])
    folds = stratified(label, np.random.default_rng(0))
    for c in (0, 1):
        counts = np.bincount(folds[label == c], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1
