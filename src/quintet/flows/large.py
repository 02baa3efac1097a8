"""Shelves too large to compare every vector: an approximate index, and what was added since.

The index file of a shelf is built from the store and named ``MODEL-MODALITY-CHANNEL-ivf``. It
serves until another one is whole: vectors of later keys are compared exactly beside it, those
that are gone are masked. A key is never used again, so a file is right as long as the vectors it
was made from carry the checksums that it noted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.flows import alike
from quintet.index.files import mapped, write
from quintet.index.ivf import IVF, Base
from quintet.index.rows import width
from quintet.store.sqlite import Store
from quintet.types import Channel, Float32, Modality

EXACT_BELOW = 200_000
"""Vectors of a shelf that are still compared one and all: about 15 ms a query and 0.3 GB, twice
what bench/speed.py measures for 100 000. Codes of fewer save too little to risk a neighbour."""

STALE = 0.1
"""A file is built again when so large a share of it was added or removed since."""

CHUNK = 16_384
"""Vectors read from the store at a time."""

SAMPLES = 64
"""Vectors whose checksums a file notes."""

ASKED = 128
"""Vectors of each other shelf that stand for its queries when breadth is measured."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Place:
    """Which shelf: a model's vectors of one channel of one modality."""

    model_id: str
    modality: Modality
    channel: Channel

    def path(self, store: Store) -> Path:
        """Of its file, without suffix."""
        name = f"{self.model_id}-{self.modality}-{self.channel}"
        return store.folder / "index" / f"{name}-ivf"


@dataclass(frozen=True)
class Large:
    """What the file of a shelf holds; all but ``base.codes`` and keys are maps of it.

    Attributes:
        item_ids: (n,) bytes; ``spans`` (n, 2) first and last segment.
        samples: some keys to the checksums of their vectors.
        mean, scale: standardisation of pooled vectors; None in a trained space.
    """

    base: Base
    item_ids: NDArray[np.bytes_]
    spans: NDArray[np.int64]
    samples: dict[int, bytes]
    mean: Float32 | None
    scale: Float32 | None


@dataclass(frozen=True)
class Current:
    """A large shelf as the store is now."""

    index: IVF
    item_ids: NDArray[np.bytes_]
    spans: NDArray[np.int64]


def opened(store: Store, place: Place) -> Large | None:
    """What the file holds, verified; None if there is none of this store."""
    found = mapped(place.path(store))
    if found is None or found[0] != _stamp(place):
        return None
    arrays: dict[str, Any] = dict(found[1])
    base = IVF.of(arrays).base
    keys, marks = arrays["sample_keys"].tolist(), arrays["sample_marks"].tolist()
    samples = {key: bytes(mark) for key, mark in zip(keys, marks, strict=True)}
    if base is None:
        return None
    spread = arrays.get("mean"), arrays.get("scale")
    return Large(base, arrays["item_ids"], arrays["spans"], samples, *spread)


def current(store: Store, place: Place, large: Large) -> Current | None:
    """The file's rows that are still there and what came since; None if it is of another store."""
    base = large.base
    there = store.vector_marks(list(large.samples))
    if not there or any(large.samples[key] != mark for key, mark in there.items()):
        return None
    keys = store.vector_keys(place.model_id, place.modality, place.channel)
    last = int(base.keys[-1])
    live = np.isin(base.keys, keys, assume_unique=True)
    if np.count_nonzero(live) + np.count_nonzero(keys > last) != len(keys):
        return None
    index = IVF(base)
    if live.all() and keys[-1] <= last:
        return Current(index, large.item_ids, large.spans)
    index.remove(base.keys[~live].tolist())
    new = store.vectors(place.model_id, place.modality, place.channel, after=last)
    if len(new.keys):
        index.add(new.keys.tolist(), _standardised(new.z, large.mean, large.scale))
    ids = np.array(new.item_ids, dtype=np.bytes_)
    return Current(
        index,
        np.concatenate([large.item_ids[live], ids]),
        np.concatenate([large.spans[live], new.spans]),
    )


def build_all(store: Store, model_id: str, on_progress: Progress, *, again: bool) -> None:
    """Write the files of a model's large shelves that are missing or stale, or all ``again``."""
    places = [Place(model_id, m, c) for m, c in store.shelves(model_id)]
    for place in places:
        keys = store.vector_keys(place.model_id, place.modality, place.channel)
        if len(keys) >= EXACT_BELOW and (again or _is_stale(store, place)):
            others = [p for p in places if p != place and model_id != alike.MODEL]
            asked = [z for other in others if len(z := _sample(store, other))]
            build(store, place, len(keys), asked, on_progress)


