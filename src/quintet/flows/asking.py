"""From what a user asks to hits: words, an example file, or an item of the library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from quintet.errors import FileProblem, NotFittedError, UsageError
from quintet.flows import alike
from quintet.flows.parts import Parts
from quintet.flows.reading import decode, encode, opened, tracks
from quintet.flows.search import (
    DEPTH,
    Match,
    Probe,
    Row,
    alike_matches,
    hits,
    merge,
    space_matches,
    text_matches,
)
from quintet.flows.shelves import Shelf
from quintet.flows.space import WORDS, Space
from quintet.models.encoders.text_pieces import TextPieces
from quintet.store.sqlite import Store
from quintet.types import Channel, Hit, Local, Modality, TextMedia, tower

KNOWN_SHARE = 0.25
"""A text of which training saw a smaller share of the words means nothing to the common space."""


@dataclass(frozen=True)
class Ask:
    """What is asked for, beside the example.

    Attributes:
        modalities: only these media; all when empty.
        where: conditions that every hit meets.
        k: hits wanted; ``per_medium`` at most so many of each medium.
    """

    words: str | None
    modalities: tuple[Modality, ...]
    where: Sequence[str]
    k: int
    min_confidence: float = 0.0
    per_medium: int | None = None


@dataclass(frozen=True)
class Example:
    """Something to search by: its medium, and the local features and words of its channels."""

    modality: Modality
    local: Mapping[Channel, Local]
    texts: Mapping[Channel, str]


def search(parts: Parts, ask: Ask, example: Example | None) -> list[Hit]:
    """Hits for words, an example, or both."""
    words = (ask.words or "").strip()
    if not words and example is None:
        raise UsageError(
            "nothing to search for: give words, or an example (--like FILE; like=FILE in Python)"
        )
    _check_bounds(ask)
    space = parts.space()
    if ask.min_confidence > 0 and space is None:
        raise UsageError(
            "min_confidence needs calibrated hits, and this library is not trained; "
            "run: quintet train"
        )
    allowed = _allowed(parts.store, ask)
    count = max(DEPTH, 4 * ask.k)
    found: list[Match] = []
    if words:
        found += text_matches(parts.store.text_search(words, 5 * count), words, space, allowed)
    found += _near(parts, ask, space, words, example, allowed, count)
    rows = [row for row in merge(found) if (row[1] or 0.0) >= ask.min_confidence]
    rows = _spread(parts.store, rows, ask) if ask.per_medium else rows[: ask.k]
    return hits(rows, parts.store, space.embed if space else None)


def _check_bounds(ask: Ask) -> None:
    if ask.k < 1:
        raise UsageError(f"k={ask.k}: at least one hit must be asked for")
    if ask.per_medium is not None and ask.per_medium < 1:
        raise UsageError(f"per_medium={ask.per_medium}: at least one hit of each medium")
    if not 0.0 <= ask.min_confidence <= 1.0:
        raise UsageError(f"min_confidence={ask.min_confidence} is no probability; it is 0 to 1")


def _spread(store: Store, rows: Sequence[Row], ask: Ask) -> list[Row]:
    """The first k rows with at most ``per_medium`` of each medium."""
    kept: list[Row] = []
    room = dict.fromkeys(Modality, ask.per_medium or 0)
    medium = {i.id: i.modality for i in store.get_many([row[2][0].item_id for row in rows])}
    for row in rows:
        modality = medium[row[2][0].item_id]
        if room[modality] > 0 and len(kept) < ask.k:
            room[modality] -= 1
            kept.append(row)
    return kept


def similar(parts: Parts, name: str, ask: Ask) -> list[Hit]:
    """Hits like an item of the library, that item left out."""
    item = parts.store.resolve(name)
    segments = parts.store.segments(item.id)
    local = {c: parts.store.local([item.id], c).get(item.id) for c in segments}
    texts = {c: " ".join(s.text for s in own) for c, own in segments.items() if own[0].text}
    example = Example(item.modality, {c: x for c, x in local.items() if x is not None}, texts)
    wanted = replace(ask, k=ask.k + 1, per_medium=ask.per_medium and ask.per_medium + 1)
    found = [hit for hit in search(parts, wanted, example) if hit.item.id != item.id]
    return [
        Hit(h.item, rank, h.score, h.confidence, h.evidence)
        for rank, h in enumerate(found[: ask.k], start=1)
    ]


def read_example(parts: Parts, path: Path) -> Example:
    """Decode and encode a file that is not added.

    Raises:
        FileProblem: it cannot be opened or read.
    """
    try:
        with opened(os.path.realpath(path)) as file:
            media = decode(parts.box, file, str(path))
        texts = {c: t.text for c, t in tracks(media).items() if isinstance(t, TextMedia)}
        return Example(media.modality, encode(parts.encoders, media), texts)
    except FileProblem as e:
        raise FileProblem(e.code, f"{path}: {e.detail}") from e


def find(store: Store, names: Sequence[str], where: Sequence[str]) -> list[str]:
    """Ids of the items named by path, folder or id; of all items when none is named.

    Raises:
        UnknownName: a name that is no item and no folder with items in it.
    """
    meeting = store.find(where)
    if not names:
        return meeting
    ids = dict.fromkeys(i for name in names for i in _named(store, name))
    return [i for i in meeting if i in ids]


def _named(store: Store, name: str) -> list[str]:
    folder = PurePath(Path(name).expanduser().absolute())
    inside = [
        item.id
        for item in store.get_many(store.find())
        if any(PurePath(p).is_relative_to(folder) for p in (item.path, *item.others))
    ]
    return inside or [store.resolve(name).id]


def _allowed(store: Store, ask: Ask) -> frozenset[str] | None:
    if not ask.where and not ask.modalities:
        return None
    return frozenset(store.find(ask.where, ask.modalities))


def _near(
    parts: Parts,
    ask: Ask,
    space: Space | None,
    words: str,
    example: Example | None,
    allowed: frozenset[str] | None,
    count: int,
) -> list[Match]:
    if space is None:
        if example is None:
            return []
        _check_alike(example, ask)
        shelves = _wanted(parts.shelves(alike.MODEL), ask)
        return alike_matches(_alike_probes(example), shelves, allowed, count)
    probes = _word_probes(words, space) if words else []
    probes += _example_probes(example, space) if example else []
    active = parts.store.active_id()
    shelves = _wanted(parts.shelves(active), ask) if active and probes else []
    return space_matches(probes, shelves, space, allowed, count)


def _wanted(shelves: Sequence[Shelf], ask: Ask) -> list[Shelf]:
    return [s for s in shelves if not ask.modalities or s.modality in ask.modalities]


def _check_alike(example: Example, ask: Ask) -> None:
    readable = {tower(example.modality, channel) for channel in example.local}
    if Modality.AUDIO in readable or Modality.TEXT in readable:
        readable.add(Modality.VIDEO)
    beyond = [m for m in ask.modalities if m not in readable]
    if beyond and len(beyond) == len(ask.modalities):
        raise NotFittedError(
            f"an untrained library finds alikes of {example.modality} within its medium only, "
            f"not {', '.join(beyond)}; run: quintet train"
        )


def _word_probes(words: str, space: Space) -> list[Probe]:
    x = TextPieces().word_pieces(words)
    if not space.knows(words) or not len(x):
        return []
    local = Local(x, np.zeros(len(x), dtype=np.int64))
    return [Probe(WORDS, Modality.TEXT, space.embed(Modality.TEXT, [local])[0])]


def _example_probes(example: Example, space: Space) -> list[Probe]:
    probes = []
    readable = False
    for channel, local in example.local.items():
        modality = tower(example.modality, channel)
        if len(local.x) and space.reads(modality):
            readable = True
            if channel in example.texts and space.knows(example.texts[channel]) < KNOWN_SHARE:
                continue
            probes.append(Probe(modality, modality, space.embed(modality, [local])[0]))
    if not readable:
        raise NotFittedError(
            f"the active model was trained without {example.modality}; "
            "add labelled items of that medium and run: quintet train"
        )
    return probes


def _alike_probes(example: Example) -> list[Probe]:
    return [
        Probe(m, m, alike.pooled(local))
        for channel, local in example.local.items()
        if len(local.x)
        for m in [tower(example.modality, channel)]
    ]
