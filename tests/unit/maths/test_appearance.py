import numpy as np
import pytest

from quintet.maths.appearance import WIDTH, appearance, halved
from quintet.maths.opponent import colour_moments, opponent
from quintet.maths.square import square


def look(rgb: np.ndarray, cells: int = 7) -> np.ndarray:
    return appearance(rgb, rgb, cells)


def test_shape_and_range():
    noise = np.random.default_rng(0).random((2, 56, 56, 3)).astype(np.float32)
    found = look(noise)
    assert found.shape == (2, 7, 7, WIDTH)
    assert found.dtype == np.float32
    assert np.abs(found).max() < 5


@pytest.mark.parametrize("side", [28, 56])
def test_mirrored_pictures_have_mirrored_colours_and_levels(side):
    noise = np.random.default_rng(1).random((1, side, side, 3)).astype(np.float32)
    there, back = look(noise, 4), look(noise[:, :, ::-1].copy(), 4)[:, :, ::-1]
    np.testing.assert_allclose(there[..., -6:], back[..., -6:], atol=1e-5)
    np.testing.assert_allclose(there[..., 27], back[..., 27], atol=1e-4)


def test_texture_in_one_corner_is_described_there():
    rgb = np.full((1, 56, 56, 3), 0.5, np.float32)
    rgb[0, :16, :16] = np.random.default_rng(2).random((16, 16, 1))
    found = look(rgb)[0, ..., :-6]
    even = look(np.full((1, 56, 56, 3), 0.5, np.float32))[0, ..., :-6]
    changed = np.abs(found - even).mean(-1)
    assert changed[:2, :2].min() > 4 * changed[4:, 4:].max()


def test_halving_is_the_mean_of_four():
    noise = np.random.default_rng(3).random((2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(
        halved(noise), noise.reshape(2, 4, 2, 4, 2, 3).mean((2, 4)), rtol=1e-5
    )


def test_grey_has_no_opponent_colour_and_red_has():
    planes = opponent(np.stack([np.full((4, 4, 3), 0.5), np.eye(3)[0] * np.ones((4, 4, 1))]))
    np.testing.assert_allclose(planes[0, 1:], 0, atol=1e-7)
    assert planes[1, 1].min() == pytest.approx(0.5)


def test_spread_of_colour_is_a_standard_deviation():
    planes = np.random.default_rng(4).random((1, 3, 40, 40)).astype(np.float32)
    moments = colour_moments(planes, 1)[0, 0, 0]
    assert moments[:3] == pytest.approx(planes.mean((0, 2, 3)), abs=0.03)
    assert moments[3:] == pytest.approx(planes.std((0, 2, 3)), abs=0.03)


def test_a_square_keeps_the_mean_whatever_the_shape():
    pixels = np.random.default_rng(5).integers(0, 256, (30, 90, 3), dtype=np.uint8)
    assert square(pixels, 24).mean() == pytest.approx(pixels.mean() / 255, abs=0.01)
    assert square(pixels[:1, :1], 24).std(axis=(0, 1)).max() < 1e-5
