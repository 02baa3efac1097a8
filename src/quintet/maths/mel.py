"""Log-mel spectrograms and cepstra."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import dct, rfft

from quintet.types import Float32

FRAME = 1024
"""Samples of one spectrum (46 ms at 22 050 Hz)."""

HOP = 512
"""Samples between spectra (23 ms at 22 050 Hz)."""


@lru_cache(maxsize=4)
def bank(bands: int, sample_rate_hz: int) -> Float32:
    """(bands, FRAME / 2 + 1) triangular mel filters of unit area from 30 Hz to half the rate."""
    hertz = np.linspace(0, sample_rate_hz / 2, FRAME // 2 + 1)
    mel = 2595 * np.log10(1 + hertz / 700)
    edges = np.linspace(2595 * np.log10(1 + 30 / 700), mel[-1], bands + 2)
    rise = (mel[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - mel[None]) / (edges[2:] - edges[1:-1])[:, None]
    weight = np.maximum(0, np.minimum(rise, fall))
    return np.asarray(weight / np.maximum(weight.sum(1, keepdims=True), 1e-9), dtype=np.float32)


def power(samples: Float32) -> Float32:
    """(t, FRAME / 2 + 1) power spectra of (n,) samples in -1..1, Hann window, zero padded."""
    count = max(1, -(-len(samples) // HOP))
    padded = np.zeros((count - 1) * HOP + FRAME, dtype=np.float32)
    padded[: len(samples)] = samples[: len(padded)]
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    spectrum = rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)
    return np.asarray(np.abs(spectrum) ** 2, dtype=np.float32)


def cepstrum(log_mel: Float32, count: int) -> Float32:
    """(t, count) first coefficients of the cosine transform of (t, bands) log-mel energies."""
    return np.asarray(dct(log_mel, axis=1, norm="ortho")[:, :count], dtype=np.float32)
