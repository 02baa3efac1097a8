"""From what a user asks to hits: words, an example file, or an item of the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from quintet.errors import NotFittedError, UsageError
from quintet.flows import alike
from quintet.flows.compose import Said, pooled
from quintet.flows.copies import copies
from quintet.flows.examples import Example, example
from quintet.flows.parts import Parts
from quintet.flows.query import Term
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
from quintet.flows.space import Space
from quintet.maths.rows import SMALL
from quintet.models.encoders.text_pieces import TextPieces
from quintet.store.sqlite import Store
from quintet.types import Float32, Hit, Local, Modality, tower

KNOWN_SHARE = 0.25
"""A text of which training saw a smaller share of the words means nothing to the common space."""


@dataclass(frozen=True)
class Ask:
    """What is asked for.

    Attributes:
        terms: parts of the query, at least one of them wanted.
        modalities: only these media; all when empty.
        where: conditions that every hit meets.
        k: hits wanted; ``per_medium`` at most so many of each medium.
    """

    terms: tuple[Term, ...]
    modalities: tuple[Modality, ...] = ()
    where: Sequence[str] = ()
    k: int = 10
    min_confidence: float = 0.0
    per_medium: int | None = None


@dataclass(frozen=True)
class Asked:
    """One part of the query and what it shows; None for words."""

    term: Term
    example: Example | None

    @property
    def words(self) -> str:
        """The typed words, empty for an example."""
        return self.term.words.strip()


@dataclass(frozen=True)
class Ranking:
    """All candidates of a query.

    Attributes:
        rows: best first; ``said`` what each part of the query says, in the order of ``asked``.
        own: ids of the items that are parts of the query; they are no answers to it.
    """

    asked: Sequence[Asked]
    said: Sequence[Said]
    rows: Sequence[Row]
    space: Space | None
    own: frozenset[str] = frozenset()


def search(parts: Parts, ask: Ask) -> list[Hit]:
    """Hits for the parts of the query; items that are parts themselves are left out."""
    found = ranking(parts, ask)
    rows = [row for row in found.rows if (row[1] or 0.0) >= ask.min_confidence]
    rows = cut(parts.store, rows, ask)
    return hits(rows, parts.store, found.space.pieces if found.space else None)


def ranking(parts: Parts, ask: Ask) -> Ranking:
    """All candidates for the parts of the query but those that are parts themselves."""
    _check(parts, ask)
    asked = [Asked(term, example(parts, term)) for term in ask.terms]
    space = parts.space()
    said = _said(parts, ask, space, asked)
    own = frozenset(a.example.item_id for a in asked if a.example)
    rows = [row for row in together(said) if _item(row) not in own]
    return Ranking(asked, said, rows, space, own)


def together(said: Sequence[Said]) -> list[Row]:
    """One list of what all parts of a query say."""
    return list(said[0].rows) if len(said) == 1 else pooled(said)


def said_of(parts: Parts, ask: Ask, found: Ranking, item_id: str) -> list[Said]:
    """What each part of the query says of one item that is not among the candidates.

    It is no copy: that needs to be among the nearest, and shows only beside them.
    """
    only = frozenset({item_id})
    return [
        Said(a.term.weight, merge([m for m in matches if not m.same]))
        for a in found.asked
        for matches in [_matches(parts, ask, found.space, a, only, DEPTH)]
    ]


def _item(row: Row) -> str:
    return row[2][0].item_id


def check_count(k: int) -> None:
    """See that hits are asked for.

    Raises:
        UsageError: none are.
    """
    if k < 1:
        raise UsageError(f"k={k}: at least one hit must be asked for")


def _check(parts: Parts, ask: Ask) -> None:
    if not any(term.wanted for term in ask.terms):
        without = "" if not ask.terms else " beside what is unwanted"
        raise UsageError(
            f"nothing to search for{without}: give words, or an example "
            "(--like FILE; like=FILE in Python)"
        )
    check_count(ask.k)
    if ask.per_medium is not None and ask.per_medium < 1:
        raise UsageError(f"per_medium={ask.per_medium}: at least one hit of each medium")
    if not 0.0 <= ask.min_confidence <= 1.0:
        raise UsageError(f"min_confidence={ask.min_confidence} is no probability; it is 0 to 1")
    if ask.min_confidence > 0 and parts.store.active_id() is None:
        raise UsageError(
            "min_confidence needs calibrated hits, and this library is not trained; "
            "run: quintet train"
        )


def _said(parts: Parts, ask: Ask, space: Space | None, asked: Sequence[Asked]) -> list[Said]:
    """What every part says of all candidates.

    Every wanted part brings candidates, and so does their sum in the common space; then every part
    is asked about all of them.
    """
    allowed = _allowed(parts.store, ask)
    count = max(DEPTH, 4 * ask.k)
    first = [_matches(parts, ask, space, a, allowed, count) for a in asked if a.term.wanted]
    if len(asked) == 1:
        return [Said(asked[0].term.weight, merge(first[0]))]
    candidates = frozenset(m.item_id for found in first for m in found)
    if space is not None:
        candidates |= _near_sum(parts, ask, space, asked, allowed, count)
    depth = max(count, len(candidates))
    return [
        Said(a.term.weight, merge(_matches(parts, ask, space, a, candidates, depth))) for a in asked
    ]


def _near_sum(
    parts: Parts,
    ask: Ask,
    space: Space,
    asked: Sequence[Asked],
    allowed: frozenset[str] | None,
    count: int,
) -> frozenset[str]:
    """Ids near the weighted sum of the parts in the common space: image − word + word."""
    near = [(a.term.weight, probe) for a in asked for probe in probes(a, space)]
    if not near:
        return frozenset()
    total = sum((w * probe.z for w, probe in near), np.zeros_like(near[0][1].z))
    z = total / max(float(np.linalg.norm(total)), SMALL)
    shelves = _wanted(parts.shelves(parts.store.active_id() or ""), ask)
    return frozenset(row.item_id for shelf in shelves for row in shelf.search(z, count, allowed))


def _matches(
    parts: Parts,
    ask: Ask,
    space: Space | None,
    asked: Asked,
    allowed: frozenset[str] | None,
    count: int,
) -> list[Match]:
    """What one part of the query finds: by its words, and near it."""
    found: list[Match] = []
    if asked.words:
        texts = parts.store.text_search(asked.words, 5 * count, ask.where, ask.modalities, allowed)
        found += text_matches(texts, asked.words, space, allowed)
    if asked.example is not None:
        shelves = _wanted(parts.shelves(alike.MODEL), ask)
        found += copies(asked.example, shelves, parts.store, allowed)
    if space is None:
        return found + _alikes(parts, ask, asked.example, allowed, count)
    near = probes(asked, space)
    shelves = _wanted(parts.shelves(parts.store.active_id() or ""), ask) if near else []
    return found + space_matches(near, shelves, space, allowed, count)


def cut(store: Store, rows: Sequence[Row], ask: Ask) -> list[Row]:
    """The first k rows with at most ``per_medium`` of each medium."""
    if ask.per_medium is None:
        return list(rows[: ask.k])
    kept: list[Row] = []
    room = dict.fromkeys(Modality, ask.per_medium)
    medium = store.media([_item(row) for row in rows])
    for row in rows:
        modality = medium[_item(row)]
        if room[modality] > 0 and len(kept) < ask.k:
            room[modality] -= 1
            kept.append(row)
    return kept


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


def _alikes(
    parts: Parts,
    ask: Ask,
    example: Example | None,
    allowed: frozenset[str] | None,
    count: int,
) -> list[Match]:
    if example is None:
        return []
    _check_alike(example, ask)
    shelves = _wanted(parts.shelves(alike.MODEL), ask)
    return alike_matches(_alike_probes(example), shelves, allowed, count)


def probes(asked: Asked, space: Space) -> list[Probe]:
    """The vectors of one part of a query in the common space."""
    if asked.example is not None:
        return _example_probes(asked.example, space)
    return _word_probes(asked.words, space)


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
    z = word_vector(words, space)
    if z is None or not space.knows(words):
        return []
    return [Probe(space.kind(words), Modality.TEXT, z)]


def word_vector(words: str, space: Space) -> Float32 | None:
    """(k,) of typed words in the common space; None when there is nothing in them to read."""
    x = TextPieces().word_pieces(words)
    if not len(x):
        return None
    z: Float32 = space.embed(Modality.TEXT, [Local(x, np.zeros(len(x), dtype=np.int64))])[0]
    return z


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
