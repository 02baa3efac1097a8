"""Directions in which rows differ most."""

import numpy as np

from quintet.maths.principal import directions


def test_the_first_direction_is_that_of_the_greatest_spread():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)) * [0.1, 5.0, 1.0]
    found = directions(x, 2, seed=0)
    assert found.shape == (3, 2)
    assert np.abs(found[:, 0]).argmax() == 1
    assert np.abs(found[:, 1]).argmax() == 2


def test_no_direction_is_a_column_of_zeros():
    assert directions(np.ones((1, 4)), 0, seed=0).tolist() == [[0.0]] * 4
