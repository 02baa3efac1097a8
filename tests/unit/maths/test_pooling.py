import numpy as np
import pytest

from quintet.maths.pooling import around, pool, tents, tents_at


@pytest.mark.parametrize(("side", "cells"), [(56, 7), (84, 7), (32, 3), (5, 5)])
def test_weights_of_a_cell_sum_to_one_and_are_symmetric(side, cells):
    weights = tents(side, cells)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-6)


def test_pooling_keeps_an_even_map_and_sees_where_light_is():
    assert pool(np.full((2, 14, 14), 3, np.float32), 7) == pytest.approx(3)
    spot = np.zeros((14, 14), np.float32)
    spot[3, 11] = 1
    assert np.unravel_index(pool(spot, 7).argmax(), (7, 7)) == (1, 5)


def test_weights_of_samples_without_margin_and_step_are_those_of_pixels():
    np.testing.assert_allclose(tents_at(56, 56, 0, 7), tents(56, 7), atol=1e-6)


def test_margins_are_not_read():
    weights = tents_at(16, 64, 8, 3)
    assert (weights[:, :2] == 0).all()
    assert (weights[:, -2:] == 0).all()
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)


def test_kept_weights_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        tents(8, 2)[0, 0] = 1


def test_around_of_an_even_grid_is_the_same_everywhere():
    assert around(np.full((2, 4, 4, 1), 2, np.float32)) == pytest.approx(2 * 1.3)


def test_around_of_one_picture_does_not_see_the_other():
    energy = np.zeros((2, 4, 4, 1), np.float32)
    energy[1] = 9
    assert (around(energy)[0] == 0).all()
