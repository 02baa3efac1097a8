import numpy as np
import pytest

from quintet.maths.focus import Focus, focus, window

SIDE = 112


def disc(cy: float, cx: float, radius_px: float, rgb: np.ndarray | None = None) -> np.ndarray:
    """A dark disc on an even sky, or on the picture that is given."""
    picture = np.full((SIDE, SIDE, 3), 0.7, np.float32) if rgb is None else rgb.copy()
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    picture[(y - cy * SIDE) ** 2 + (x - cx * SIDE) ** 2 < radius_px**2] = 0.1
    return picture


@pytest.mark.parametrize(("cy", "cx"), [(0.5, 0.5), (0.3, 0.7), (0.8, 0.4)])
def test_a_disc_on_the_sky_is_found(cy, cx):
    at = focus(disc(cy, cx, 6))
    assert at.y == pytest.approx(cy, abs=0.04)
    assert at.x == pytest.approx(cx, abs=0.04)
    assert at.strength > 1


def test_larger_things_get_larger_windows_that_hold_them():
    halves = [focus(disc(0.5, 0.5, radius)).half for radius in (3, 8, 18)]
    assert halves == sorted(set(halves))
    for half, radius in zip(halves, (3, 8, 18), strict=True):
        assert half * SIDE > 0.9 * radius


def test_a_small_thing_on_the_sky_beats_a_forest_below():
    rgb = np.full((SIDE, SIDE, 3), 0.7, np.float32)
    rgb[90:] = np.random.default_rng(0).random((22, SIDE, 1)) * 0.6
    at = focus(disc(0.4, 0.6, 4, rgb))
    assert (at.y, at.x) == (pytest.approx(0.4, abs=0.05), pytest.approx(0.6, abs=0.05))


def test_of_two_equal_things_the_middle_one_is_taken():
    assert focus(disc(0.5, 0.45, 5, disc(0.9, 0.9, 5))).x == pytest.approx(0.45, abs=0.05)


def test_nothing_stands_out_of_an_even_picture():
    assert focus(np.full((SIDE, SIDE, 3), 0.4, np.float32))[::3] == (0.5, 0.0)


def test_windows_stay_inside_and_hold_at_least_a_pixel():
    assert window(np.zeros((1, 1, 3), np.uint8), Focus(0.99, 0.01, 0.1, 1.0)).shape == (1, 1, 3)
    assert window(np.zeros((80, 100, 3), np.uint8), Focus(0.5, 0.5, 0.2, 1.0)).shape == (40, 40, 3)
    assert window(np.zeros((80, 100, 3), np.uint8), Focus(0.0, 1.0, 0.2, 1.0)).shape == (20, 20, 3)
