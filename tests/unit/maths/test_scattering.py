import numpy as np
import pytest

from quintet.maths.scattering import ANGLES, first_width, scatter, second_width


def waves(frequency: float, angle_rad: float, side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    along = np.cos(angle_rad) * x + np.sin(angle_rad) * y
    return np.sin(frequency * along)[None].astype(np.float32)


def orders(planes: np.ndarray, cells: int = 4) -> tuple[np.ndarray, np.ndarray]:
    return scatter(planes, cells, margin=4, scales=3)


@pytest.mark.parametrize(("scale", "angle"), [(0, 0), (1, 2), (2, 5)])
def test_waves_answer_the_wavelet_of_their_scale_and_direction(scale, angle):
    first, _ = orders(waves(0.75 * np.pi / 2**scale, np.pi * angle / ANGLES))
    assert (first.argmax(-1) == scale * ANGLES + angle).all()


def test_shapes_follow_the_declared_widths():
    first, second = orders(np.zeros((2, 64, 64), np.float32))
    assert first.shape == (2, 4, 4, first_width(3))
    assert second.shape == (2, 4, 4, second_width(3))
    assert scatter(np.zeros((1, 64, 64), np.float32), 4, margin=4, scales=2, second=False)[
        1
    ].shape == (1, 4, 4, 0)


def test_brightness_is_not_seen_and_contrast_scales():
    noise = np.random.default_rng(0).random((1, 64, 64)).astype(np.float32)
    for plain, brighter, stronger in zip(
        orders(noise), orders(noise + 5), orders(noise * 2), strict=True
    ):
        np.testing.assert_allclose(plain, brighter, atol=1e-4)
        np.testing.assert_allclose(plain * 2, stronger, rtol=1e-3, atol=1e-5)


def test_order_two_tells_apart_what_order_one_cannot():
    y, x = np.mgrid[:64, :64]
    fine = np.sin(0.75 * np.pi * x)
    even = fine[None].astype(np.float32)
    beating = (fine * (1 + np.sin(0.75 * np.pi / 4 * y)))[None].astype(np.float32)
    _, calm = orders(even)
    _, lively = orders(beating)
    assert lively.max() > 10 * calm.max()


def test_a_small_shift_changes_little():
    noise = np.random.default_rng(1).random((1, 64, 64)).astype(np.float32)
    here, _ = orders(noise, 2)
    there, _ = orders(np.roll(noise, 1, 2), 2)
    assert np.abs(here - there).mean() < 0.1 * here.mean()


def test_pictures_of_one_call_do_not_touch_each_other():
    noise = np.random.default_rng(2).random((3, 64, 64)).astype(np.float32)
    np.testing.assert_allclose(orders(noise)[1][1], orders(noise[1:2])[1][0], atol=1e-6)
