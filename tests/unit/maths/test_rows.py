import numpy as np

from quintet.maths.rows import centre_and_scale, mean_steps, unit_rows


def test_rows_have_length_one_whatever_their_size() -> None:
    z = unit_rows(np.array([[1e-9, 0], [3e18, 4e18], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(z[1], [0.6, 0.8], rtol=1e-6)


def test_the_mean_is_over_the_steps_of_each_row() -> None:
    rows = [np.array([[1, 2], [3, 4]], np.float32), np.array([[5, 6]], np.float32)]
    assert mean_steps(rows).tolist() == [[2, 3], [5, 6]]


def test_centre_and_scale_are_those_of_all_steps_together() -> None:
    chance = np.random.default_rng(0)
    rows = [chance.normal(1000, 3, (n, 4)).astype(np.float32) for n in (5, 1, 30)]
    mean, scale = centre_and_scale(rows)
    together = np.concatenate(rows).astype(np.float64)
    np.testing.assert_allclose(mean, together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, together.std(axis=0), rtol=1e-3)


def test_a_feature_that_does_not_vary_has_scale_one() -> None:
    mean, scale = centre_and_scale([np.full((3, 2), 7, np.float32)])
    assert mean.tolist() == [7, 7]
    assert scale.tolist() == [1, 1]
