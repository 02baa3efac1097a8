import numpy as np
import pytest

from quintet.media import shots


def scene(seed, count, drift=0):
    """Frames of one still scene; ``drift`` moves it sideways by so many pixels a frame."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    picture = np.kron(colours, np.ones((12, 12, 1), np.uint8))
    noise = rng.integers(0, 4, (count, 72, 96, 3)).astype(np.uint8)
    moved = [np.roll(picture, no * drift, axis=1) for no in range(count)]
    return np.minimum(np.stack(moved), 250) + noise


def found(parts, **given):
    frames = np.concatenate(parts)
    times = np.arange(len(frames), dtype=np.float32) / 8
    return shots.cuts(frames, times, **given).tolist()


def test_cuts_between_scenes_are_found():
    assert found([scene(1, 12), scene(2, 20), scene(3, 9)]) == [0, 12, 32]


def test_one_scene_is_one_shot():
    assert found([scene(4, 40)]) == [0]


def test_steady_motion_is_no_cut():
    assert found([scene(5, 30, drift=7)]) == [0]


def test_a_cut_within_motion_is_found():
    assert found([scene(6, 16, drift=3), scene(7, 16, drift=3)]) == [0, 16]


def test_many_cuts_do_not_hide_each_other():
    """Key frames of a long film: a scene is one or two of them."""
    assert found([scene(seed, 2) for seed in range(20)], min_s=0) == list(range(0, 40, 2))
    assert found([scene(seed, 1) for seed in range(20)], min_s=0) == list(range(20))


def test_a_slow_fade_is_no_cut():
    a, b = scene(8, 1)[0].astype(float), scene(9, 1)[0].astype(float)
    fade = np.stack([a + (b - a) * s for s in np.linspace(0, 1, 40)]).astype(np.uint8)
    assert found([fade]) == [0]


def test_flash_shorter_than_a_shot_makes_no_two_shots():
    flash = [scene(1, 10), np.full((1, 72, 96, 3), 255, np.uint8), scene(1, 10)]
    assert len(found(flash, min_s=0.5)) <= 2


def test_most_keeps_the_strongest():
    parts = [scene(seed, 10) for seed in range(6)]
    assert len(found(parts, most=3)) == 3


def test_single_frame():
    assert found([scene(1, 1)]) == [0]


def test_histogram_sums_to_one_and_knows_the_quarter():
    frame = np.zeros((10, 10, 3), np.uint8)
    frame[:5, :5] = 255
    h = shots.histogram(frame)
    assert h.sum() == pytest.approx(1)
    assert np.flatnonzero(h).tolist() == [511, 512, 1024, 1536]
    assert h[511] == pytest.approx(0.25)
