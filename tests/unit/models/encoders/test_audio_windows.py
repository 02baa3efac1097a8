"""What the description of sounds keeps apart, and what it does not care about."""

import numpy as np
import pytest

from quintet.errors import UsageError
from quintet.media import audio
from quintet.models.encoders import audio_windows
from quintet.models.encoders.audio_windows import AudioWindows
from quintet.types import AudioMedia, Modality, TextMedia

RATE_HZ = audio.SAMPLE_RATE_HZ
MODULATION = audio_windows.MEANS + audio_windows.SPREADS + audio_windows.CHANGES
"""Where the numbers about modulation begin."""

RANGES = len(audio_windows.MODULATION)


def sound(samples: np.ndarray) -> AudioMedia:
    return audio.media(np.round(samples).astype(np.int16), "wav", 0.0, {})


def rows(samples: np.ndarray) -> np.ndarray:
    media = sound(samples)
    return np.concatenate(AudioWindows().encode(media, media.segments))


def seconds(length_s: float) -> np.ndarray:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def tone(hertz: float, length_s: float = 3.0) -> np.ndarray:
    return 8_000 * np.sin(2 * np.pi * hertz * seconds(length_s))


def noise(seed: int, length_s: float = 3.0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal(len(seconds(length_s)))
    return 3_000 * made


def beaten(samples: np.ndarray, hertz: float) -> np.ndarray:
    """A sound that comes and goes so many times a second."""
    return samples * (0.5 + 0.5 * np.sin(2 * np.pi * hertz * seconds(len(samples) / RATE_HZ)))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(rows(a).mean(0) - rows(b).mean(0)))


def test_one_row_of_128_for_each_window():
    media = sound(noise(0, 2.4))
    found = AudioWindows().encode(media, media.segments)
    assert [x.shape for x in found] == [(1, 128)] * len(media.segments)


def test_loudness_changes_nothing():
    loud = beaten(tone(500) + noise(1), 3)
    np.testing.assert_allclose(rows(loud / 8), rows(loud), atol=0.1)
    assert np.abs(rows(loud / 8) - rows(loud)).mean() < 0.01


def test_two_noises_are_closer_than_a_noise_and_a_tone():
    assert apart(noise(0), noise(1)) < 0.1 * apart(noise(0), tone(500))


def test_two_tones_are_closer_than_far_ones():
    assert apart(tone(500), tone(520)) < 0.5 * apart(tone(500), tone(3_000))


@pytest.mark.parametrize(("slow", "fast"), [(1.0, 4.0), (4.0, 8.0), (8.0, 15.0)])
def test_the_ranges_of_modulation_tell_how_fast_a_sound_beats(slow: float, fast: float):
    ranges = MODULATION + audio_windows.MODULATION_KEPT * np.arange(RANGES)
    found = [rows(beaten(noise(2), hertz))[1:4, ranges].mean(0) for hertz in (slow, fast)]
    places = [int(x.argmax()) for x in found]
    assert places[0] + 1 == places[1]


def test_modulation_is_what_tells_two_speeds_apart():
    slow, fast = rows(beaten(noise(2), 4)).mean(0), rows(beaten(noise(2), 8)).mean(0)
    difference = (slow - fast) ** 2
    of_modulation = difference[MODULATION : MODULATION + RANGES * audio_windows.MODULATION_KEPT]
    assert of_modulation.sum() > 0.25 * difference.sum()


def test_a_window_is_described_by_its_own_sound():
    both = rows(np.concatenate([tone(500), noise(0)]))
    alone = rows(tone(500))
    np.testing.assert_allclose(both[0, :MODULATION], alone[0, :MODULATION], atol=0.3)
    assert np.linalg.norm(both[0] - alone[0]) < 0.5 * np.linalg.norm(both[0] - both[-1])


def test_blocks_join_without_a_seam(monkeypatch: pytest.MonkeyPatch):
    sample = beaten(noise(3, 6.0), 2)
    whole = rows(sample)
    monkeypatch.setattr(audio_windows, "BLOCK_FRAMES", 50)
    np.testing.assert_allclose(rows(sample), whole, atol=1e-5)


@pytest.mark.parametrize("length", [1, 511, 512, 513, 1_024, 22_050])
def test_silence_of_any_length_is_finite(length: int):
    found = rows(np.zeros(length))
    assert found.shape[1] == 128
    assert np.isfinite(found).all()


def test_clicks_in_silence_are_no_silence():
    click = np.zeros(2 * RATE_HZ)
    click[::5_000] = 20_000
    assert apart(click, np.zeros(2 * RATE_HZ)) > 1


def test_other_media_are_refused():
    media = TextMedia(modality=Modality.TEXT, format="txt", segments=(), text="")
    with pytest.raises(UsageError, match="reads audio, not text"):
        AudioWindows().encode(media, ())
