"""Batches that hold rows of every modality, for losses between modalities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from quintet.maths.padding import pad
from quintet.types import Float32, Int64, Modality


@dataclass(frozen=True)
class Part:
    """Rows of one modality in a batch.

    Attributes:
        x: (b, t, d) float32, zero beyond the mask.
        mask: (b, t) bool, True where a step is real.
        label: (b,) int64, -1 where unknown.
    """

    x: Tensor
    mask: Tensor
    label: Tensor


Batch = Mapping[Modality, Part]


@dataclass(frozen=True)
class Pool:
    """All rows of one modality, ready to be drawn from.

    Attributes:
        x: n sequences (t_i, d) float32.
        label: (n,) int64, -1 where unknown.
    """

    x: Sequence[Float32]
    label: Int64

    def part(self, rows: Sequence[int], device: torch.device) -> Part:
        """Those rows, padded to the longest of them."""
        x, mask = pad([self.x[i] for i in rows])
        label = torch.from_numpy(self.label[np.asarray(rows, dtype=np.int64)])
        on = torch.from_numpy(x).to(device), torch.from_numpy(mask).to(device)
        return Part(on[0], on[1], label.to(device))


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
