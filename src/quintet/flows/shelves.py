"""The vectors of one model, one index per item modality and channel, built from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quintet.flows import alike
from quintet.index.files import cached
from quintet.index.flat import Flat
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
    index: Flat
    item_ids: Sequence[str]
    spans: NDArray[np.int64]
    mean: Float32 | None = None
    scale: Float32 | None = None

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
        mask = np.fromiter((i in items for i in self.item_ids), np.bool_, len(self.item_ids))
        rows = [
            (int(np.searchsorted(self.index.keys, key)), score)
            for key, score in self.index.search(z, int(mask.sum()), mask)
        ]
        spans = [(int(first), int(last)) for first, last in self.spans[[row for row, _ in rows]]]
        return [
            Found(self.item_ids[row], span, score)
            for (row, score), span in zip(rows, spans, strict=True)
        ]

    def _search(self, z: Float32, wanted: int, mask: Bool | None) -> list[Found]:
        best: dict[str, Found] = {}
        for key, score in self.index.search(z, wanted, mask):
            row = int(np.searchsorted(self.index.keys, key))
            item_id = self.item_ids[row]
            if item_id not in best:
                first, last = self.spans[row]
                best[item_id] = Found(item_id, (int(first), int(last)), score)
        return list(best.values())

    def standardised(self, z: Float32) -> Float32:
        """A pooled query vector as a unit vector of this shelf."""
        if self.mean is None or self.scale is None:
            return z
        unit: Float32 = alike.standardised(z[None], self.mean, self.scale)[0]
        return unit

    def _mask(self, allowed: frozenset[str] | None) -> Bool | None:
        if allowed is None:
            return None
        return np.fromiter((i in allowed for i in self.item_ids), np.bool_, len(self.item_ids))


def open_shelves(store: Store, model_id: str) -> list[Shelf]:
    """The shelves of a model: from their cache files, or built from the store."""
    return [_open(store, model_id, m, c) for m, c in store.shelves(model_id)]


def _open(store: Store, model_id: str, modality: Modality, channel: Channel) -> Shelf:
    stamp = _stamp(store, model_id)
    path = store.folder / "index" / f"{model_id}-{modality}-{channel}"
    arrays = cached(path, stamp, lambda: _build(store, model_id, modality, channel))
    keys, rows = np.asarray(arrays["keys"]), np.asarray(arrays["rows"])
    return Shelf(
        modality=modality,
        channel=channel,
        index=Flat(keys.astype(np.int64, copy=False), rows.astype(np.float32, copy=False)),
        item_ids=[str(i, "ascii") for i in arrays["item_ids"].tolist()],
        spans=arrays["spans"].astype(np.int64, copy=False),
        mean=_float(arrays.get("mean")),
        scale=_float(arrays.get("scale")),
    )


def _stamp(store: Store, model_id: str) -> str:
    """What an index file was built from: the model and the generation of its vectors."""
    count, last = store.generation(model_id)
    return f"2:{model_id}:{count}:{last}"


def _float(array: NDArray[np.generic] | None) -> Float32 | None:
    return None if array is None else array.astype(np.float32, copy=False)


def _build(
    store: Store, model_id: str, modality: Modality, channel: Channel
) -> dict[str, NDArray[np.generic]]:
    found = store.vectors(model_id, modality, channel)
    z = found.z
    extra: dict[str, NDArray[np.generic]] = {}
    if model_id == alike.MODEL:
        mean, scale = alike.spread(z)
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


def keep_only(store: Store, model_ids: Sequence[str]) -> None:
    """Delete cache files of models that are there no more."""
    for path in (store.folder / "index").glob("*"):
        if not any(path.name.startswith(f"{i}-") for i in model_ids):
            path.unlink(missing_ok=True)
