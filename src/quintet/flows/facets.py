"""Facets: how the items of a search, or of the library, divide by label, medium, year …"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from quintet.flows import asking
from quintet.flows.asking import Ask
from quintet.flows.parts import Parts
from quintet.store.sqlite import Store

DEFAULT = ("modality", "label", "year", "language")
"""What is counted unless something else is asked for."""

_CONDITION = {"year": "date"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Items of one value.

    Attributes:
        count: items of the result that have it.
        expected: how many of them are relevant, by the sum of their confidences; None where the
            items have none.
        where: the condition that keeps these items.
    """

    value: str
    count: int
    expected: float | None
    where: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One key and its values, the most promising first, then the most frequent.

    Attributes:
        values: the first of them; ``more`` are not listed.
        without: items of the result that have no value of the key.
        total: items of the result. One item may have several values.
    """

    key: str
    values: tuple[Bucket, ...]
    more: int
    without: int
    total: int


def facets(parts: Parts, ask: Ask, keys: Sequence[str], values: int) -> list[Facet]:
    """The whole result of a search divided by keys, however few hits are shown of it.

    Without terms it is all items that meet the conditions. The result holds what ``search`` would
    list with ``k`` large enough, and every item whose text holds the words.

    Raises:
        FilterError: a key that no item has.
        UsageError: as for ``search``.
    """
    store = parts.store
    if not ask.terms:
        ids: Collection[str] | None = None
        if ask.where or ask.modalities:
            ids = store.find(ask.where, ask.modalities)
        return [_facet(store, key, ids, None, values) for key in keys]
    sure = result(parts, ask)
    told = None if None in sure.values() else {i: p for i, p in sure.items() if p is not None}
    return [_facet(store, key, sure.keys(), told, values) for key in keys]


def result(parts: Parts, ask: Ask) -> dict[str, float | None]:
    """Item id to confidence, of all items of a search."""
    store = parts.store
    everything = replace(ask, k=max(1, store.count(ask.where, ask.modalities)))
    rows = asking.ranking(parts, everything).rows
    sure = {row[2][0].item_id: row[1] for row in rows if (row[1] or 0.0) >= ask.min_confidence}
    if ask.min_confidence == 0:
        trained = store.active_id() is not None
        for term in ask.terms:
            if term.words and term.wanted:
                for item_id in store.text_items(term.words, ask.where, ask.modalities):
                    sure.setdefault(item_id, 0.0 if trained else None)
    return sure


def _facet(
    store: Store,
    key: str,
    ids: Collection[str] | None,
    sure: Mapping[str, float] | None,
    values: int,
) -> Facet:
    key = key.strip().lower()
    items: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    some: set[str] = set()
    for item_id, value in store.facet(key, ids):
        same = value if key == "folder" else value.casefold()
        items.setdefault(same, []).append(item_id)
        spelt.setdefault(same, value)
        some.add(item_id)
    buckets = [_bucket(key, spelt[same], own, sure) for same, own in items.items()]
    buckets.sort(key=lambda b: (-(b.expected or 0.0), -b.count, b.value))
    total = store.count() if ids is None else len(ids)
    shown = tuple(buckets[:values])
    return Facet(key, shown, len(buckets) - len(shown), total - len(some), total)


def _bucket(key: str, value: str, ids: Sequence[str], sure: Mapping[str, float] | None) -> Bucket:
    own = frozenset(ids)
    expected = None if sure is None else sum(sure[i] for i in own)
    return Bucket(value, len(own), expected, f"{_CONDITION.get(key, key)}={value}")
