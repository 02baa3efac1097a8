import numpy as np

from quintet.maths.row_sparsity import norm21, row_weights


def test_weights_have_the_gradient_of_the_norm() -> None:
    p = np.random.default_rng(0).standard_normal((4, 3))
    step = 1e-6
    numeric = np.zeros_like(p)
    for at in np.ndindex(p.shape):
        up, down = p.copy(), p.copy()
        up[at] += step
        down[at] -= step
        numeric[at] = (norm21(up) - norm21(down)) / (2 * step)
    np.testing.assert_allclose(2 * row_weights(p)[:, None] * p, numeric, atol=1e-8)


def test_an_empty_row_has_a_large_but_finite_weight() -> None:
    weights = row_weights(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert np.isfinite(weights).all()
    assert weights[0] > 1e5 * weights[1]
