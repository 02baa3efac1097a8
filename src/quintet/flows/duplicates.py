"""Items with nearly the same content: encoded again, resized, wrapped or turned otherwise.

Two items are such a pair when their pooled features are near each other among those of the library
(that finds candidates, by the index of alikes) and their local features are nearly the same: of
pictures and sounds, laid over each other; of the others, nearly every one of each has its like in
the other. An excerpt has only one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quintet.flows import alike
from quintet.flows.copies import of_steps
from quintet.flows.parts import Parts
from quintet.flows.shelves import Shelf
from quintet.maths.interaction import best_matches, in_step
from quintet.maths.padding import evenly
from quintet.maths.rows import unit_rows
from quintet.store.sqlite import Store
from quintet.types import OWN_CHANNEL, Float32, Int64, Item, Modality

NEAREST = 8
"""Nearest neighbours of each item that are candidates; larger groups hang together by them."""

FEW = 64
"""In a smaller library pooled features say too little about who is near: all pairs are compared."""

STEPS = 64
"""Local features of an item that are looked for in the other, evenly spaced, among …"""

HELD = 1024
"""… so many of the other's."""

BLOCK = 256
"""Items asked about, or pairs compared, at a time."""

LAID_OVER = (Modality.IMAGE, Modality.AUDIO)
"""Media whose copies keep their course from step to step, though each step may be changed."""

