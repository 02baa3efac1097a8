"""What is damaged in a database: SQLite's own check, then every checksum of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

from quintet.errors import LibraryCorrupt
from quintet.store import models
from quintet.store.packing import unpack_local
from quintet.types import Channel, Modality


def verify(db: sqlite3.Connection) -> list[str]:
    """What is damaged, one line each."""
    parts = (_pages, _broken_references, _features, _vectors, _models)
    return [line for part in parts for line in _lines(partial(part, db))]


def damaged(db: sqlite3.Connection) -> list[str]:
    """Ids of the items with features that are not those that were written."""
    keys = db.execute("SELECT item_id, channel FROM features ORDER BY item_id").fetchall()
    return list(dict.fromkeys(key[0] for key in keys if _lines(partial(_local, db, *key))))


def _lines(part: Callable[[], list[str]]) -> list[str]:
    """What a part finds, or why it cannot read on."""
    try:
        return part()
    except (LibraryCorrupt, sqlite3.DatabaseError) as e:
        return [str(e)]


def _pages(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]


def _broken_references(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("PRAGMA foreign_key_check").fetchall()
    return [f"a row of {table} belongs to nothing in {parent}" for table, _, parent, _ in rows]


def _features(db: sqlite3.Connection) -> list[str]:
    keys = db.execute("SELECT item_id, channel FROM features").fetchall()
    return [line for key in keys for line in _lines(partial(_local, db, *key))]


def _local(db: sqlite3.Connection, item_id: str, channel: str) -> list[str]:
    sql = "SELECT t, d, x, steps, checksum FROM features WHERE item_id = ? AND channel = ?"
    row = db.execute(sql, (item_id, channel)).fetchone()
    unpack_local(f"the {channel} features of item {item_id[:12]}", *row)
    return []


def _vectors(db: sqlite3.Connection) -> list[str]:
    shelves = db.execute("SELECT DISTINCT model_id, modality, channel FROM vectors").fetchall()
    return [line for shelf in shelves for line in _lines(partial(_shelf, db, *shelf))]


def _shelf(db: sqlite3.Connection, model_id: str, modality: str, channel: str) -> list[str]:
    models.vectors(db, model_id, Modality(modality), Channel(channel))
    return []


def _models(db: sqlite3.Connection) -> list[str]:
    ids = [row.id for row in models.listed(db)]
    return [line for model_id in ids for line in _lines(partial(_model, db, model_id))]


def _model(db: sqlite3.Connection, model_id: str) -> list[str]:
    models.read(db, model_id)
    return []
