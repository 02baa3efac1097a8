"""A map of the common space: where items lie beside each other, in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import PurePath

import numpy as np

from quintet.errors import NotFittedError, UsageError
from quintet.flows.parts import Parts
from quintet.index.files import Arrays, cached
from quintet.maths.rows import unit_rows
from quintet.store.sqlite import Store
from quintet.types import OWN_CHANNEL, Float32, Modality

MOST = 3000
"""Items of a map."""

ANCHORS = 600
"""Items that t-SNE places; further ones go among the anchors that they are nearest to."""

NEIGHBOURS = 5
"""Anchors that decide where a further item lies."""

WIDTH = 50
"""Principal components that t-SNE sees."""

PERPLEXITY = 30.0
ITERATIONS = 400
FEW = 5
"""Fewer items lie as their first two principal components say."""


@dataclass(frozen=True, slots=True)
class Point:
    """An item on the map; x and y are -1..1, name is that of its file."""

    id: str
    modality: Modality
    label: str | None
    x: float
    y: float
    name: str


def points(parts: Parts, limit: int) -> list[Point]:
    """At most ``limit`` items of the active model's space, all media in equal shares.

    The places are kept beside the indexes until the vectors change; a smaller map is the first
    points of the largest.

    Raises:
        NotFittedError: no model is trained.
        UsageError: the limit is not 1 to MOST.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit={limit}: a map shows 1 to {MOST} items")
    store = parts.store
    active = store.active_id()
    if active is None:
        raise NotFittedError("there is no common space to draw before training; run: quintet train")
    stamp = f"{active} {store.generation(active)} {MOST} {ANCHORS} {PERPLEXITY} {ITERATIONS}"
    path = store.folder / "index" / f"{active}-map"
    found = cached(path, stamp, lambda: _placed(store, active))
    ids = [str(i, "ascii") for i in found["ids"].tolist()][:limit]
    places = dict(zip(ids, np.asarray(found["xy"]).tolist(), strict=False))
    return [
        Point(i.id, i.modality, i.label, x, y, PurePath(i.path).name)
        for i in store.get_many(ids)
        for x, y in [places[i.id]]
    ]


def _placed(store: Store, model_id: str) -> Arrays:
    ids, z = _sample(store, model_id)
    return {"ids": np.array([i.encode() for i in ids], dtype="S64"), "xy": placed(z)}


def _sample(store: Store, model_id: str) -> tuple[list[str], Float32]:
    """Ids and unit vectors; ids are digests, so the smallest ones are a sample by chance."""
    per_medium = [_means(store, model_id, m) for m in Modality]
    turns = zip_longest(*(sorted(means) for means in per_medium))
    ids = [i for i in chain.from_iterable(turns) if i is not None][:MOST]
    of = {i: z for means in per_medium for i, z in means.items()}
    return ids, unit_rows(np.array([of[i] for i in ids], dtype=np.float32))


def _means(store: Store, model_id: str, modality: Modality) -> dict[str, Float32]:
    """Item id to the sum of its vectors, of a medium's own channel."""
    sums: dict[str, Float32] = {}
    for part in store.vector_parts(model_id, modality, OWN_CHANNEL[modality], 16_384):
        for item_id, z in zip(part.item_ids, part.z, strict=True):
            sums[item_id] = sums[item_id] + z if item_id in sums else z
    return sums


def placed(z: Float32) -> Float32:
    """(n, k) unit rows to (n, 2) in -1..1; the same rows always to the same places."""
    if len(z) == 0:
        return np.zeros((0, 2), dtype=np.float32)
    narrow = _components(z)
    anchors = _tsne(narrow[:ANCHORS])
    xy = np.concatenate([anchors, _among(z[ANCHORS:], z[:ANCHORS], anchors)])
    xy -= (xy.max(axis=0) + xy.min(axis=0)) / 2
    spread = float(np.abs(xy).max())
    made: Float32 = (xy / spread if spread > 0 else xy).astype(np.float32)
    return made


def _components(z: Float32) -> Float32:
    if (z == z[0]).all():  # no spread, hence no direction
        return np.zeros((len(z), 1), dtype=np.float32)
    from sklearn.decomposition import PCA  # takes a second, and only a map needs it

    width = min(WIDTH, *z.shape)
    made: Float32 = PCA(width, svd_solver="full", random_state=0).fit_transform(z)
    return made


def _tsne(narrow: Float32) -> Float32:
    n = len(narrow)
    if n < FEW or narrow.shape[1] < 2:
        return np.pad(narrow[:, :2], ((0, 0), (0, 2 - min(2, narrow.shape[1]))))
    from sklearn.manifold import TSNE

    spread = min(PERPLEXITY, (n - 1) / 3)
    first = narrow[:, :2] / max(float(narrow[:, 0].std()), 1e-9) * 1e-4
    made: Float32 = TSNE(
        perplexity=spread, init=first, max_iter=ITERATIONS, random_state=0
    ).fit_transform(narrow)
    return made


def _among(z: Float32, anchors: Float32, places: Float32) -> Float32:
    """Further rows at the mean place of their nearest anchors, the nearer the heavier."""
    if not len(z):
        return np.zeros((0, 2), dtype=np.float32)
    cosine = z @ anchors.T
    near = np.argsort(-cosine, axis=1)[:, :NEIGHBOURS]
    weight = np.clip(np.take_along_axis(cosine, near, axis=1), 1e-3, None) ** 8
    weight /= weight.sum(axis=1, keepdims=True)
    made: Float32 = np.einsum("nk,nkd->nd", weight, places[near])
    return made
