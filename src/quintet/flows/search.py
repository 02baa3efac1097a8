"""Search: query → vectors and words → one list per shelf → one probability → evidence → hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from quintet.flows.evidence import explain
from quintet.flows.pieces import Pieces
from quintet.flows.shelves import Found, Shelf
from quintet.flows.space import Space
from quintet.media.words import index_text
from quintet.models.encoders.text_pieces import content_pieces
from quintet.store.records import TextHit
from quintet.store.sqlite import Store
from quintet.types import Channel, Float32, Hit, Modality, tower

DEPTH = 200
"""Candidates taken from each shelf and from the full text before merging, at least."""


@dataclass(frozen=True)
class Probe:
    """One query vector: what kind of query it is, its tower, and its local features.

    Attributes:
        kind: ``words`` or the modality of the example.
        modality: the tower that made ``z``; shelves of another tower are compared in the common
            space only.
        z: (k,) unit vector.
    """

    kind: str
    modality: Modality
    z: Float32


@dataclass(frozen=True)
class Match:
    """The best that one channel of one item offers to the query.

    Attributes:
        same: it holds the example itself, or a part of it; ``confidence`` is how surely.
    """

    item_id: str
    score: float
    confidence: float | None
    channel: Channel | None
    span: tuple[int, int] | None
    probe: Probe | None = None
    text: TextHit | None = None
    same: bool = False


def space_matches(
    probes: Sequence[Probe],
    shelves: Sequence[Shelf],
    space: Space,
    allowed: frozenset[str] | None,
    count: int,
) -> list[Match]:
    """Items near the probes in the common space, with calibrated confidence."""
    found = []
    for probe in probes:
        for shelf in shelves:
            rows = shelf.search(probe.z, count, allowed)
            cosines = np.array([row.score for row in rows], dtype=np.float32)
            hit = tower(shelf.modality, shelf.channel)
            p = space.confidence(probe.kind, hit, cosines)
            found += [_match(r, float(c), shelf, probe) for r, c in zip(rows, p, strict=True)]
    return found


def alike_matches(
    probes: Sequence[Probe],
    shelves: Sequence[Shelf],
    allowed: frozenset[str] | None,
    count: int,
) -> list[Match]:
    """Items alike within the medium, without training: cosine of standardised pooled features."""
    return [
        _match(row, None, shelf, probe)
        for probe in probes
        for shelf in shelves
        if tower(shelf.modality, shelf.channel) is probe.modality
        for row in shelf.search(shelf.standardised(probe.z), count, allowed)
    ]


def _match(row: Found, confidence: float | None, shelf: Shelf, probe: Probe) -> Match:
    return Match(row.item_id, row.score, confidence, shelf.channel, row.span, probe)


def text_matches(
    hits: Sequence[TextHit], words: str, space: Space | None, allowed: frozenset[str] | None
) -> list[Match]:
    """Items whose names, folders, tags, metadata or text hold the words.

    A place that holds a part of the words is as sure as that part; function words count nothing.
    """
    wanted = [_start(word) for word in dict.fromkeys(content_pieces(words))]
    return [
        Match(
            item_id=hit.item_id,
            score=-hit.bm25,
            confidence=space.field_confidence.get(hit.field, 0.5) * _part(wanted, hit.text)
            if space
            else None,
            channel=hit.channel,
            span=None if hit.segment_no is None else (hit.segment_no, hit.segment_no),
            text=hit,
        )
        for hit in hits
        if allowed is None or hit.item_id in allowed
    ]


def _part(wanted: Sequence[str], text: str) -> float:
    """Share of the words whose beginning stands in the text, 0..1."""
    there = index_text(text).lower()
    return sum(start in there for start in wanted) / len(wanted) if wanted else 0.0


def _start(word: str) -> str:
    """What the forms of a word have in common: ``running`` and ``runs`` begin alike.

    >>> _start("running"), _start("dogs"), _start("狗")
    ('runn', 'dog', '狗')
    """
    return word if len(word) < 4 else word[: max(3, len(word) - 3)] if len(word) > 5 else word[:3]


Row = tuple[float, float | None, list[Match]]
"""Score, confidence and matches of one item, the strongest match first."""


def merge(matches: Sequence[Match], *, calibrated: bool | None = None) -> list[Row]:
    """One row per item, best first: (score, confidence, its matches, strongest first).

    With confidences, the words, the common space and what is the same are three witnesses: the best
    match of each counts, and the item's confidence is the probability that at least one of them is
    right. A copy of the example is worth twice what is merely like it, so the score, the expected
    worth, is the confidence and the probability of a copy. Without a trained space, the score is
    that of the best match and the same probability. Ties go to the smaller item id.

    Args:
        calibrated: whether there is a trained space; None: if every match has a confidence.
    """
    of_item: dict[str, list[Match]] = {}
    for match in matches:
        of_item.setdefault(match.item_id, []).append(match)
    if calibrated is None:
        calibrated = not any(match.confidence is None for match in matches)
    rows = [_row(found, calibrated=calibrated) for found in of_item.values()]
    return sorted(rows, key=order)


def order(row: Row) -> tuple[float, float, str]:
    """What rows are sorted by: score, then that of the strongest match, then the smaller id."""
    return (-row[0], -row[2][0].score, row[2][0].item_id)


def _row(found: list[Match], *, calibrated: bool) -> Row:
    found = sorted(found, key=lambda m: (-(m.confidence or 0.0), -m.score))
    copy = max((m.confidence or 0.0 for m in found if m.same), default=0.0)
    like = [m for m in found if not m.same]
    if not calibrated:
        return (max((m.score for m in like), default=0.0) + copy, None, found)
    witnesses = {m.text is None: m.confidence or 0.0 for m in reversed(like)}
    doubt = (1.0 - copy) * prod(1.0 - p for p in witnesses.values())
    return (1.0 - doubt + copy, 1.0 - doubt, found)


def hits(
    rows: Sequence[Row],
    store: Store,
    pieces: Pieces | None,
) -> list[Hit]:
    """The final list: items read from the store and each one's evidence."""
    items = {item.id: item for item in store.get_many([row[2][0].item_id for row in rows])}
    evidence = explain([row[2] for row in rows], items, store, pieces)
    return [
        Hit(items[found[0].item_id], rank, score, confidence, why)
        for rank, ((score, confidence, found), why) in enumerate(
            zip(rows, evidence, strict=True), start=1
        )
    ]
