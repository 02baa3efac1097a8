"""Why an item answers a query: what each part of it adds, and where it would be without it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quintet.errors import UsageError
from quintet.flows.asking import Ask, Asked, Ranking, ranking, said_of, together, word_vector
from quintet.flows.compose import Said
from quintet.flows.evidence import place
from quintet.flows.examples import Example
from quintet.flows.moments import moments, within
from quintet.flows.originals import original
from quintet.flows.parts import Parts
from quintet.flows.portrait import portrait
from quintet.flows.reading import decode, tracks
from quintet.flows.search import Match, Probe, Row, merge, order
from quintet.flows.space import Space
from quintet.store.sqlite import Store
from quintet.types import (
    OWN_CHANNEL,
    Channel,
    Float32,
    Int64,
    Item,
    Local,
    Modality,
    Segment,
    tower,
)

MANY = 400
"""Segments of a channel that are left out one by one, at most, evenly spaced."""


@dataclass(frozen=True)
class Contribution:
    """One segment of the hit, or one word of the query, and what the match loses without it.

    Attributes:
        gain: confidence with it less confidence without it; negative when it speaks against.
    """

    name: str
    gain: float
    segment: Segment | None = None


@dataclass(frozen=True)
class Testimony:
    """What one part of the query found in one channel of the item.

    Attributes:
        part: of the query; ``weight`` below 0 for what is unwanted.
        kind: ``words`` found in the text, ``near`` in the common space, or ``same`` content.
        of_hit, of_query: what matters most, strongest first; empty where nothing can be left out.
    """

    part: str
    weight: float
    kind: str
    channel: Channel | None
    confidence: float
    score: float
    of_hit: tuple[Contribution, ...] = ()
    of_query: tuple[Contribution, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Why:
    """Why an item is where it is in the answer to a query.

    Attributes:
        rank: its place, from 1; ``among`` so many candidates.
        without: the segment (or the found words) that matters most; the rank and the confidence
            are those without it, None if the item would not be found at all.
    """

    item: Item
    rank: int
    among: int
    confidence: float | None
    testimonies: tuple[Testimony, ...]
    without: str = ""
    rank_without: int | None = None
    confidence_without: float | None = None


def why(parts: Parts, ask: Ask, name: str) -> Why:
    """Explain one item's place in the answer.

    Raises:
        UsageError: nothing in the item answers the query, or the query leaves it out.
        UnknownName: no such item.
    """
    item = parts.store.resolve(name)
    if not parts.store.find([*ask.where, f"id={item.id}"], ask.modalities):
        raise UsageError(f"{item.path} does not meet the conditions of this query")
    found = ranking(parts, ask)
    if item.id in found.own:
        raise UsageError(f"{item.path} is a part of this query, and so no answer to it")
    said = _said(parts, ask, found, item)
    standing = _standing(said, found, item)
    if standing is None:
        raise UsageError(f"nothing in {item.path} answers this query")
    told = [t for n in range(len(said)) for t in _testimonies(parts, found, said, n, item)]
    plain = Why(
        item=item,
        rank=standing.rank,
        among=standing.among,
        confidence=standing.row[1],
        testimonies=tuple(t for t, _ in told),
    )
    losses = [loss for t, loss in told if loss is not None and t.weight > 0]
    if not losses:
        return plain
    label, without = min(losses, key=lambda loss: loss[1].row[0] if loss[1] else -math.inf)
    if without is None:
        return replace(plain, without=label)
    return replace(
        plain, without=label, rank_without=without.rank, confidence_without=without.row[1]
    )


def draw(parts: Parts, told: Why) -> str:
    """An SVG of the item, coloured by what matters most of the strongest match in the common space.

    Nothing is coloured where no match can be taken apart.

    Raises:
        FileProblem: the item's file cannot be read.
    """
    wanted = [t for t in told.testimonies if t.weight > 0]
    best = max(wanted, key=lambda t: (bool(t.of_hit), t.channel is not None, t.confidence))
    channel = best.channel or OWN_CHANNEL[told.item.modality]
    with original(parts.store, told.item.id).opened() as (file, row):
        media = tracks(decode(parts.box, file, row.path, root=row.root))[channel]
    gains = {c.segment.no: c.gain for c in best.of_hit if c.segment is not None}
    p = told.confidence
    sure = "" if p is None else ", >99 %" if p > 0.995 else f", {100 * p:.0f} %"
    return portrait(media, gains, f"“{best.part}”: {told.rank} of {told.among}{sure}")


@dataclass(frozen=True, slots=True)
class _Standing:
    """The item's row, and its rank among so many."""

    row: Row
    rank: int
    among: int


