"""What items have of a key: pairs of item and value, to be counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import PurePath

from quintet.store.packing import real_path

KEYS = ("modality", "format", "folder", "label", "tag", "year", "language")
"""Keys that every library can be counted by, beside the metadata."""

_SQL = {
    "modality": "SELECT i.id, i.modality FROM items i WHERE {}",
    "format": "SELECT i.id, i.format FROM items i WHERE {}",
    "year": "SELECT i.id, substr(i.date, 1, 4) FROM items i"
    " WHERE i.date GLOB '[0-9][0-9][0-9][0-9]*' AND {}",
    "label": "SELECT DISTINCT x.item_id, x.label FROM labels x JOIN items i ON i.id = x.item_id"
    " WHERE {}",
    "tag": "SELECT x.item_id, x.tag FROM tags x JOIN items i ON i.id = x.item_id WHERE {}",
}
_METADATA = (
    "SELECT x.item_id, x.value FROM metadata x JOIN items i ON i.id = x.item_id"
    " WHERE lower(x.key) = ? AND {}"
)
_FOLDERS = (
    "SELECT DISTINCT x.item_id, rtrim(x.path, replace(x.path, '/', '')), x.root FROM files x"
    " JOIN items i ON i.id = x.item_id WHERE {}"
)


def pairs(
    db: sqlite3.Connection, key: str, ids: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """Item id and value of every value that an item has of a key.

    Args:
        key: one of KEYS or a metadata key, lower case.
        ids: only these items; all when None.
    """
    condition, values = "1", []
    if ids is not None:
        condition = "i.id IN (SELECT value FROM json_each(?))"
        values = [json.dumps(sorted(ids))]
    if key == "folder":
        yield from _folders(db, condition, values)
    elif key in _SQL:
        yield from db.execute(_SQL[key].format(condition), values)
    else:
        yield from db.execute(_METADATA.format(condition), [key, *values])


def _folders(
    db: sqlite3.Connection, condition: str, values: list[str]
) -> Iterator[tuple[str, str]]:
    """An item is in its folder and in all above it, up to the one that was added."""
    above: dict[tuple[str, str], list[str]] = {}
    told: set[tuple[str, str]] = set()
    for item_id, folder, root in db.execute(_FOLDERS.format(condition), values):
        if (folder, root) not in above:
            above[folder, root] = _upwards(real_path(folder), real_path(root))
        for place in above[folder, root]:
            if (item_id, place) not in told:
                told.add((item_id, place))
                yield item_id, place


def _upwards(folder: str, root: str) -> list[str]:
    place, top = PurePath(folder), PurePath(root)
    places = [place, *place.parents]
    return [str(p) for p in places if p == top or p.is_relative_to(top)] or [str(place)]