SAME: Mapping[Modality, tuple[float, float]] = {
    Modality.IMAGE: (0.6, 0.78),
    Modality.VIDEO: (0.5, 0.84),
    Modality.TEXT: (0.6, 0.9),
    Modality.AUDIO: (0.3, 0.8),
    Modality.MESH: (0.6, 0.98),
}
"""Cosine of pooled features from which a pair is a candidate, and the likeness of local ones from
which it is the same. Chosen by ``python -m bench duplicates`` on copies of training files."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Alike:
    """Items with nearly the same content, the largest file first.

    Attributes:
        likeness: 0..1, of the pair that is least alike among those that tie the group together.
    """

    modality: Modality
    items: tuple[Item, ...]
    likeness: float


@dataclass(frozen=True)
class Pair:
    """Two items, their positions on a shelf, and how alike they are."""

    one: int
    other: int
    likeness: float


def duplicates(
    parts: Parts,
    where: Sequence[str],
    modalities: Sequence[Modality],
    on_progress: Progress,
) -> list[Alike]:
    """Groups of items with nearly the same content, the largest group first."""
    allowed = frozenset(parts.store.find(where, modalities)) if where or modalities else None
    groups = [
        group
        for shelf in _own_shelves(parts)
        for group in _groups(parts.store, shelf, allowed, on_progress)
    ]
    return sorted(groups, key=lambda g: (-len(g.items), -g.likeness, g.items[0].path))


def alike_among(parts: Parts, ids: Sequence[str]) -> dict[str, str]:
    """Item to the first item of ``ids`` with nearly the same content, of those that have one."""
    place = {item_id: n for n, item_id in enumerate(ids)}
    found: dict[str, str] = {}
    for shelf in _own_shelves(parts):
        rows = np.flatnonzero(shelf.mask(frozenset(ids)))
        pairs = list(_same(parts.store, shelf, list(_all_pairs(shelf, rows))))
        for members, _ in _tied(pairs):
            own = sorted((shelf.item(row) for row in members), key=place.__getitem__)
            found.update(dict.fromkeys(own, own[0]))
    return found


def _own_shelves(parts: Parts) -> list[Shelf]:
    """What items are in their own medium: of a video its picture."""
    return [s for s in parts.shelves(alike.MODEL) if s.channel is OWN_CHANNEL[s.modality]]


def _groups(
    store: Store, shelf: Shelf, allowed: frozenset[str] | None, on_progress: Progress
) -> Iterator[Alike]:
    own = np.arange(len(shelf.item_ids))
    rows = own if allowed is None else np.flatnonzero(shelf.mask(allowed))
    near = (
        _all_pairs(shelf, rows)
        if len(shelf.item_ids) < FEW
        else candidates(shelf, rows, on_progress)
    )
    pairs = list(_same(store, shelf, sorted(set(near))))
    for members, likeness in _tied(pairs):
        items = store.get_many([shelf.item(row) for row in members])
        items.sort(key=lambda item: (-item.size_bytes, item.path))
        yield Alike(shelf.modality, tuple(items), likeness)


def _all_pairs(shelf: Shelf, rows: Int64) -> Iterator[tuple[int, int]]:
    z = shelf.index.vectors(rows)
    few = len(shelf.item_ids) < FEW
    for n, row in enumerate(rows.tolist()):
        later = rows[n + 1 :]
        near = later if few else later[z[n + 1 :] @ z[n] >= _pooled(shelf)]
        yield from ((row, int(other)) for other in near)


def candidates(shelf: Shelf, rows: Int64, on_progress: Progress) -> Iterator[tuple[int, int]]:
    """Pairs of neighbours whose pooled features are near enough, by the index."""
    mask = np.zeros(len(shelf.item_ids), dtype=np.bool_)
    mask[rows] = True
    allowed = None if mask.all() else mask
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        found = shelf.index.search_many(shelf.index.vectors(block), NEAREST + 1, allowed)
        for row, neighbours in zip(block.tolist(), found, strict=True):
            for key, score in neighbours:
                other = int(np.searchsorted(shelf.index.keys, key))
                if other != row and score >= _pooled(shelf):
                    yield min(row, other), max(row, other)
        on_progress(f"compare {shelf.modality}", min(start + BLOCK, len(rows)), len(rows))


def _pooled(shelf: Shelf) -> float:
    return SAME[shelf.modality][0]


def _same(store: Store, shelf: Shelf, pairs: Sequence[tuple[int, int]]) -> Iterator[Pair]:
    """The pairs whose local features are nearly the same."""
    for pair in compared(store, shelf, pairs):
        if pair.likeness >= SAME[shelf.modality][1]:
            yield pair


def compared(store: Store, shelf: Shelf, pairs: Sequence[tuple[int, int]]) -> Iterator[Pair]:
    """Pairs of rows of a shelf of pooled features, with the likeness of their local features."""
    if shelf.mean is None or shelf.scale is None:
        return
    mean, scale = of_steps(shelf.mean, shelf.scale)
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        ids = [shelf.item(row) for row in sorted({row for pair in block for row in pair})]
        steps: dict[str, Float32] = {
            item_id: np.asarray((evenly(local.x, HELD) - mean) / scale, dtype=np.float32)
            for item_id, local in store.local(ids, shelf.channel).items()
        }
        for one, other in block:
            x, y = steps[shelf.item(one)], steps[shelf.item(other)]
            yield Pair(one, other, _likeness(shelf.modality, x, y))


def _likeness(modality: Modality, x: Float32, y: Float32) -> float:
    if modality in LAID_OVER and min(len(x), len(y)) > 1:
        return in_step(x, y, STEPS)
    one, other = unit_rows(x), unit_rows(y)
    return min(_held(one, other), _held(other, one))


def _held(x: Float32, y: Float32) -> float:
    """How well the steps of x are found in y: an excerpt is, but not the other way round."""
    return float(best_matches(evenly(x, STEPS), y)[0].mean())


def _tied(pairs: Iterable[Pair]) -> Iterator[tuple[list[int], float]]:
    """Rows that hang together, and the least likeness that ties them."""
    held = list(pairs)
    if not held:
        return
    rows = sorted({row for pair in held for row in (pair.one, pair.other)})
    at = {row: n for n, row in enumerate(rows)}
    ends = ([at[p.one] for p in held], [at[p.other] for p in held])
    graph = coo_array((np.ones(len(held)), ends), shape=(len(rows), len(rows)))
    _, number = connected_components(graph, directed=False)
    least: dict[int, float] = {}
    members: dict[int, list[int]] = {}
    for pair in held:
        group = int(number[at[pair.one]])
        least[group] = min(least.get(group, 1.0), pair.likeness)
    for row in rows:
        members.setdefault(int(number[at[row]]), []).append(row)
    for group, own in members.items():
        yield own, least[group]
