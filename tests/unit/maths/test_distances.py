import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import additive_chi2_kernel

from quintet.maths.distances import chi_squared, squared

CHANCE = np.random.default_rng(0)


def test_squared_distances_are_those_of_scipy() -> None:
    x, y = CHANCE.standard_normal((7, 5)), CHANCE.standard_normal((4, 5))
    np.testing.assert_allclose(squared(x, y), cdist(x, y, "sqeuclidean"))
    assert (squared(1e6 + x, 1e6 + x) >= 0).all()


def test_chi_squared_distances_are_those_of_scikit_learn() -> None:
    x, y = CHANCE.random((7, 5)), CHANCE.random((4, 5))
    x[:, 0] = y[:, 0] = 0
    np.testing.assert_allclose(chi_squared(x, y), -additive_chi2_kernel(x, y))


def test_a_row_does_not_depend_on_the_others() -> None:
    x, y = CHANCE.random((50, 30)), CHANCE.random((20, 30))
    for distance in (squared, chi_squared):
        alone = np.concatenate([distance(row[None], y) for row in x])
        np.testing.assert_array_equal(distance(x, y), alone)
