"""Batches that hold rows of every modality, for losses between modalities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from quintet.maths.objects import rows_by_object
from quintet.maths.padding import pad
from quintet.types import Float32, Int64, Modality


@dataclass(frozen=True)
class Part:
    """Rows of one modality in a batch.

    Attributes:
        x: (b, t, d) float32, zero beyond the mask.
        mask: (b, t) bool, True where a step is real.
        label: (b,) int64, -1 where unknown.
        object: (b,) int64, which object a row shows; in an aligned batch row i of every part
            shows the same one, or is -1 where a modality has no row of it (such a row is filler).
    """

    x: Tensor
    mask: Tensor
    label: Tensor
    object: Tensor


Batch = Mapping[Modality, Part]


@dataclass(frozen=True)
class Pool:
    """All rows of one modality, ready to be drawn from.

    Attributes:
        x: n sequences (t_i, d) float32.
        label: (n,) int64, -1 where unknown.
        object: (n,) int64, see ``maths.objects``; None where a method asks for none.
    """

    x: Sequence[Float32]
    label: Int64
    object: Int64 | None = None

    def part(self, rows: Sequence[int], device: torch.device) -> Part:
        """Those rows, padded to the longest of them; -1 for a row of zeros that shows nothing."""
        blank = np.zeros_like(self.x[0][:1])
        x, mask = pad([self.x[i] if i >= 0 else blank for i in rows])
        chosen = np.asarray(rows, dtype=np.int64)
        label = np.where(chosen >= 0, self.label[chosen], -1)
        shown = label if self.object is None else np.where(chosen >= 0, self.object[chosen], -1)
        arrays = (torch.from_numpy(a).to(device) for a in (x, mask, label, shown))
        return Part(*arrays)


def mixed(
    pools: Mapping[Modality, Pool], rows: int, device: torch.device, updates: int | None = None
) -> Callable[[torch.Generator], Iterator[Batch]]:
    """Batches with ``rows`` rows of every modality; a modality with fewer repeats its rows.

    Each modality draws its classes evenly and, within a class, goes through all rows before it
    repeats one; rows without label are a class of their own.

    Args:
        updates: batches in an epoch; None for one pass over the largest modality.
    """
    largest = max(len(pool.x) for pool in pools.values())
    count = updates or -(-largest // rows)

    def epoch(random: torch.Generator) -> Iterator[Batch]:
        draws = {m: _balanced(pool.label, random) for m, pool in pools.items()}
        for _ in range(count):
            yield {
                m: pool.part([next(draws[m]) for _ in range(rows)], device)
                for m, pool in pools.items()
            }

    return epoch


def aligned(
    pools: Mapping[Modality, Pool], rows: int, device: torch.device, updates: int | None = None
) -> Callable[[torch.Generator], Iterator[Batch]]:
    """Batches of ``rows`` objects: row i of every modality shows the same object.

    All objects that two modalities share come once before any comes again; of an object with
    several rows in a modality, the rows come in turn. Classes that stand for objects come as
    often as the modality with most of their rows has rows.

    Args:
        updates: batches in an epoch; None for one pass over the objects.
    """
    rows_of = rows_by_object({m: p.object for m, p in pools.items() if p.object is not None})
    weight = _weights(rows_of)
    count = updates or -(-sum(weight.values()) // rows)

    def epoch(random: torch.Generator) -> Iterator[Batch]:
        draws = {(m, o): _endless(r, random) for m, of in rows_of.items() for o, r in of.items()}
        objects = _endless(np.repeat(list(weight), list(weight.values())), random)
        for _ in range(count):
            chosen = [next(objects) for _ in range(rows)]
            yield {
                m: pools[m].part(
                    [next(draws[m, o]) if (m, o) in draws else -1 for o in chosen], device
                )
                for m in rows_of
            }

    return epoch


def _weights(rows_of: Mapping[Modality, Mapping[int, Int64]]) -> dict[int, int]:
    """Object to how often it comes in a pass: most rows of it in one modality, if two share it."""
    held: dict[int, list[int]] = {}
    for of in rows_of.values():
        for o, rows in of.items():
            held.setdefault(o, []).append(len(rows))
    return {o: max(counts) for o, counts in sorted(held.items()) if len(counts) > 1}


def _balanced(label: Int64, random: torch.Generator) -> Iterator[int]:
    """Row numbers without end: classes in turn, in shuffled order; rows of a class in turn."""
    of_class = [_endless(np.flatnonzero(label == c), random) for c in np.unique(label)]
    while True:
        for c in torch.randperm(len(of_class), generator=random).tolist():
            yield next(of_class[c])


def _endless(rows: Int64, random: torch.Generator) -> Iterator[int]:
    while True:
        for i in torch.randperm(len(rows), generator=random).tolist():
            yield int(rows[i])
