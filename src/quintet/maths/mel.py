"""Spectra of sound: power, mel bands, cepstra, contrast of octaves and periodicity."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import dct, irfft, rfft

from quintet.types import Float32

FRAME = 1024
"""Samples of one spectrum (46 ms at 22 050 Hz)."""

HOP = 512
"""Samples between spectra (23 ms at 22 050 Hz)."""

LOWEST_HZ = 30.0
"""Where the mel bands begin."""

OCTAVES_HZ = (100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)
"""Where the bands of ``contrast`` begin; the last one goes up to half the rate."""

TENTH = 0.1
"""Share of a band's lines that are its peaks, and that are its valleys."""

FAINT = 1e-10
"""Power under which nothing is heard, so that silence has a logarithm."""

PITCH_SAMPLES = (22, 400)
"""Shortest and longest period looked for: 1 000 to 55 Hz at 22 050 Hz."""


@lru_cache(maxsize=4)
def bank(bands: int, sample_rate_hz: int) -> Float32:
    """(bands, FRAME / 2 + 1) triangular mel filters of unit area from LOWEST_HZ to half the rate.

    Source: O'Shaughnessy 1987 (the mel scale as 2595 log10(1 + f / 700)).
    """
    mel = _mel(np.linspace(0, sample_rate_hz / 2, FRAME // 2 + 1))
    edges = np.linspace(_mel(np.array([LOWEST_HZ]))[0], mel[-1], bands + 2)
    rise = (mel[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - mel[None]) / (edges[2:] - edges[1:-1])[:, None]
    weight = np.maximum(0, np.minimum(rise, fall))
    made = np.asarray(weight / np.maximum(weight.sum(1, keepdims=True), 1e-9), dtype=np.float32)
    made.setflags(write=False)
    return made


def _mel(hertz: np.ndarray) -> np.ndarray:
    return np.asarray(2595 * np.log10(1 + hertz / 700))


def power(samples: Float32) -> Float32:
    """(t, FRAME / 2 + 1) power spectra of (n,) samples in -1..1, Hann window, zero padded."""
    count = max(1, -(-len(samples) // HOP))
    padded = np.zeros((count - 1) * HOP + FRAME, dtype=np.float32)
    padded[: len(samples)] = samples[: len(padded)]
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    spectrum = rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)


def decibel(power: Float32) -> Float32:
    """Power of any shape as decibels; FAINT is the least.

    >>> decibel(np.array([1.0, 0.1, 0.0], dtype=np.float32)).tolist()
    [0.0, -10.0, -100.0]
    """
    return np.asarray(10 * np.log10(np.maximum(power, FAINT)), dtype=np.float32)


def cepstrum(log_mel: Float32, count: int) -> Float32:
    """(t, count) first coefficients of the cosine transform of (t, bands) log-mel energies."""
    return np.asarray(dct(log_mel, axis=1, norm="ortho")[:, :count], dtype=np.float32)


def contrast(power: Float32, sample_rate_hz: int) -> Float32:
    """(t, 7) decibels between the peaks and the valleys of each octave of (t, lines) power.

    Tones stand out of their octave, noise fills it. Source: Jiang et al. 2002.
    """
    hertz = np.linspace(0, sample_rate_hz / 2, power.shape[1])
    first = [int(np.searchsorted(hertz, edge)) for edge in OCTAVES_HZ]
    bands = zip(first, [*first[1:], power.shape[1]], strict=True)
    return np.stack([_prominence(power[:, a:b]) for a, b in bands], axis=1)


def _prominence(band: Float32) -> Float32:
    """(t,) decibels from the weakest to the strongest TENTH of (t, lines) power."""
    count = max(1, round(TENTH * band.shape[1]))
    ordered = np.sort(band, axis=1)
    return decibel(ordered[:, -count:].mean(axis=1)) - decibel(ordered[:, :count].mean(axis=1))


def periodicity(power: Float32) -> Float32:
    """(t, 2): the greatest autocorrelation (0..1) at a period of PITCH_SAMPLES, and its pitch.

    The pitch is a logarithm, 0 for the longest period and about 1 for the shortest.
    """
    shortest, longest = PITCH_SAMPLES
    lags = irfft(power, axis=1)
    within = lags[:, shortest:longest]
    period = within.argmax(axis=1) + shortest
    strength = np.clip(within.max(axis=1) / np.maximum(lags[:, 0], FAINT), 0, 1)
    pitch = np.log(longest / period) / np.log(longest / shortest)
    return np.stack([strength, pitch], axis=1).astype(np.float32)
