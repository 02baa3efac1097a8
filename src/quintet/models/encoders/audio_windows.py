"""Windows of about a second as statistics of cepstra, their modulation, contrast and pitch.

Source: Piczak 2015 (statistics of MFCC for environmental sound); Jiang et al. 2002 (spectral
contrast of octaves); Müller 2015 (spectral shape).
Ours: all levels are relative to the loudest second, so loudness does not matter; how fast the mel
bands rise and fall is told as energy in four ranges of modulation; curves over 40 bands are kept
as their first cosine coefficients, which leaves room for more kinds of them in 128 numbers.
Tried: means of four accuracies (ESC-10 five folds and groups of fivemedia's `train`; linear, on
windows pooled in six ways and on their mean). 40 mel bands beside 20 cepstra, without modulation,
contrast and pitch (version 1) 0.833; 64 bands 0.812; floor at -60 dB 0.823; with contrast 0.848;
with modulation 0.856; this choice 0.862; half octaves 0.856; flatness of octaves instead
0.858; rise and slope of bands besides, 0.860; a second spectrum of twice the length 0.866 for twice
the time; all of it in 246 numbers 0.868.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from quintet.errors import UsageError
from quintet.maths import mel
from quintet.types import AudioMedia, Float32, Int16, Media, Modality, Segment

__all__ = ["AudioWindows"]

D = 128
BANDS = 40
FLOOR_DB = -80.0
UNIT_DB = 20.0
"""Decibels that count as 1, so that levels, ratios and cepstra are of one size."""

MEANS, SPREADS, CHANGES = 24, 20, 19
"""Coefficients over the bands kept of the mean, the spread and the change from frame to frame."""

MODULATION = ((1, 3), (3, 6), (6, 11), (11, 21))
"""Ranges of modulation, in periods a window: about 1-2, 3-5, 6-10 and 11-20 Hz."""

MODULATION_FRAMES = 41
"""Frames of a window (0.95 s) whose modulation is measured; shorter windows are filled up."""

MODULATION_KEPT = 8
"""Coefficients over the bands kept of each range."""

BLOCK_FRAMES = 4096
"""Frames (95 s) described at a time, so that hours of sound fit into memory."""


@dataclass(frozen=True, kw_only=True)
class AudioWindows:
    """Windows to one 128-d row each; silence gives finite rows, loudness changes nothing."""

    name: ClassVar[str] = "audio_windows"
    version: ClassVar[str] = "2"
    modality: ClassVar[Modality] = Modality.AUDIO
    d: ClassVar[int] = D

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """One (1, 128) array per window."""
        if not isinstance(media, AudioMedia):
            raise UsageError(f"audio_windows reads audio, not {media.modality}")
        level, traits = _frames(media)
        rate = media.sample_rate_hz / mel.HOP
        spans = [_span(segment, rate, len(level)) for segment in segments]
        return [_window(level[a:b], traits[a:b])[None] for a, b in spans]


def _span(segment: Segment, rate: float, count: int) -> tuple[int, int]:
    """First and last frame (exclusive) of a window; at least one."""
    first = min(int((segment.start_s or 0.0) * rate), count - 1)
    return first, max(first + 1, int(np.ceil((segment.end_s or 0.0) * rate)))


def _frames(media: AudioMedia) -> tuple[Float32, Float32]:
    """(t, 40) mel levels, and (t, 4 + 7 + 2) loudness and shape, contrast, periodicity."""
    peak = max(1, int(np.abs(media.samples.astype(np.int32)).max(initial=0)))
    step = BLOCK_FRAMES * mel.HOP
    starts = range(0, max(1, len(media.samples)), step)
    blocks = [
        _block(media.samples[s : s + step + mel.FRAME - mel.HOP], peak, media.sample_rate_hz)
        for s in starts
    ]
    level = _relative(np.concatenate([b[0] for b in blocks]))
    loudness = _relative(np.concatenate([b[1] for b in blocks]))
    rest = np.concatenate([b[2] for b in blocks])
    return level, np.concatenate([loudness, rest], axis=1)


def _block(samples: Int16, peak: int, rate_hz: int) -> tuple[Float32, Float32, Float32]:
    """Decibels of (t, 40) bands and of the (t, 1) whole, and the (t, 12) other traits."""
    power = mel.power(samples.astype(np.float32) / np.float32(peak))[:BLOCK_FRAMES]
    bands = mel.decibel(power @ mel.bank(BANDS, rate_hz).T)
    loudness = mel.decibel(power.sum(axis=1, keepdims=True))
    contrast = mel.contrast(power, rate_hz) / UNIT_DB
    rest = np.concatenate([_shape(power), contrast, mel.periodicity(power)], axis=1)
    return bands, loudness, rest.astype(np.float32)


def _relative(level_db: Float32) -> Float32:
    """Levels as -4..0 below the greatest."""
    return np.asarray(np.maximum(level_db - level_db.max(), FLOOR_DB) / UNIT_DB, dtype=np.float32)


def _shape(power: Float32) -> Float32:
    """(t, 3): centroid and spread (0..1 of the range), and flatness (0..1)."""
    total = power.sum(axis=1) + mel.FAINT
    at = np.linspace(0, 1, power.shape[1], dtype=np.float32)
    centroid = power @ at / total
    spread = np.sqrt(np.maximum(power @ at**2 / total - centroid**2, 0))
    flatness = np.exp(np.log(power + mel.FAINT).mean(axis=1)) / (total / power.shape[1])
    return np.stack([centroid, spread, flatness], axis=1).astype(np.float32)


def _window(level: Float32, traits: Float32) -> Float32:
    """(128,) of (t, 40) levels and (t, 13) traits of one window."""
    cepstrum = mel.cepstrum(level, MEANS)
    change = np.abs(np.diff(cepstrum[:, :CHANGES], axis=0)).sum(0) / max(1, len(level) - 1)
    octaves = traits[:, 4:11]
    row = [
        cepstrum.mean(0),
        cepstrum[:, :SPREADS].std(0),
        change,
        _modulation(level),
        traits.mean(0),
        traits.std(0),
        octaves.max(0),
    ]
    return np.concatenate(row).astype(np.float32)


def _modulation(level: Float32) -> Float32:
    """(4 * 8,) root of the energy with which bands rise and fall, as curves over the bands."""
    part = level[:MODULATION_FRAMES]
    size = np.abs(np.fft.rfft(part - part.mean(0), MODULATION_FRAMES, axis=0))
    curves = np.stack([np.sqrt((size[a:b] ** 2).mean(0)) / 4 for a, b in MODULATION])
    return mel.cepstrum(curves.astype(np.float32), MODULATION_KEPT).ravel()
