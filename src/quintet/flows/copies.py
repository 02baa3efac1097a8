"""Copies and excerpts of an example, found by late interaction over local features.

The common space says what a thing is about; it hardly knows one picture of a dog from another. So
an example is also compared step by step with the items that look, sound or read most like it as a
whole, and what holds the example comes first, with the place where it does.

Source:
    MaxSim: Khattab & Zaharia 2020, "ColBERT". Ours: raw local features of five media, standardised;
    a logistic curve from the mean cosine and its lead over the runner-up to a probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError
from quintet.flows import alike
from quintet.flows.examples import Example
from quintet.flows.search import Match
from quintet.flows.shelves import Shelf
from quintet.maths.interaction import best_matches, standard_steps
from quintet.maths.padding import evenly
from quintet.maths.rows import FLAT
from quintet.store.sqlite import Store
from quintet.types import Float32, Local, Modality, tower

Float64 = NDArray[np.float64]

CANDIDATES = 200
"""Items compared step by step: those whose pooled features are most like the example's."""

STEPS = 64
"""Steps of the example that are compared, evenly spaced."""

INNER = (0.1, 0.9)
"""The example lies between these quantiles of the places where its steps were found."""

SURE: Mapping[Modality, tuple[float, float, float]] = {
    Modality.IMAGE: (10.3, 48.8, -9.8),
    Modality.VIDEO: (19.6, 31.1, -19.3),
    Modality.TEXT: (23.6, 18.2, -22.7),
    Modality.AUDIO: (25.1, 40.9, -25.3),
    Modality.MESH: (33.5, 28.0, -33.7),
}
"""Log-odds of a copy: weights of the mean cosine and of its lead over the best other item, and the
offset. Fitted by ``python -m bench excerpts`` on excerpts of training files, among few items and
many, with the file they were cut from and without it."""

MOST_LEAD = 0.1
"""A longer lead says no more: among few items, one is always far ahead."""

EXACT = 0.99
"""Mean cosine from which an item is a copy whatever else is like the example: there may be two."""

NEVER = 0.1
"""Less probable copies are none."""


def copies(
    example: Example,
    shelves: Sequence[Shelf],
    store: Store,
    allowed: frozenset[str] | None,
) -> list[Match]:
    """Items that hold the example or a part of it, in the channel and at the segments where.

    Args:
        shelves: of pooled features.
    """
    found: list[Match] = []
    for channel, local in example.local.items():
        modality = tower(example.modality, channel)
        alike_shelves = [s for s in shelves if tower(s.modality, s.channel) is modality]
        near = [m for s in alike_shelves for m in candidates(local, s, store, allowed)]
        sure = sureness(modality, np.array([match.score for match in near])).tolist()
        found += [replace(m, confidence=p) for m, p in zip(near, sure, strict=True) if p >= NEVER]
    return found


def candidates(
    local: Local, shelf: Shelf, store: Store, allowed: frozenset[str] | None
) -> list[Match]:
    """Items whose pooled features are most like those of the example, compared step by step.

    Raises:
        UsageError: the shelf holds vectors of a model.
    """
    if shelf.mean is None or shelf.scale is None:
        raise UsageError(f"the shelf of {shelf.modality} holds vectors of a model, not pooled ones")
    near = shelf.search(shelf.standardised(alike.pooled(local)), CANDIDATES, allowed)
    mean, scale = of_steps(shelf.mean, shelf.scale)
    query = standard_steps(evenly(local.x, STEPS), mean, scale)
    found = []
    for item_id, held in store.local([row.item_id for row in near], shelf.channel).items():
        cosines, at = best_matches(query, standard_steps(held.x, mean, scale))
        places = np.quantile(held.segment_of_step[at], INNER, method="nearest")
        span = (int(places[0]), int(places[1]))
        found.append(Match(item_id, float(cosines.mean()), None, shelf.channel, span, same=True))
    return found


def sureness(modality: Modality, cosine: Float64) -> Float64:
    """(n,) probability that each of n candidates is a copy, by its (n,) mean cosine and lead."""
    on_cosine, on_lead, offset = SURE[modality]
    p = 1 / (1 + np.exp(-(on_cosine * cosine + on_lead * leads(cosine) + offset)))
    return np.where(cosine >= EXACT, np.maximum(p, EXACT), p)


def leads(cosine: Float64) -> Float64:
    """(n,) how far each of n cosines is ahead of the best of the others; negative behind it.

    >>> leads(np.array([0.5, 0.75, 0.25])).tolist()
    [-0.25, 0.1, -0.5]
    """
    if len(cosine) < 2:
        return np.asarray(np.minimum(cosine, MOST_LEAD))
    second, best = np.partition(cosine, -2)[-2:]
    lead = cosine - np.where(np.arange(len(cosine)) == cosine.argmax(), second, best)
    return np.asarray(np.minimum(lead, MOST_LEAD))


def of_steps(mean: Float32, scale: Float32) -> tuple[Float32, Float32]:
    """(d,) mean and spread of steps, from those of pooled rows (mean ‖ deviation of the steps)."""
    d = len(mean) // 2
    spread = np.sqrt(np.square(scale[:d]) + np.square(mean[d:]))
    return mean[:d], np.where(spread > FLAT, spread, 1.0).astype(np.float32)