def _said(parts: Parts, ask: Ask, found: Ranking, item: Item) -> list[Said]:
    """What the parts of the query say of the candidates and the item: the search's own words.

    What they say of one item depends on the others (how far a copy is ahead of the runner-up, the
    ranks before training), so only an item that is no candidate is asked about by itself.
    """
    if any(row[2][0].item_id == item.id for row in found.rows):
        return list(found.said)
    return [
        _changed(part, item, own.rows)
        for part, own in zip(found.said, said_of(parts, ask, found, item.id), strict=True)
    ]


def _changed(part: Said, item: Item, rows: Sequence[Row]) -> Said:
    """What a part of the query says when it says this of the item."""
    others = [row for row in part.rows if row[2][0].item_id != item.id]
    return replace(part, rows=sorted([*others, *rows], key=order))


def _matches(part: Said, item: Item) -> list[Match]:
    """What a part of the query finds in the item, strongest first."""
    return next((row[2] for row in part.rows if row[2][0].item_id == item.id), [])


def _standing(said: Sequence[Said], found: Ranking, item: Item) -> _Standing | None:
    """Where the item stands; None when it is not found."""
    rows = [row for row in together(said) if row[2][0].item_id not in found.own]
    ids = [row[2][0].item_id for row in rows]
    if item.id not in ids:
        return None
    place = ids.index(item.id)
    return _Standing(rows[place], place + 1, len(rows))


Loss = tuple[str, _Standing | None]
"""What is left out, and where the item stands without it; None when it is found no more."""


def _testimonies(
    parts: Parts, found: Ranking, said: Sequence[Said], number: int, item: Item
) -> list[tuple[Testimony, Loss | None]]:
    """What one part of the query says, and the worst loss for each thing it says."""
    asked = found.asked[number]
    matches = _matches(said[number], item)
    told: list[tuple[Testimony, Loss | None]] = []
    for match in _strongest(matches):
        plain = Testimony(
            part=asked.term.name,
            weight=asked.term.weight,
            kind="words" if match.text else "same" if match.same else "near",
            channel=match.channel,
            confidence=match.confidence or 0.0,
            score=match.score,
            text=match.text.snippet if match.text else "",
        )
        if match.probe is not None and found.space is not None:
            told.append(_near(parts.store, found, said, number, match, plain, item))
        else:
            rest = [
                m for m in matches if (m.text is None, m.same) != (match.text is None, match.same)
            ]
            label = _WITHOUT[plain.kind].format(asked.term.name)
            told.append((plain, _loss(label, said, number, rest, found, item)))
    return told


_WITHOUT = {
    "words": "the words “{}”",
    "same": "the same content",
    "near": "the likeness as a whole",
}
"""What is left out when one kind of match is."""


def _strongest(matches: Sequence[Match]) -> list[Match]:
    """The best match of each kind and channel."""
    best: dict[tuple[bool, bool, Channel | None], Match] = {}
    for match in matches:
        best.setdefault((match.text is not None, match.same, match.channel), match)
    return list(best.values())


def _loss(
    label: str,
    said: Sequence[Said],
    number: int,
    rest: Sequence[Match],
    found: Ranking,
    item: Item,
) -> Loss:
    """Where the item stands when one part of the query finds only the rest in it."""
    changed = list(said)
    rows = merge(rest, calibrated=found.space is not None)
    changed[number] = _changed(said[number], item, rows)
    return (label, _standing(changed, found, item))


