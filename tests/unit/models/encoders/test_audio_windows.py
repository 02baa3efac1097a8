import numpy as np
import pytest

from quintet.errors import UsageError
from quintet.models.encoders.audio_windows import AudioWindows
from quintet.types import AudioMedia, Modality, Segment, SegmentKind, TextMedia

RATE = 22_050
AUDIO = AudioWindows()


def encoded(samples):
    media = AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=tuple(
            Segment(SegmentKind.WINDOW, n, start_s=0.48 * n, end_s=0.48 * n + 0.96)
            for n in range(3)
        ),
        samples=(samples * 32767).astype(np.int16),
        sample_rate_hz=RATE,
        duration_s=len(samples) / RATE,
    )
    return np.concatenate(AUDIO.encode(media, media.segments))


def tone(hertz, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)


def noise(level=0.5):
    return level * np.random.default_rng(0).uniform(-1, 1, 2 * RATE)


def test_tones_of_other_pitch_and_noise_are_apart():
    low, near, high, hiss = (
        encoded(x).mean(0) for x in (tone(300), tone(310), tone(3000), noise())
    )
    assert np.linalg.norm(low - near) < 0.3 * np.linalg.norm(low - high)
    assert np.linalg.norm(low - near) < 0.3 * np.linalg.norm(low - hiss)


def test_loudness_does_not_matter_much():
    loud, soft = encoded(noise(0.8)), encoded(noise(0.08))
    assert np.abs(loud - soft).max() < 0.1


def test_change_over_time_is_seen():
    steady = encoded(tone(500))
    beats = encoded(tone(500) * (np.sin(2 * np.pi * 6 * np.arange(2 * RATE) / RATE) > 0))
    assert beats.std(axis=0).sum() + np.abs(beats - steady).mean() > 0.05
    assert not np.allclose(beats, steady, atol=0.05)


def test_silence_is_finite():
    rows = encoded(np.zeros(2 * RATE))
    assert rows.shape == (3, 128)
    assert np.isfinite(rows).all()


def test_another_medium_is_refused():
    media = TextMedia(modality=Modality.TEXT, format="txt", segments=(), text="")
    with pytest.raises(UsageError, match="reads audio"):
        AUDIO.encode(media, ())
