"""Hits by item, by moment, or one for all that have nearly the same content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quintet.errors import UsageError
from quintet.flows import asking
from quintet.flows.asking import Ask, Asked, Ranking
from quintet.flows.compose import Said
from quintet.flows.duplicates import alike_among
from quintet.flows.ordering import ordered
from quintet.flows.parts import Parts
from quintet.flows.search import Match, Probe, Row, hits, merge, text_matches
from quintet.flows.shelves import Shelf
from quintet.types import Channel, Hit, tower

GROUPS = ("item", "segment", "near")

Owner = tuple[str, Channel | None]
Span = tuple[int, int]

_WINDOW = 4
"""Rows looked at per hit wanted, at first, when alikes are put together."""


@dataclass(frozen=True)
class Showing:
    """How hits are shown: ``group_by`` one of GROUPS, ``sort`` one of ``ordering.SORTS``."""

    group_by: str = "item"
    sort: str = "confidence"
    reverse: bool = False


def shown(parts: Parts, ask: Ask, showing: Showing) -> list[Hit]:
    """The most relevant hits, grouped, then put in order.

    Raises:
        UsageError: no such group or order, or as for ``asking.search``.
    """
    if showing.group_by not in GROUPS:
        raise UsageError(f"group_by={showing.group_by!r} is none of {', '.join(GROUPS)}")
    ordered([], showing.sort)
    search = {"item": asking.search, "segment": by_moment, "near": by_content}[showing.group_by]
    return ordered(search(parts, ask), showing.sort, reverse=showing.reverse)


def by_content(parts: Parts, ask: Ask) -> list[Hit]:
    """One hit for all items with nearly the same content: the best of them; the others as alike."""
    found = asking.ranking(parts, replace(ask, k=_WINDOW * ask.k))
    rows = [row for row in found.rows if (row[1] or 0.0) >= ask.min_confidence]
    window = _WINDOW * ask.k
    while True:
        groups = _together(parts, rows[:window])
        if len(groups) >= ask.k or window >= len(rows):
            break
        window *= 2
    best = asking.cut(parts.store, [group[0] for group in groups], ask)
    others = {_item(g[0]): tuple(_item(row) for row in g[1:]) for g in groups}
    made = hits(best, parts.store, found.space.pieces if found.space else None)
    return [replace(hit, alike=others[hit.item.id]) for hit in made]


def _together(parts: Parts, rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of the same content beside each other, in the order of the best."""
    of_item = alike_among(parts, [_item(row) for row in rows])
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(of_item.get(_item(row), _item(row)), []).append(row)
    return list(groups.values())


def by_moment(parts: Parts, ask: Ask) -> list[Hit]:
    """One hit for each moment that matches: a shot, ten seconds of sound, a place in a text.

    The best moments lie in the best items, so those are found first; then all their moments are
    asked. What speaks for an item as a whole, such as its name, is a hit of its own.
    """
    found = asking.ranking(parts, ask)
    sure = [row for row in found.rows if (row[1] or 0.0) >= ask.min_confidence]
    items = frozenset(_item(row) for row in asking.cut(parts.store, sure, ask))
    said = [
        Said(asked.term.weight, merge(_keyed(_moments(parts, found, asked, part, items))))
        for asked, part in zip(found.asked, found.said, strict=True)
    ]
    rows = [_unkeyed(row) for row in asking.together(said)]
    rows = [row for row in rows if (row[1] or 0.0) >= ask.min_confidence]
    return _in_rounds(parts, found, asking.cut(parts.store, rows, ask))


def _in_rounds(parts: Parts, found: Ranking, rows: Sequence[Row]) -> list[Hit]:
    """Hits of rows of which several may be of one item; evidence is found item by item."""
    rounds: list[list[int]] = []
    times: dict[str, int] = {}
    for place, row in enumerate(rows):
        n = times[_item(row)] = times.get(_item(row), 0) + 1
        if n > len(rounds):
            rounds.append([])
        rounds[n - 1].append(place)
    pieces = found.space.pieces if found.space else None
    made = {
        place: hit
        for places in rounds
        for place, hit in zip(
            places, hits([rows[p] for p in places], parts.store, pieces), strict=True
        )
    }
    return [replace(made[place], rank=place + 1) for place in sorted(made)]


def _moments(
    parts: Parts, found: Ranking, asked: Asked, part: Said, items: frozenset[str]
) -> list[Match]:
    """What one part of the query says of the moments of these items."""
    matches = [m for row in part.rows if _item(row) in items for m in row[2]]
    whole = [m for m in matches if m.text is not None and m.span is None]
    near = _near(parts, found, [m for m in matches if m.probe], items)
    said: list[Match] = []
    if asked.words:
        places = parts.store.text_places(asked.words, sorted(items))
        said = text_matches(places, asked.words, found.space, None)
    copies = [m for m in matches if m.same]
    spans = _spans(near)
    return [*whole, *near, *(_placed(m, spans.get(_owner(m), ())) for m in (*said, *copies))]


def _near(
    parts: Parts, found: Ranking, matches: Sequence[Match], items: frozenset[str]
) -> list[Match]:
    """Every stretch of these items, compared with the probes that found them."""
    if found.space is None:
        return list(matches)
    probes = {id(m.probe): m.probe for m in matches if m.probe}.values()
    shelves = parts.shelves(parts.store.active_id() or "")
    made = [m for p in probes for s in shelves for m in _stretches(found, p, s, items)]
    spans = _spans(made)
    return [m for m in made if m.span not in _whole(spans[_owner(m)])]


def _owner(match: Match) -> Owner:
    return match.item_id, match.channel


def _spans(matches: Iterable[Match]) -> dict[Owner, set[Span]]:
    spans: dict[Owner, set[Span]] = {}
    for match in matches:
        if match.span:
            spans.setdefault(_owner(match), set()).add(match.span)
    return spans


def _whole(spans: set[Span]) -> set[Span]:
    """The span of an item as a whole, where it has moments beside."""
    return {(0, max(last for _, last in spans))} if len(spans) > 1 else set()


def _stretches(found: Ranking, probe: Probe, shelf: Shelf, items: frozenset[str]) -> list[Match]:
    rows = shelf.every(probe.z, items)
    cosines = np.array([row.score for row in rows], dtype=np.float32)
    if found.space is None or not rows:
        return []
    p = found.space.confidence(probe.kind, tower(shelf.modality, shelf.channel), cosines)
    return [
        Match(row.item_id, row.score, float(c), shelf.channel, row.span, probe)
        for row, c in zip(rows, p, strict=True)
    ]


def _placed(match: Match, spans: Iterable[Span]) -> Match:
    """A match in a segment, as one of the moment that holds its beginning."""
    if match.span is None:
        return match
    no = match.span[0]
    holding = next((span for span in spans if span[0] <= no <= span[1]), None)
    return replace(match, span=holding) if holding else match


_APART = "#"


def _keyed(matches: Iterable[Match]) -> list[Match]:
    """Matches under the name of their moment, so that moments are merged as items are."""
    return [
        replace(m, item_id=_APART.join([m.item_id, m.channel or "", *map(str, m.span or ())]))
        for m in matches
    ]


def _unkeyed(row: Row) -> Row:
    score, confidence, matches = row
    return score, confidence, [replace(m, item_id=m.item_id.split(_APART)[0]) for m in matches]


def _item(row: Row) -> str:
    return row[2][0].item_id