def _near(
    store: Store,
    found: Ranking,
    said: Sequence[Said],
    number: int,
    match: Match,
    plain: Testimony,
    item: Item,
) -> tuple[Testimony, Loss | None]:
    """The match in the common space, each segment of its channel left out in turn."""
    channel, probe, space = match.channel, match.probe, found.space
    if channel is None or probe is None or space is None:
        return plain, None
    segments = store.segments(item.id)[channel]
    local = store.local([item.id], channel)[item.id]
    modality = tower(item.modality, channel)
    hit = space.embed(modality, [within(local, *(match.span or (0, len(segments))))])[0]
    plain = replace(
        plain, of_query=_of_query(found.asked[number], probe, space, hit, modality, plain)
    )
    cosines = _without_each(local, segments, channel, probe, space, item)
    if not cosines:
        return plain, None
    numbers = list(cosines)
    sure = space.confidence(probe.kind, modality, np.array(list(cosines.values()), np.float32))
    parts = [
        Contribution(place(segments[no]), plain.confidence - float(p), segments[no])
        for no, p in zip(numbers, sure, strict=True)
    ]
    ordered = sorted(parts, key=lambda part: -part.gain)
    worst = int(np.argmin(sure))
    rest = [m for m in _matches(said[number], item) if m.channel is not channel or m.probe is None]
    weaker = replace(match, score=cosines[numbers[worst]], confidence=float(sure[worst]))
    label = place(segments[numbers[worst]])
    shown = replace(plain, of_hit=tuple(ordered))
    return shown, _loss(label, said, number, [weaker, *rest], found, item)


def _of_query(
    asked: Asked, probe: Probe, space: Space, hit: Float32, modality: Modality, plain: Testimony
) -> tuple[Contribution, ...]:
    """What matters most of the query: its words, or the segments of the example."""
    rest: list[tuple[str, Segment | None, Float32]] = []
    if asked.example is None:
        words = asked.words.split()
        for n, word in enumerate(words):
            z = word_vector(" ".join(words[:n] + words[n + 1 :]), space)
            rest += [] if z is None else [(word, None, z)]
    else:
        rest = _rest_of_example(asked.example, probe, space)
    if not rest:
        return ()
    cosines = np.array([float(z @ hit) for *_, z in rest], dtype=np.float32)
    sure = space.confidence(probe.kind, modality, cosines)
    parts = [
        Contribution(name, plain.confidence - float(p), segment)
        for (name, segment, _), p in zip(rest, sure, strict=True)
    ]
    return tuple(sorted(parts, key=lambda part: -part.gain))


def _rest_of_example(
    example: Example, probe: Probe, space: Space
) -> list[tuple[str, Segment | None, Float32]]:
    """The example's vector without each of its segments, in the channel that the probe is of."""
    for channel, local in example.local.items():
        if tower(example.modality, channel) is probe.modality:
            numbers = _spread(np.unique(local.segment_of_step))
            if len(numbers) > 1:
                z = space.embed(probe.modality, [_blanked(local, int(no)) for no in numbers])
                segments = [example.segments[channel][int(no)] for no in numbers]
                return [(place(s), s, row) for s, row in zip(segments, z, strict=True)]
    return []


def _spread(numbers: Int64) -> Int64:
    if len(numbers) <= MANY:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, MANY).round().astype(np.int64)]


def _without_each(
    local: Local,
    segments: Sequence[Segment],
    channel: Channel,
    probe: Probe,
    space: Space,
    item: Item,
) -> dict[int, float]:
    """Segment number to the best cosine that the channel offers without it.

    A segment is left out by putting the mean of the others in its place: what reads all places of
    a picture then still reads as many.
    """
    numbers = _spread(np.unique(local.segment_of_step))
    if len(numbers) < 2:
        return {}
    modality = tower(item.modality, channel)
    spans = moments(segments)
    wholes = [part for span in spans if len((part := within(local, *span)).x)]
    kept = [span for span in spans if len(within(local, *span).x)]
    as_they_are = space.embed(modality, wholes) @ probe.z
    blanked = [_blanked(local, int(no)) for no in numbers]
    found = space.embed(modality, blanked) @ probe.z
    best = {}
    for no, cosine in zip(numbers.tolist(), found.tolist(), strict=True):
        untouched = [
            float(c)
            for (first, last), c in zip(kept, as_they_are, strict=True)
            if not first <= no <= last
        ]
        best[no] = max([float(cosine), *untouched])
    return best


def _blanked(local: Local, no: int) -> Local:
    own = local.segment_of_step == no
    x = local.x.astype(np.float32, copy=True)
    x[own] = x[~own].mean(axis=0)
    return Local(x, local.segment_of_step)