def _is_stale(store: Store, place: Place) -> bool:
    large = opened(store, place)
    now = current(store, place, large) if large else None
    if large is None or now is None:
        return True
    n = len(large.base.keys)
    lost = n - (len(now.index) - len(now.index.fresh))
    return lost + len(now.index.fresh) > STALE * n


def _sample(store: Store, place: Place) -> Float32:
    parts = store.vector_parts(place.model_id, place.modality, place.channel, ASKED)
    z = next((part.z for part in parts), np.zeros((0, 1), dtype=np.float32))
    out = np.zeros((len(z), width(z.shape[1])), dtype=np.float32)
    out[:, : z.shape[1]] = z
    return out


def build(store: Store, place: Place, n: int, asked: list[Float32], on_progress: Progress) -> bool:
    """Write the file of a shelf from the store; whether that could be done.

    The vectors wait in a file of their own meanwhile, so that memory holds the codes only.
    """
    path = place.path(store)
    try:
        path.parent.mkdir(exist_ok=True)
        with _scratch(path) as file:
            arrays = _gathered(store, place, n, file)
            rows = arrays["rows"]
            asked = [z for z in asked if z.shape[1] == rows.shape[1]]
            tick = lambda done: on_progress("index", done, n)  # noqa: E731
            index = IVF.build(arrays["keys"], rows, asked, tick)
            return write(path, _stamp(place), {**arrays, **index.arrays()})
    except OSError:
        return False


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A name that the next writer deletes if this one is killed."""
    file = path.with_name(f"{path.name}.rows.{os.getpid()}.tmp")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _gathered(store: Store, place: Place, n: int, file: Path) -> dict[str, Any]:
    """Keys, item ids, spans and standardised rows of a shelf; the rows in the file."""
    keys, ids, spans = [], [], []
    rows: Any = None
    done = 0
    for part in store.vector_parts(place.model_id, place.modality, place.channel, CHUNK):
        k = part.z.shape[1]
        if rows is None:
            rows = np.memmap(file, np.float32, "w+", shape=(n, width(k)))
        take = min(len(part.keys), n - done)
        rows[done : done + take, :k] = part.z[:take]
        keys.append(part.keys[:take])
        ids.append(np.array(part.item_ids[:take], dtype=np.bytes_))
        spans.append(part.spans[:take])
        done += take
    rows = rows[:done]
    arrays = {"keys": np.concatenate(keys), "rows": rows}
    arrays |= {"item_ids": np.concatenate(ids), "spans": np.concatenate(spans)}
    some = np.unique(np.linspace(0, done - 1, SAMPLES).astype(np.int64))
    marks = store.vector_marks(arrays["keys"][some].tolist())
    arrays["sample_keys"] = np.array(list(marks), dtype=np.int64)
    arrays["sample_marks"] = np.frombuffer(b"".join(marks.values()), np.uint8).reshape(-1, 8)
    return arrays | (_spread(rows, k) if place.model_id == alike.MODEL else {})


def _spread(rows: Float32, k: int) -> dict[str, Float32]:
    """Standardise pooled rows where they are, and by what."""
    sums = np.zeros((2, k))
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK, :k].astype(np.float64)
        sums += [part.sum(axis=0), (part**2).sum(axis=0)]
    mean = sums[0] / len(rows)
    deviation = np.sqrt(np.maximum(sums[1] / len(rows) - mean**2, 0.0))
    scale = np.where(deviation > alike.CONSTANT, deviation, 1.0).astype(np.float32)
    centre = mean.astype(np.float32)
    for start in range(0, len(rows), CHUNK):
        raw = rows[start : start + CHUNK, :k]
        rows[start : start + CHUNK, :k] = alike.standardised(raw, centre, scale)
    return {"mean": centre, "scale": scale}


def _standardised(z: Float32, mean: Float32 | None, scale: Float32 | None) -> Float32:
    return z if mean is None or scale is None else alike.standardised(z, mean, scale)


def _stamp(place: Place) -> str:
    return f"ivf-1:{place.model_id}:{place.modality}:{place.channel}"
