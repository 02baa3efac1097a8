"""Shots: where a film cuts from one camera to another, by jumps of the colour histogram."""

from __future__ import annotations

import numpy as np

from quintet.types import Float32, Int64, UInt8

BINS = 8
"""Levels per colour; a histogram has BINS ** 3 cells in each of four quarters of the frame."""

FLOOR = 0.30
"""Share of the pixels that must change colour cell; no smaller change is a cut."""

CERTAIN = 0.70
"""A change of so many pixels is a cut whatever is usual: key frames of a film may all be cuts."""

TIMES_LOCAL = 3.0
"""A cut is also this many times the usual change around it, so that fast motion is none."""

_THIN_PX = 96
"""Of a frame with at least so many rows and columns every second one is enough."""

CALM = 0.25
"""What is usual is this quantile of the neighbours: up to three of four may be cuts themselves."""

NEIGHBOURS = 8
"""Changes on each side that say what is usual."""


def cuts(frames: UInt8, times_s: Float32, *, min_s: float = 0.5, most: int = 512) -> Int64:
    """Numbers of the first frames of the shots, ascending, always beginning with 0.

    Args:
        frames: (t, h, w, 3) uint8, t >= 1.
        times_s: (t,) ascending.
        min_s: no shot is shorter; of two near cuts the stronger stays.
        most: at most this many shots; the strongest cuts stay.

    Source:
        Colour histogram differences with a local threshold, after Lienhart 1999, section 3.
    """
    change = changes(frames)
    strength = np.where(change >= threshold(change), change, 0.0)
    kept: list[int] = []
    for at in np.argsort(-strength, kind="stable"):
        if strength[at] == 0 or len(kept) >= most - 1:
            break
        first = int(at) + 1
        if all(abs(float(times_s[first] - times_s[k])) >= min_s for k in (0, *kept)):
            kept.append(first)
    return np.array([0, *sorted(kept)], dtype=np.int64)


def changes(frames: UInt8) -> Float32:
    """(t - 1,) float32 in 0..1: share of the pixels that change colour cell, frame to frame."""
    h = np.stack([histogram(f) for f in frames])
    share: Float32 = (np.abs(np.diff(h, axis=0)).sum(axis=1) / 2).astype(np.float32)
    return share


def histogram(frame: UInt8) -> Float32:
    """(4 * BINS ** 3,) float32 that sums to 1: colours of the four quarters of one frame."""
    if min(frame.shape[:2]) >= _THIN_PX:
        frame = frame[::2, ::2]
    height, width = frame.shape[:2]
    cell = (frame.astype(np.int64) * BINS) >> 8
    code = (cell[..., 0] * BINS + cell[..., 1]) * BINS + cell[..., 2]
    low, right = np.arange(height) * 2 >= height, np.arange(width) * 2 >= width
    code += (low[:, None] * 2 + right[None, :]) * BINS**3
    counts = np.bincount(code.ravel(), minlength=4 * BINS**3)
    share: Float32 = (counts / code.size).astype(np.float32)
    return share


def threshold(change: Float32) -> Float32:
    """(t,) float32: what each change must reach, from the calmer of its neighbours."""
    if not len(change):
        return change
    padded = np.pad(change, NEIGHBOURS, constant_values=np.nan)
    spans = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    usual = np.nanquantile(spans, CALM, axis=1)
    wanted: Float32 = np.maximum(FLOOR, np.minimum(TIMES_LOCAL * usual, CERTAIN)).astype(np.float32)
    return wanted
