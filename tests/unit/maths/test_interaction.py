"""Late interaction of step sequences."""

import numpy as np

from quintet.maths.interaction import best_matches, standard_steps


def test_every_step_finds_the_one_most_like_it() -> None:
    steps = np.eye(4, dtype=np.float32)
    query = np.array([[0, 0, 1, 0], [0.6, 0.8, 0, 0]], dtype=np.float32)
    cosines, at = best_matches(query, steps)
    np.testing.assert_allclose(cosines, [1.0, 0.8])
    assert at.tolist() == [2, 1]


def test_steps_are_compared_after_the_library_s_mean_and_scale() -> None:
    x = np.array([[3.0, 10.0], [1.0, 30.0]], dtype=np.float32)
    found = standard_steps(x, np.array([1, 10], np.float32), np.array([2, 20], np.float32))
    np.testing.assert_allclose(found, [[1, 0], [0, 1]], atol=1e-6)
