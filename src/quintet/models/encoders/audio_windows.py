"""Windows of about a second as statistics of log-mel energies and cepstra.

Source: Piczak 2015 (statistics of MFCC for environmental sound); Müller 2015 (spectral shape).
Ours: levels are relative to the loudest second; spread and change beside the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from quintet.errors import UsageError
from quintet.maths import mel
from quintet.types import AudioMedia, Float32, Media, Modality, Segment

__all__ = ["AudioWindows"]

BANDS = 40
COEFFICIENTS = 20
D = 128
FLOOR_DB = -80.0


@dataclass(frozen=True, kw_only=True)
class AudioWindows:
    """Windows to 128-d rows: mean and spread of mel bands, cepstra, their change, and shape."""

    name: ClassVar[str] = "audio_windows"
    version: ClassVar[str] = "1"
    modality: ClassVar[Modality] = Modality.AUDIO
    d: ClassVar[int] = D

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """One (1, 128) array per window."""
        if not isinstance(media, AudioMedia):
            raise UsageError(f"audio_windows reads audio, not {media.modality}")
        frames = _frames(media)
        rate = media.sample_rate_hz / mel.HOP
        return [_window(frames, s, rate)[None] for s in segments]


def _frames(media: AudioMedia) -> Float32:
    """(t, 40 + 20 + 4): log-mel in dB / 20 relative to the peak, cepstra, and spectral shape."""
    power = mel.power(media.samples.astype(np.float32) / 32768.0)
    bands = power @ mel.bank(BANDS, media.sample_rate_hz).T
    level = 10 * np.log10(bands + 1e-10)
    level = np.maximum(level - level.max(), FLOOR_DB) / 20
    cepstrum = mel.cepstrum(level, COEFFICIENTS)
    return np.concatenate([level, cepstrum, _shape(power)], axis=1)


def _shape(power: Float32) -> Float32:
    """(t, 4): centroid, spread (0..1 of the range), flatness (0..1), and loudness in dB / 20."""
    total = power.sum(axis=1) + 1e-10
    at = np.linspace(0, 1, power.shape[1], dtype=np.float32)
    centroid = power @ at / total
    spread = np.sqrt(np.maximum(power @ at**2 / total - centroid**2, 0))
    flatness = np.exp(np.log(power + 1e-10).mean(axis=1)) / (total / power.shape[1])
    loudness = 10 * np.log10(total)
    loudness = np.maximum(loudness - loudness.max(), FLOOR_DB) / 20
    return np.stack([centroid, spread, flatness, loudness], axis=1).astype(np.float32)


def _window(frames: Float32, segment: Segment, rate: float) -> Float32:
    """(128,) statistics of the frames of one window."""
    first = min(int((segment.start_s or 0.0) * rate), len(frames) - 1)
    last = max(first + 1, int(np.ceil((segment.end_s or 0.0) * rate)))
    part = frames[first:last]
    level, cepstrum, shape = np.split(part, [BANDS, BANDS + COEFFICIENTS], axis=1)
    change = np.abs(np.diff(cepstrum, axis=0)) if len(part) > 1 else np.zeros_like(cepstrum)
    row = [
        level.mean(0),
        level.std(0),
        cepstrum.mean(0),
        change.mean(0),
        shape.mean(0),
        shape.std(0),
    ]
    return np.concatenate(row).astype(np.float32)
