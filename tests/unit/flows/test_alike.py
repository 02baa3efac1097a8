import numpy as np
import pytest

from quintet.flows import alike
from quintet.types import Local


def local(x):
    return Local(np.asarray(x, dtype=np.float32), np.zeros(len(x), dtype=np.int64))


def test_pooled_is_mean_and_spread_of_the_steps():
    z = alike.pooled(local([[1, 10], [3, 10]]))
    assert z.dtype == np.float32
    assert z.tolist() == [2, 10, 1, 0]


def test_the_order_of_steps_does_not_matter():
    x = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    assert alike.pooled(local(x)) == pytest.approx(alike.pooled(local(x[::-1])), abs=1e-6)


def test_standardised_rows_are_unit_and_ignore_the_scale_of_a_column():
    z = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    unit = alike.standardised(z, *alike.spread(z))
    assert np.linalg.norm(unit, axis=1) == pytest.approx(1, abs=1e-5)
    wide = z * np.array([1, 1000, 1, 1, 1, 1], dtype=np.float32) + 5
    assert alike.standardised(wide, *alike.spread(wide)) == pytest.approx(unit, abs=1e-3)


def test_constant_columns_and_single_rows_give_finite_numbers():
    z = np.ones((3, 4), dtype=np.float32)
    mean, scale = alike.spread(z)
    assert scale.tolist() == [1, 1, 1, 1]
    assert alike.standardised(z, mean, scale).tolist() == np.zeros((3, 4)).tolist()
    one = z[:1]
    assert np.isfinite(alike.standardised(one, *alike.spread(one))).all()
