"""Why an item was found, and where in it: one line for a person, one segment for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quintet.flows.pieces import Pieces, Stretch
from quintet.types import (
    Channel,
    Evidence,
    Item,
    Local,
    Modality,
    Segment,
    SegmentKind,
    tower,
)

if TYPE_CHECKING:
    from quintet.flows.search import Match
    from quintet.store.sqlite import Store

FINE_S = 10.0
"""Spans shorter than this are told with tenths of a second."""

_IN_ORDER = (SegmentKind.SHOT, SegmentKind.WINDOW, SegmentKind.SENTENCE, SegmentKind.CUE)
"""Segments of which a first and a last make a stretch."""

_ALIKE = {
    Channel.SEEN: "looks like it",
    Channel.HEARD: "sounds like it",
    Channel.SAID: "says something like it",
    Channel.WRITTEN: "reads like it",
    Channel.SHAPE: "is shaped like it",
}

_MATCHES = {
    Channel.SEEN: "the picture matches",
    Channel.HEARD: "the sound matches",
    Channel.SAID: "what is said matches",
    Channel.WRITTEN: "the text matches",
    Channel.SHAPE: "the shape matches",
}


def explain(
    found: Sequence[Sequence[Match]],
    items: Mapping[str, Item],
    store: Store,
    pieces: Pieces | None,
) -> list[tuple[Evidence, ...]]:
    """Evidence of each hit, strongest first: its best match by words, by likeness, and as a copy.

    Args:
        found: per hit, its matches, strongest first.
        pieces: segments in the trained space; without them a likeness names none.
    """
    near = [next((m for m in matches if m.probe), None) for matches in found]
    places = _places([m for m in near if m], items, store, pieces)
    rows = []
    for matches, likeness in zip(found, near, strict=True):
        said = next((m for m in matches if m.text), None)
        copy = next((m for m in matches if m.same), None)
        evidence = []
        if copy:
            evidence.append((1.0 + (copy.confidence or 0.0), _as_copy(copy, store)))
        if said:
            evidence.append((said.confidence or 0.0, _by_words(said, store)))
        if likeness:
            segment = places.get((likeness.item_id, likeness.channel))
            evidence.append((likeness.confidence or 0.0, _by_likeness(likeness, segment)))
        rows.append(tuple(e for _, e in sorted(evidence, key=lambda pair: -pair[0])))
    return rows


def _by_words(match: Match, store: Store) -> Evidence:
    hit = match.text
    if hit is None or hit.segment_no is None or hit.channel is None:
        field = hit.field if hit else "text"
        return Evidence(None, None, f"{field} has “{hit.snippet if hit else ''}”")
    segment = store.segment(match.item_id, hit.channel, hit.segment_no)
    return Evidence(hit.channel, segment, f"{place(segment)} has “{hit.snippet}”")


def _as_copy(match: Match, store: Store) -> Evidence:
    channel = match.channel or Channel.SEEN
    first, last = (store.segment(match.item_id, channel, no) for no in match.span or (0, 0))
    sure = "holds" if (match.confidence or 0.0) >= 0.5 else "may hold"
    why = f"{sure} the example ({100 * match.score:.0f} % alike)"
    if first.kind in _IN_ORDER:
        why += f": {place(first)}" + (f" to {place(last)}" if last.no > first.no else "")
    return Evidence(channel, first, why)


def _by_likeness(match: Match, segment: Segment | None) -> Evidence:
    channel = match.channel or Channel.SEEN
    if match.confidence is None:
        return Evidence(channel, segment, f"{_ALIKE[channel]} (cosine {match.score:.2f})")
    where = f", best at {place(segment)}" if segment else ""
    return Evidence(channel, segment, f"{_MATCHES[channel]} (cosine {match.score:.2f}){where}")


def _places(
    matches: Sequence[Match], items: Mapping[str, Item], store: Store, pieces: Pieces | None
) -> dict[tuple[str, Channel | None], Segment]:
    """The segment of each match that lies nearest to the query."""
    if pieces is None:
        return {}
    best: dict[tuple[str, Channel | None], Segment] = {}
    for channel in {m.channel for m in matches if m.channel}:
        of_channel = [m for m in matches if m.channel is channel]
        local = store.local([m.item_id for m in of_channel], channel)
        for modality in Modality:
            rows = [
                m
                for m in of_channel
                if m.item_id in local and tower(items[m.item_id].modality, channel) is modality
            ]
            for match, no in zip(rows, _nearest(rows, local, modality, pieces), strict=True):
                best[(match.item_id, channel)] = store.segment(match.item_id, channel, no)
    return best


def _nearest(
    matches: Sequence[Match], local: Mapping[str, Local], modality: Modality, pieces: Pieces
) -> list[int]:
    """Segment number of the best piece of each match; of equal ones the first."""
    wanted = []
    for match in matches:
        features = local[match.item_id]
        first, last = match.span or (0, int(features.segment_of_step[-1]))
        wanted.append(Stretch(match.item_id, features, first, last))
    best = []
    for match, (numbers, z) in zip(matches, pieces.of(modality, wanted), strict=True):
        cosines = z @ match.probe.z if match.probe else np.zeros(len(numbers))
        best.append(int(numbers[np.argmax(cosines)]))
    return best


def place(segment: Segment) -> str:
    """Where a segment is, for a person.

    >>> from quintet.types import SegmentKind
    >>> place(Segment(SegmentKind.SHOT, 2, start_s=62.0, end_s=65.5))
    'shot 3, 1:02.0–1:05.5'
    >>> place(Segment(SegmentKind.REGION, 0, box=(0.0, 0.0, 0.14, 0.14)))
    'region 1 (left 0–14 %, top 0–14 %)'
    """
    name = f"{segment.kind} {segment.no + 1}"
    if segment.start_s is not None and segment.end_s is not None:
        fine = segment.end_s - segment.start_s < FINE_S
        return f"{name}, {clock(segment.start_s, fine=fine)}–{clock(segment.end_s, fine=fine)}"
    if segment.box is not None:
        x0, y0, x1, y1 = (round(100 * v) for v in segment.box)
        return f"{name} (left {x0}–{x1} %, top {y0}–{y1} %)"
    if segment.azimuth_deg is not None and segment.elevation_deg is not None:
        return f"{name} ({segment.azimuth_deg:.0f}° around, {segment.elevation_deg:+.0f}° up)"
    if segment.page is not None:
        return f"{name} on page {segment.page}"
    return name


def clock(seconds: float, *, fine: bool = False) -> str:
    """Seconds as a time code, with tenths when ``fine``.

    >>> clock(3607.4), clock(65.25, fine=True)
    ('1:00:07', '1:05.2')
    """
    tenths = int(10 * seconds)
    hours, minutes, rest = tenths // 36_000, tenths // 600 % 60, tenths % 600
    last = f"{rest // 10:02d}" + (f".{rest % 10}" if fine else "")
    return f"{hours}:{minutes:02d}:{last}" if hours else f"{minutes}:{last}"
