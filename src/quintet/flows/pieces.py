"""Vectors of single segments in a common space; the latest are kept: the same hits come again."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from quintet.flows.moments import within
from quintet.types import Float32, Int64, Local, Modality

MOST_BYTES = 64 << 20

Embed = Callable[[Modality, Sequence[Local]], Float32]
Key = tuple[str, int, int, int]


@dataclass(frozen=True)
class Stretch:
    """Segments ``first..last``, both included, of one channel of an item."""

    item_id: str
    local: Local
    first: int
    last: int

    @property
    def key(self) -> Key:
        """What it is known by; of other features it is another."""
        return (self.item_id, zlib.crc32(self.local.x.tobytes()), self.first, self.last)


class Pieces:
    """Segment vectors of a space; safe to use from several threads.

    Args:
        embed: (n, k) unit rows of n rows of local features.
        most_bytes: of vectors that are kept.
    """

    def __init__(self, embed: Embed, most_bytes: int = MOST_BYTES) -> None:
        self._embed = embed
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, tuple[Int64, Float32]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def of(self, modality: Modality, wanted: Sequence[Stretch]) -> list[tuple[Int64, Float32]]:
        """Of each stretch the numbers of its segments that have features, and their vectors."""
        keys = [stretch.key for stretch in wanted]
        with self._one_at_a_time:
            return self._found(modality, keys, wanted)

    def _found(
        self, modality: Modality, keys: Sequence[Key], wanted: Sequence[Stretch]
    ) -> list[tuple[Int64, Float32]]:
        new = {k: s for k, s in zip(keys, wanted, strict=True) if k not in self._kept}
        self._make(modality, new)
        found = [self._kept[key] for key in keys]
        for key in keys:
            self._kept.move_to_end(key)
        while self._bytes > self._most:
            _, (_, z) = self._kept.popitem(last=False)
            self._bytes -= z.nbytes
        return found

    def _make(self, modality: Modality, new: dict[Key, Stretch]) -> None:
        """Embed all segments of the new stretches in one go."""
        numbers = {k: _numbers(stretch) for k, stretch in new.items()}
        rows = [within(new[k].local, int(no), int(no)) for k, own in numbers.items() for no in own]
        if not rows:
            self._kept |= {k: (own, np.zeros((0, 1), np.float32)) for k, own in numbers.items()}
            return
        z = self._embed(modality, rows)
        ends = np.cumsum([len(own) for own in numbers.values()])
        for (key, own), part in zip(numbers.items(), np.split(z, ends[:-1]), strict=True):
            self._kept[key] = (own, part.copy())
            self._bytes += part.nbytes


def _numbers(stretch: Stretch) -> Int64:
    return np.unique(within(stretch.local, stretch.first, stretch.last).segment_of_step)
