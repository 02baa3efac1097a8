import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import rbf_kernel

from quintet.errors import ShapeError
from quintet.maths.kernels import mmd, rbf


def sample(count: int, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(count, 6, generator=chance, dtype=torch.float64) + shift


def test_the_kernel_agrees_with_another_implementation() -> None:
    x, y = sample(5), sample(7, seed=1)
    widths = (0.5, 2.0)
    theirs = sum(rbf_kernel(x, y, gamma=1 / (2 * s * s)) for s in widths)
    np.testing.assert_allclose(rbf(x, y, bandwidths=widths), theirs, rtol=1e-9)


def test_discrepancy_of_a_sample_with_itself_is_nothing() -> None:
    assert float(mmd(sample(9), sample(9))) == pytest.approx(0, abs=1e-12)


def test_discrepancy_grows_with_distance_and_is_symmetric() -> None:
    x = sample(40)
    gaps = [float(mmd(x, sample(30, shift, seed=1), bandwidths=(2.0,))) for shift in (0, 0.5, 1, 2)]
    assert gaps == sorted(gaps)
    y = sample(30, 1, seed=1)
    assert float(mmd(x, y)) == pytest.approx(float(mmd(y, x)))


def test_following_the_gradient_brings_samples_together() -> None:
    x, y = sample(20).requires_grad_(), sample(20, 1.5, seed=1)
    before = mmd(x, y, bandwidths=(2.0,))
    (gradient,) = torch.autograd.grad(before, x)
    after = mmd(x - gradient, y, bandwidths=(2.0,))
    assert float(after.detach()) < float(before.detach())


def test_other_widths_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\) and y \(2, 4\)"):
        mmd(torch.zeros(2, 3), torch.zeros(2, 4))
