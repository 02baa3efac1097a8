"""Spectra against a direct Fourier sum, and known tones and noises in their places."""

import numpy as np
import pytest
from scipy.fft import dct

from quintet.maths import mel

RATE_HZ = 22_050


def tone(hertz: float, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def noise(seconds: float = 0.5) -> np.ndarray:
    made = np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ))
    return (0.1 * made).astype(np.float32)


def test_power_is_the_square_of_the_fourier_sum():
    samples = noise()
    at = 3 * mel.HOP
    n = np.arange(mel.FRAME)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / (mel.FRAME - 1))
    for line in (0, 1, 37, 512):
        wave = np.exp(-2j * np.pi * line * n / mel.FRAME)
        expected = abs((samples[at : at + mel.FRAME] * window * wave).sum()) ** 2
        assert mel.power(samples)[3, line] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("samples", "frames"), [(0, 1), (1, 1), (512, 1), (513, 2), (22_050, 44)])
def test_every_hop_has_a_frame(samples: int, frames: int):
    found = mel.power(np.zeros(samples, np.float32))
    assert found.shape == (frames, mel.FRAME // 2 + 1)
    assert not found.any()


@pytest.mark.parametrize("hertz", [100, 440, 1_000, 3_000, 8_000])
def test_a_tone_is_loudest_in_the_band_around_it(hertz: float):
    bands = 40
    heard = (mel.power(tone(hertz)) @ mel.bank(bands, RATE_HZ).T).mean(0)
    low, high = 2595 * np.log10(1 + 30 / 700), 2595 * np.log10(1 + RATE_HZ / 1400)
    centres = np.linspace(low, high, bands + 2)[1:-1]
    nearest = np.abs(centres - 2595 * np.log10(1 + hertz / 700)).argmin()
    assert abs(int(heard.argmax()) - int(nearest)) <= 1


def test_bands_are_of_unit_area_and_cannot_be_written_to():
    bank = mel.bank(40, RATE_HZ)
    np.testing.assert_allclose(bank.sum(1), 1, atol=1e-5)
    assert (bank >= 0).all()
    with pytest.raises(ValueError, match="read-only"):
        bank[0, 0] = 1


def test_all_cepstra_hold_the_whole_spectrum():
    levels = np.random.default_rng(1).standard_normal((5, 40)).astype(np.float32)
    whole = mel.cepstrum(levels, 40)
    np.testing.assert_allclose(dct(whole, type=3, norm="ortho", axis=1), levels, atol=1e-5)
    np.testing.assert_array_equal(mel.cepstrum(levels, 7), whole[:, :7])


def test_ten_times_the_power_is_ten_decibels():
    powers = np.array([1e-3, 1e-2, 5.0], np.float32)
    np.testing.assert_allclose(mel.decibel(10 * powers) - mel.decibel(powers), 10, atol=1e-4)


def test_a_tone_stands_out_of_its_own_octave_most():
    found = mel.contrast(mel.power(tone(1_000) + noise() / 100), RATE_HZ).mean(0)
    assert found.shape == (len(mel.OCTAVES_HZ),)
    assert found.argmax() == 3  # 800 to 1 600 Hz
    assert found[3] > mel.contrast(mel.power(noise()), RATE_HZ).mean(0)[3] + 10


@pytest.mark.parametrize("hertz", [110, 220, 440])
def test_the_pitch_of_a_tone_is_found(hertz: float):
    strength, pitch = mel.periodicity(mel.power(tone(hertz)))[2:-4].T
    shortest, longest = mel.PITCH_SAMPLES
    period = longest / (longest / shortest) ** pitch
    assert (strength > 0.6).all()
    np.testing.assert_allclose(RATE_HZ / period, hertz, rtol=0.05)


def test_noise_and_silence_have_no_pitch():
    assert mel.periodicity(mel.power(noise()))[:, 0].mean() < 0.4
    assert mel.periodicity(np.zeros((2, 513), np.float32))[:, 0].max() == 0
