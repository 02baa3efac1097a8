"""Matching rows of two media in an aligned batch: who belongs to whom, and hinges over the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from quintet.nets.batches import Batch
from quintet.types import Modality


def meetings(
    batch: Batch, z: Mapping[Modality, Tensor], *, classes: bool = False
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Every two media of an aligned batch, filler left out.

    Args:
        z: modality to (b, k) embeddings, row i of each of the same object.
        classes: rows of one known class belong together as well, whatever their objects.

    Yields:
        x and y (r, k) of two media, row i of both showing one object; and (r, r) bool, True where
        a row of x and a row of y belong together: on the diagonal, and of one object or class.
    """
    media = list(z)
    for i, m in enumerate(media):
        for other in media[i + 1 :]:
            first, second = batch[m], batch[other]
            both = (first.object >= 0) & (second.object >= 0)
            if not both.any():
                continue
            objects = first.object[both]
            right = objects[:, None] == objects
            if classes:
                a, b = first.label[both], second.label[both]
                right = right | ((a[:, None] == b) & (b >= 0))
            yield z[m][both], z[other][both], right


def hinges(cosines: Tensor, right: Tensor, margin: float) -> Tensor:
    """By how much a wrong match fails to be worse than the right one by the margin.

    Args:
        cosines: (b, b); a row's own match is on the diagonal.
        right: (b, b) bool, True where a match is right as well: never a negative.

    Returns:
        (2b, b) ``max(0, margin + wrong - own)``: of every row against all columns, then of every
        column against all rows; 0 where the match is right.

    >>> hinges(torch.tensor([[0.5, 0.25], [0.75, 0.5]]), torch.eye(2).bool(), 0.5).tolist()
    [[0.0, 0.25], [0.75, 0.0], [0.0, 0.75], [0.25, 0.0]]
    """
    own = cosines.diagonal()[:, None]
    both = torch.cat([margin + cosines - own, margin + cosines.T - own])
    return torch.relu(both).masked_fill(torch.cat([right, right.T]), 0.0)
