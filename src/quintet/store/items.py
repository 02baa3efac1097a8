"""Items, files and channels into their tables, inside a transaction."""

from __future__ import annotations

import sqlite3

from quintet.store import fulltext, packing, sums
from quintet.store.labels import put_tags
from quintet.store.packing import SEGMENT_COLUMNS, path_key, storable
from quintet.store.records import FileRow, Record
from quintet.types import Item


def insert_item(db: sqlite3.Connection, item: Item) -> None:
    """An item, its metadata and its tags."""
    duration = item.metadata.get("duration_s")
    values = (item.id, item.modality.value, item.format, item.size_bytes, item.added_at)
    db.execute(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, float(duration) if duration else None, item.metadata.get("date")),
    )
    db.executemany(
        "INSERT INTO metadata VALUES (?, ?, ?)",
        [(item.id, storable(k), storable(v)) for k, v in item.metadata.items()],
    )
    tags = [(item.id, storable(tag)) for tag in item.tags]
    db.executemany("INSERT INTO tags VALUES (?, ?)", tags)


def insert_channels(db: sqlite3.Connection, record: Record) -> None:
    """The segments and features of an item."""
    for channel, segments in record.segments.items():
        db.executemany(
            f"INSERT INTO segments(item_id, channel, {SEGMENT_COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(record.item.id, channel.value, *packing.pack_segment(s)) for s in segments],
        )
    for channel, local in record.local.items():
        db.execute(
            "INSERT INTO features VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (record.item.id, channel.value, record.encoder[channel], *packing.pack_local(local)),
        )


def place_file(db: sqlite3.Connection, row: FileRow, item_id: str, *, heir: bool) -> None:
    """Let a path point at an item. What it held before may turn up at another path.

    Args:
        heir: where it held the only file of another item, this is its new version and gets its
            tags and labels too.
    """
    path = path_key(row.path)
    before = db.execute("SELECT item_id FROM files WHERE path = ?", (path,)).fetchone()
    fulltext.delete(db, "path = ?", (path,))
    db.execute("DELETE FROM errors WHERE path = ?", (path,))
    db.execute(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        (
            *(path, path_key(row.root), item_id, row.size_bytes, row.mtime_ns, row.inode),
            path_key(row.beside),
        ),
    )
    if heir and before and before[0] != item_id and not _has_file(db, before[0]):
        _inherit(db, before[0], item_id)


def _has_file(db: sqlite3.Connection, item_id: str) -> bool:
    sql = "SELECT 1 FROM files WHERE item_id = ? LIMIT 1"
    return db.execute(sql, (item_id,)).fetchone() is not None


def _inherit(db: sqlite3.Connection, old: str, new: str) -> None:
    tags = db.execute("SELECT tag FROM tags WHERE item_id = ?", (old,)).fetchall()
    put_tags(db, new, [row[0] for row in tags])
    db.execute(
        "INSERT OR IGNORE INTO labels SELECT ?, source, label FROM labels WHERE item_id = ?",
        (new, old),
    )


def forget_file(db: sqlite3.Connection, path: str) -> None:
    """A path that is known no longer; its item stays."""
    fulltext.delete(db, "path = ?", (path,))
    db.execute("DELETE FROM files WHERE path = ?", (path,))


def forget_item(db: sqlite3.Connection, item_id: str) -> None:
    """An item and all that belongs to it."""
    fulltext.delete(db, "item_id = ?", (item_id,))
    db.execute("DELETE FROM items WHERE id = ?", (item_id,))
    sums.forget(db, item_id)
