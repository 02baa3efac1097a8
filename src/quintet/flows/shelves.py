"""The vectors of one model, one index per item modality and channel, built from the store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quintet.flows import alike, indexes
from quintet.flows import large as large_shelves
from quintet.flows.large import Large, Place, Progress, build_all, current, opened
from quintet.index.files import cached, described
from quintet.index.flat import Flat
from quintet.index.ivf import IVF
from quintet.index.qdrant import Qdrant
from quintet.store.sqlite import Store
from quintet.types import Bool, Channel, Float32, Modality


@dataclass(frozen=True, slots=True)
class Found:
    """One indexed stretch of an item and its cosine to the query."""

    item_id: str
    span: tuple[int, int]
    score: float


@dataclass(frozen=True)
class Shelf:
    """The index of one channel of one modality, and what its rows stand for.

    Attributes:
        item_ids: n per row of the index, its item; ``spans`` (n, 2) first and last segment.
        mean, scale: (k,) standardisation of pooled vectors; None in a trained space.
    """

    modality: Modality
    channel: Channel
    index: Flat | IVF | Qdrant
    item_ids: NDArray[np.bytes_]
    spans: NDArray[np.int64]
    mean: Float32 | None = None
    scale: Float32 | None = None
    _masks: list[tuple[frozenset[str], Bool]] = field(default_factory=list, init=False, repr=False)

    def search(self, z: Float32, count: int, allowed: frozenset[str] | None) -> list[Found]:
        """The best stretch of each of the ``count`` nearest items, best first."""
        wanted = 2 * count
        mask = self._mask(allowed)
        while True:
            best = self._search(z, wanted, mask)
            if len(best) >= count or wanted >= len(self.item_ids):
                return best[:count]
            wanted = min(len(self.item_ids), wanted * 4)

    def every(self, z: Float32, items: frozenset[str]) -> list[Found]:
        """All stretches of these items, best first."""
        mask = self.mask(items)
        return self._found(self.index.search(z, int(np.count_nonzero(mask)), mask))

    def item(self, row: int) -> str:
        """The item of a row of the index."""
        return str(self.item_ids[row], "ascii")

    def _search(self, z: Float32, wanted: int, mask: Bool | None) -> list[Found]:
        best: dict[str, Found] = {}
        for found in self._found(self.index.search(z, wanted, mask)):
            best.setdefault(found.item_id, found)
        return list(best.values())

    def _found(self, near: Sequence[tuple[int, float]]) -> list[Found]:
        rows = np.searchsorted(self.index.keys, [key for key, _ in near])
        spans = self.spans[rows].tolist()
        return [
            Found(self.item(row), (first, last), score)
            for row, (_, score), (first, last) in zip(rows.tolist(), near, spans, strict=True)
        ]

    def standardised(self, z: Float32) -> Float32:
        """A pooled query vector as a unit vector of this shelf."""
        if self.mean is None or self.scale is None:
            return z
        unit: Float32 = alike.standardised(z[None], self.mean, self.scale)[0]
        return unit

    def _mask(self, allowed: frozenset[str] | None) -> Bool | None:
        return None if allowed is None else self.mask(allowed)

    def mask(self, allowed: frozenset[str]) -> Bool:
        """(n,) which rows are of these items; the last mask is kept, and cannot be written to."""
        for known, mask in self._masks:
            if known == allowed:
                return mask
        items, item_of_row = self._items
        wanted = np.array(sorted(allowed), dtype=np.bytes_)
        at = np.searchsorted(items, wanted)
        at, wanted = at[at < len(items)], wanted[at < len(items)]
        chosen = np.zeros(len(items), dtype=np.bool_)
        chosen[at[items[at] == wanted]] = True
        mask = chosen[item_of_row]
        mask.flags.writeable = False
        self._masks[:] = [(allowed, mask)]
        return mask

    @cached_property
    def _items(self) -> tuple[NDArray[np.bytes_], NDArray[np.int32]]:
        """The items in order, and (n,) which of them each row is of."""
        items, item_of_row = np.unique(self.item_ids, return_inverse=True)
        return items, item_of_row.astype(np.int32)


class Kept:
    """Large index files that are open, so that a change to the library does not read them again.

    Several libraries of one folder may share them, each in a thread of its own.
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[tuple[int, int], Large | None]] = {}
        self._one_at_a_time = threading.Lock()

    def large(self, store: Store, place: Place) -> Large | None:
        """The file of a shelf, read when it is another than before."""
        path = place.path(store)
        with self._one_at_a_time:
            mark = _mark(path)
            kept = self._files.get(path)
            if kept is None or kept[0] != mark:
                kept = self._files[path] = mark, opened(store, place)
        return kept[1]


def _mark(path: Path) -> tuple[int, int]:
    """Changes when another file takes the place of this one."""
    try:
        found = path.with_name(f"{path.name}.json").stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


def marks(store: Store, model_id: str) -> tuple[tuple[int, int], ...]:
    """Change when a large index of the model has been built."""
    return tuple(_mark(Place(model_id, m, c).path(store)) for m, c in store.shelves(model_id))


def open_shelves(store: Store, model_id: str, kept: Kept | None = None) -> list[Shelf]:
    """The shelves of a model: from their cache files or server, or built from the store."""
    places = [Place(model_id, m, c) for m, c in store.shelves(model_id)]
    if indexes.are_elsewhere(store):
        return [_open_served(store, place) for place in places]
    return [_open_large(store, p, kept or Kept()) or _open_exact(store, p) for p in places]


