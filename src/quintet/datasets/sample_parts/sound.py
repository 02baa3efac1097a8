"""A recording of a class: its voice in a room, with noise, at some distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from quintet.datasets.sample_parts.classes import CLASSES, SampleClass
from quintet.datasets.sample_parts.voices import VOICES, Wave, decay, noise_band, quiet
from quintet.types import Float32

RATES_HZ = (16_000, 22_050, 32_000, 44_100)


@dataclass(frozen=True, slots=True)
class Recording:
    """samples: (n,) float32 mono in -1..1 at ``rate_hz``."""

    samples: Float32
    rate_hz: int


def sound(cls: SampleClass, rng: np.random.Generator, *, seconds: float | None = None) -> Recording:
    """A random recording of a class, 2.5 to 5 seconds unless told otherwise."""
    rate = int(rng.choice(RATES_HZ))
    length = rng.uniform(2.5, 5.0) if seconds is None else seconds
    voice = _loud(VOICES[cls.name](length, rate, rng))
    if rng.random() < 0.25:
        other = CLASSES[rng.integers(len(CLASSES))]
        voice = voice + rng.uniform(0.08, 0.25) * _loud(VOICES[other.name](length, rate, rng))
    heard = _loud(_room(voice, rate, rng)) + _hiss(len(voice), rate, rng)
    return Recording(quiet(heard * rng.uniform(0.15, 0.9)), rate)


def _loud(samples: Wave) -> Wave:
    """Scaled so that its loud moments are near 1."""
    return samples / (float(np.quantile(np.abs(samples), 0.998)) + 1e-6)


def _room(dry: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Echo of a random room, and the muffling of distance."""
    n = round(rng.uniform(0.05, 0.4) * rate)
    echo = rng.standard_normal(n) * decay(n, rate, n / rate / 8)
    echo *= rng.uniform(0, 0.6) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    wet: Wave = np.asarray(fftconvolve(dry, echo))[: len(dry)]
    if rng.random() < 0.4:
        sos = butter(1, rng.uniform(1500, 0.4 * rate), "lowpass", fs=rate, output="sos")
        wet = np.asarray(sosfilt(sos, wet))
    return wet


def _hiss(n: int, rate: int, rng: np.random.Generator) -> Wave:
    """Background: wind, hum or hiss."""
    level = 10 ** rng.uniform(-2.6, -0.9)
    low = rng.choice([30, 100, 1000])
    return level * noise_band(n, rate, low, low * rng.uniform(4, 20), rng)
