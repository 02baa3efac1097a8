"""Where a library's vectors are searched: here, or on a Qdrant server.

The store stays the truth. A collection is made from it, notes the generation that it was made
from, and is brought up to date by what differs when that is another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError
from quintet.index.files import cached
from quintet.index.qdrant import Qdrant
from quintet.index.qdrant_place import Place, collection_name, connect
from quintet.store.sqlite import Store
from quintet.types import Float32

SETTING = "index"
NAME = "index.name"
"""Setting: what tells this library's collections from those of others on the same server."""

AUTO = "auto"
"""Here: every vector is compared, from a size on an approximate index proposes candidates."""

QDRANT = "qdrant:"

STALE = 0.1
"""Pooled vectors are standardised anew when so large a share of them was added or removed: until
then a new item changes no other row of its shelf."""

Arrays = Mapping[str, NDArray[np.generic]]
"""Of a shelf: ``keys`` (n,) increasing, ``rows`` (n, k), and what else belongs to it."""

Spread = tuple[Float32, Float32]
"""(k,) mean and scale that pooled vectors are standardised by."""


def checked(spec: str) -> str:
    """The setting, if such an index can be used here and now.

    Raises:
        UsageError: no such index, or an option of it that cannot be read.
        MissingExtra: its client is not installed.
        Unreachable: its server does not answer.
    """
    if spec == AUTO:
        return spec
    if not spec.startswith(QDRANT):
        raise UsageError(f"no index {spec!r}; known: {AUTO}, {QDRANT}http://HOST:6333")
    connect(_place(spec)).collections()
    return spec


def choose(store: Store, spec: str) -> None:
    """Keep the choice in the library; the index is filled when it is opened next.

    Raises:
        UsageError, MissingExtra, Unreachable: as ``checked``.
    """
    store.set_setting(SETTING, checked(spec))
    if store.setting(NAME) is None:
        store.set_setting(NAME, uuid4().hex[:12])


def are_elsewhere(store: Store) -> bool:
    """Whether a server searches this library's vectors."""
    return (store.setting(SETTING) or AUTO) != AUTO


def served(
    store: Store,
    model_id: str,
    name: str,
    path: Path,
    stamp: str,
    read: Callable[[Spread | None], Arrays],
) -> tuple[Qdrant, Arrays]:
    """One shelf on the server, brought up to date, and its arrays but the rows.

    Args:
        name: of the shelf within the model.
        path: of the cache file for what is kept here.
        stamp: the generation of the model's vectors.
        read: reads the shelf from the store, with this spread or with its own.
    """
    spec = store.setting(SETTING) or AUTO
    index = Qdrant(connect(_place(spec)), collection_name(_prefix(store), model_id), name)
    note = index.note()
    full = None if note.get("stamp") == stamp else read(None)
    if full is not None:
        note, full = _renewed(note, stamp, full, read)
    arrays = cached(path, _mark(spec, note), lambda: _without_rows(full or read(_spread(note))))
    index.keys = np.asarray(arrays["keys"]).astype(np.int64, copy=False)
    if full is not None:
        index.fill(full["rows"].astype(np.float32, copy=False), note)
    return index, arrays


def _renewed(
    note: Mapping[str, Any], stamp: str, full: Arrays, read: Callable[[Spread | None], Arrays]
) -> tuple[dict[str, Any], Arrays]:
    """The note of a shelf as it is now, and its arrays by the spread that the note says."""
    count = len(full["keys"])
    if "mean" not in full:
        return {"stamp": stamp}, full
    old, of = _spread(note), int(note.get("of", 0))
    if old is not None and len(old[0]) == len(full["mean"]) and abs(count - of) <= STALE * of:
        return {**note, "stamp": stamp}, read(old)
    spread = {"mean": full["mean"].tolist(), "scale": full["scale"].tolist(), "of": count}
    return {"stamp": stamp, **spread}, full


def _spread(note: Mapping[str, Any]) -> Spread | None:
    if "mean" not in note:
        return None
    return np.array(note["mean"], dtype=np.float32), np.array(note["scale"], dtype=np.float32)


def _mark(spec: str, note: Mapping[str, Any]) -> str:
    """What tells a cache file that it belongs to this note of this place."""
    told = json.dumps([spec, note], sort_keys=True).encode()
    return f"served:{hashlib.blake2b(told, digest_size=16).hexdigest()}"


def _without_rows(arrays: Arrays) -> Arrays:
    return {key: array for key, array in arrays.items() if key != "rows"}


def forget(store: Store) -> None:
    """Delete the library's collections on its server; they are filled again when opened."""
    if not are_elsewhere(store):
        return
    at = connect(_place(store.setting(SETTING) or AUTO))
    for collection in at.collections():
        if collection.startswith(f"{_prefix(store)}-"):
            with at.asked() as client:
                client.delete_collection(collection)


def _place(spec: str) -> Place:
    return Place.read(spec.removeprefix(QDRANT))


def _prefix(store: Store) -> str:
    """The beginning of the names of the library's collections.

    The folder is part of it: a copy of a library numbers its later rows as the original does.
    """
    place = hashlib.blake2b(str(store.folder.resolve()).encode(), digest_size=4).hexdigest()
    return collection_name("quintet", store.setting(NAME) or "", place)
