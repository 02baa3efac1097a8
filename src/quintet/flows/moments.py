"""Which stretches of an item get a vector of their own beside the item's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quintet.types import Local, Segment, SegmentKind

SENTENCES = 8
"""Sentences or cues in one moment."""

WINDOW_SPAN_S = 10.0
"""Seconds of sound in one moment."""


def moments(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """Spans (first, last segment number, inclusive): the whole item, then its moments.

    A video is cut at its shots, a text every SENTENCES sentences, a sound every WINDOW_SPAN_S
    seconds; pictures and shapes, and items with only one such stretch, have the whole alone.

    >>> moments([Segment(SegmentKind.SHOT, 0), Segment(SegmentKind.SHOT, 1)])
    [(0, 1), (0, 0), (1, 1)]
    """
    if not segments:
        return []
    whole = (0, len(segments) - 1)
    parts = _parts(segments)
    return [whole, *parts] if len(parts) > 1 else [whole]


def _parts(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    keys = [_key(segment) for segment in segments]
    starts = [i for i in range(len(keys)) if i == 0 or keys[i] != keys[i - 1]]
    return list(zip(starts, [*(s - 1 for s in starts[1:]), len(keys) - 1], strict=True))


def _key(segment: Segment) -> int:
    if segment.kind is SegmentKind.SHOT:
        return segment.no
    if segment.kind in (SegmentKind.SENTENCE, SegmentKind.CUE):
        return segment.no // SENTENCES
    if segment.kind is SegmentKind.WINDOW:
        return int((segment.start_s or 0.0) // WINDOW_SPAN_S)
    return 0


def within(local: Local, first: int, last: int) -> Local:
    """The steps that come from segments first..last, both included."""
    keep = np.flatnonzero((local.segment_of_step >= first) & (local.segment_of_step <= last))
    return Local(local.x[keep], local.segment_of_step[keep])