def _open_large(store: Store, place: Place, kept: Kept) -> Shelf | None:
    """The shelf on its approximate index, None if it has none that fits the store."""
    large = kept.large(store, place)
    now = current(store, place, large) if large else None
    if large is None or now is None or len(now.index) < large_shelves.EXACT_BELOW:
        return None
    rows = (now.item_ids, now.spans)
    return Shelf(place.modality, place.channel, now.index, *rows, large.mean, large.scale)


def _open_exact(store: Store, place: Place) -> Shelf:
    stamp = _stamp(store, place.model_id)
    path = exact_path(store, place)
    arrays = cached(path, stamp, lambda: _build(store, place))
    keys, rows = np.asarray(arrays["keys"]), np.asarray(arrays["rows"])
    index = Flat(keys.astype(np.int64, copy=False), rows.astype(np.float32, copy=False))
    return _shelf(place, index, arrays)


def _open_served(store: Store, place: Place) -> Shelf:
    index, arrays = indexes.served(
        store,
        place.model_id,
        f"{place.modality}-{place.channel}",
        exact_path(store, place),
        _stamp(store, place.model_id),
        lambda spread: _build(store, place, spread),
    )
    return _shelf(place, index, arrays)


def _shelf(place: Place, index: Flat | Qdrant, arrays: indexes.Arrays) -> Shelf:
    return Shelf(
        modality=place.modality,
        channel=place.channel,
        index=index,
        item_ids=np.asarray(arrays["item_ids"]).astype(np.bytes_, copy=False),
        spans=arrays["spans"].astype(np.int64, copy=False),
        mean=_float(arrays.get("mean")),
        scale=_float(arrays.get("scale")),
    )


def exact_path(store: Store, place: Place) -> Path:
    """Of the file of a shelf's exact index, without suffix."""
    name = f"{place.model_id}-{place.modality}-{place.channel}"
    return store.folder / "index" / name


def _stamp(store: Store, model_id: str) -> str:
    """What an index file was built from: the model and the generation of its vectors."""
    count, last = store.generation(model_id)
    return f"2:{model_id}:{count}:{last}"


def _float(array: NDArray[np.generic] | None) -> Float32 | None:
    return None if array is None else array.astype(np.float32, copy=False)


def _build(
    store: Store, place: Place, spread: indexes.Spread | None = None
) -> dict[str, NDArray[np.generic]]:
    found = store.vectors(place.model_id, place.modality, place.channel)
    z = found.z
    extra: dict[str, NDArray[np.generic]] = {}
    if place.model_id == alike.MODEL:
        mean, scale = spread or alike.spread(z)
        z = alike.standardised(z, mean, scale)
        extra = {"mean": mean, "scale": scale}
    index = Flat()
    index.add(found.keys.tolist(), z)
    return {
        "keys": index.keys,
        "rows": index.rows,
        "item_ids": np.array(found.item_ids, dtype=np.bytes_),
        "spans": found.spans,
        **extra,
    }


def build_large(
    store: Store, model_ids: Sequence[str], on_progress: Progress, *, again: bool = False
) -> None:
    """Approximate indexes of large shelves; what is there serves until they are whole.

    Args:
        again: also those that are not stale.
    """
    for model_id in () if indexes.are_elsewhere(store) else model_ids:
        build_all(store, model_id, on_progress, again=again)


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """Which index answers for a shelf.

    Attributes:
        kind: ``exact`` (every vector is compared), ``approximate`` (codes propose candidates) or
            ``qdrant`` (a server answers).
        vectors: how many it answers for; ``outside`` of them came after it was built.
        memory_bytes: what it takes when it is open, None while no file says it.
        file_bytes: of its file, None while there is none.
    """

    model: str
    modality: Modality
    channel: Channel
    kind: str
    vectors: int
    outside: int
    memory_bytes: int | None
    file_bytes: int | None


def summaries(store: Store, model_ids: Sequence[str]) -> list[IndexSummary]:
    """The indexes of models, told from the manifests of their files."""
    places = [Place(i, m, c) for i in model_ids for m, c in store.shelves(i)]
    return [_summary(store, place) for place in places]


def _summary(store: Store, place: Place) -> IndexSummary:
    shelf = (place.model_id, place.modality, place.channel)
    n = len(store.vector_keys(*shelf))
    if indexes.are_elsewhere(store):
        return IndexSummary(*shelf, "qdrant", n, 0, None, None)
    codes = described(place.path(store)) if n >= large_shelves.EXACT_BELOW else None
    if codes is None:
        sizes = described(exact_path(store, place))
        total = sum(sizes.values()) if sizes else None
        return IndexSummary(*shelf, "exact", n, 0, total, total)
    memory = codes.get("codes", 0) + codes.get("keys", 0)
    outside = max(0, n - codes.get("keys", 0) // 8)
    return IndexSummary(*shelf, "approximate", n, outside, memory, sum(codes.values()))


def keep_only(store: Store, model_ids: Sequence[str]) -> None:
    """Delete exact index files, and all files of models that are there no more."""
    for path in (store.folder / "index").glob("*"):
        of_model = any(path.name.startswith(f"{i}-") for i in model_ids)
        if not (of_model and "-ivf." in path.name):
            path.unlink(missing_ok=True)
