import numpy as np
import pytest

from quintet.models.encoders.video_frames import CHUNK, VideoFrames
from quintet.types import Modality, Segment, SegmentKind, VideoMedia


def encode(frames: np.ndarray, shot_of_frame: list[int]) -> list[np.ndarray]:
    shots = tuple(Segment(SegmentKind.SHOT, no) for no in range(max(shot_of_frame) + 1))
    media = VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=shots,
        frames=frames,
        times_s=np.arange(len(frames), dtype=np.float32),
        shot_of_frame=np.array(shot_of_frame),
        duration_s=float(len(frames)),
    )
    return VideoFrames().encode(media, shots)


def flight(count: int, step_px: int) -> np.ndarray:
    """A dark bird that crosses an even sky from left to right."""
    frames = np.full((count, 96, 128, 3), 190, np.uint8)
    for t in range(count):
        x = 30 + t * step_px
        frames[t, 44:52, x : x + 8] = 20
    return frames


def test_frames_stay_with_their_shot_in_order():
    frames = flight(6, 8)
    together = encode(frames, [0, 1, 0, 1, 0, 0])
    alone = encode(frames[[0, 2, 4, 5]], [0, 0, 0, 0])[0]
    assert [len(x) for x in together] == [4, 2]
    np.testing.assert_allclose(together[0], alone, atol=1e-5)


def test_a_shot_without_frames_has_no_rows():
    assert [len(x) for x in encode(flight(2, 8), [0, 2])] == [1, 0, 1]


def test_the_bird_is_followed():
    (x,) = encode(flight(7, 10), [0] * 7)
    across, moved = x[:, -7], x[:, -3]
    np.testing.assert_allclose(across * 128, 34 + 10 * np.arange(7), atol=4)
    assert moved[0] == 0
    assert moved[1:].mean() * 128 == pytest.approx(10, abs=1)


def test_what_stands_still_does_not_move():
    (x,) = encode(flight(3, 0), [0] * 3)
    assert (x[:, -4:] == 0).all()


def test_long_shots_are_described_as_short_ones():
    frames = flight(CHUNK + 3, 4)
    (long,) = encode(frames, [0] * len(frames))
    (short,) = encode(frames[CHUNK:], [0] * 3)
    np.testing.assert_allclose(long[CHUNK:, :-4], short[:, :-4], atol=1e-5)
    assert long[CHUNK, -3] > 0
