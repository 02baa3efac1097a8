"""The vectors of one model, one index per item modality and channel, built from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quintet.flows import alike
from quintet.index.flat import Flat
from quintet.types import Bool, Channel, Float32, Modality


@dataclass(frozen=True, slots=True)
class Found:
    """One indexed stretch of an item and its cosine to the query."""

    item_id: str
    span: tuple[int, int]
    score: float


@dataclass(frozen=True)
class Shelf:
    """The index of one channel of one modality, and what its keys stand for.

    Attributes:
        item_ids, spans: per row of the index: the item, and (first, last) segment number.
        mean, scale: (k,) standardisation of pooled vectors; None in a trained space.
    """

    modality: Modality
    channel: Channel
    index: Flat
    item_ids: Sequence[str]
    spans: Sequence[tuple[int, int]]
    row_of_key: dict[int, int]
    mean: Float32 | None = None
    scale: Float32 | None = None

    def search(self, z: Float32, count: int, allowed: frozenset[str] | None) -> list[Found]:
        """The best stretch of each of the ``count`` nearest items, best first."""
        best: dict[str, Found] = {}
        stretches = len(self.item_ids) / max(1, len(set(self.item_ids)))
        wanted = min(len(self.item_ids), int(count * max(1.0, 2 * stretches)))
        for key, score in self.index.search(z, wanted, self._mask(allowed)):
            row = self.row_of_key[key]
            item_id = self.item_ids[row]
            if item_id not in best:
                best[item_id] = Found(item_id, self.spans[row], score)
        return list(best.values())[:count]

    def standardised(self, z: Float32) -> Float32:
        """A pooled query vector as a unit vector of this shelf."""
        if self.mean is None or self.scale is None:
            return z
        return alike.standardised(z[None], self.mean, self.scale)[0]

    def _mask(self, allowed: frozenset[str] | None) -> Bool | None:
        if allowed is None:
            return None
        return np.fromiter((i in allowed for i in self.item_ids), dtype=bool)
