import numpy as np
import pytest

from quintet.maths.hog import DIRECTIONS, WIDTH, hog


def waves(angle_rad: float, side: int = 56) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    grey = 0.5 + 0.4 * np.sin(0.6 * (np.cos(angle_rad) * x + np.sin(angle_rad) * y))
    return np.repeat(grey[None, ..., None], 3, 3).astype(np.float32)


@pytest.mark.parametrize("turn", [0, 2, 4, 7])
def test_the_strongest_direction_is_that_of_the_waves(turn):
    angle = 2 * np.pi * turn / DIRECTIONS
    cell = hog(waves(angle), 3)[0, 1, 1]
    unsigned = cell[DIRECTIONS:-1]
    assert unsigned.argmax() == turn % (DIRECTIONS // 2)


def test_signs_tell_a_step_up_from_a_step_down():
    ramp = np.broadcast_to(np.linspace(0, 1, 30)[:, None], (1, 30, 30, 3)).astype(np.float32)
    up, down = hog(ramp, 1)[0, 0, 0], hog(ramp[:, :, ::-1].copy(), 1)[0, 0, 0]
    half = DIRECTIONS // 2
    assert up[0] > 0.5 > up[half]
    np.testing.assert_allclose(up[:half], down[half:DIRECTIONS], atol=1e-5)
    np.testing.assert_allclose(up[DIRECTIONS:], down[DIRECTIONS:], atol=1e-5)


def test_contrast_hardly_changes_shares_but_changes_the_level():
    strong = waves(0.3)
    weak = 0.5 + (strong - 0.5) * 0.5
    a, b = hog(strong, 3), hog(weak, 3)
    np.testing.assert_allclose(a[..., :-1], b[..., :-1], atol=0.05)
    assert (a[..., -1] > b[..., -1] + 0.1).all()


def test_an_even_picture_has_no_gradients():
    found = hog(np.full((2, 20, 20, 3), 0.7, np.float32), 4)
    assert found.shape == (2, 4, 4, WIDTH)
    assert found.dtype == np.float32
    assert (found[..., :-1] == 0).all()
