"""A checksum for the rows of every table: SQLite's own check misses most flipped bits.

Of each part (a table) and owner (mostly an item) ``sums`` holds the XOR of 64-bit digests of its
rows. Temporary triggers of the writing connection keep it, in the transaction that changes the
rows: a row that comes and a row that goes are the same step. Blobs have checksums of their own
(``store/packing.py``), which are columns like others here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from quintet.store.packing import SEGMENT_COLUMNS

SINCE = 3
"""The schema that first kept sums; an older library that is only read has none."""


WAY_OUT = "restore a backup (quintet restore), or save what is whole: quintet salvage"


@dataclass(frozen=True, slots=True)
class Part:
    """What of a table is summed up, and who owns a row: a column, or an SQL literal."""

    columns: str
    owner: str
    way_out: str = WAY_OUT


_FEATURES = "run: quintet rebuild --features"
_VECTORS = "run: quintet rebuild"

PARTS: Mapping[str, Part] = {
    "items": Part("id, modality, format, size_bytes, added_at, duration_s, date", "id"),
    "files": Part("path, root, item_id, size_bytes, mtime_ns, inode, beside, missing", "item_id"),
    "metadata": Part("item_id, key, value", "item_id"),
    "tags": Part("item_id, tag", "item_id"),
    "labels": Part("item_id, source, label", "item_id"),
    "segments": Part(f"item_id, channel, {SEGMENT_COLUMNS}", "item_id", _FEATURES),
    "features": Part("item_id, channel, encoder, t, d, checksum", "item_id", _FEATURES),
    "vectors": Part(
        "key, model_id, item_id, modality, channel, first, last, checksum", "item_id", _VECTORS
    ),
    "texts": Part("id, item_id, path, field, channel, segment_no, text", "item_id"),
    "errors": Part("path, stage, code, detail, at, skipped, size_bytes, mtime_ns, program", "''"),
    "models": Part("id, method, created_at, params, report", "id", "run: quintet train"),
    "model_blobs": Part("model_id, name, checksum", "model_id", "run: quintet train"),
    "jobs": Part("id, kind, state, pid, started_at, finished_at, params, report", "''"),
    "settings": Part("key, value", "key"),
    "searches": Part("name, query, created_at, seen_at", "name"),
    "seen": Part("name, item_id", "name"),
}
"""Every table but ``words``, which is derived from ``texts``."""

OF_ENCODING = ("segments", "features", "vectors")
"""Parts that are made again together when an item is encoded again."""


def watch(db: sqlite3.Connection) -> None:
    """Let a connection keep the sums of all that it writes."""
    db.create_function("row_digest", -1, digest, deterministic=True)
    db.execute("PRAGMA recursive_triggers = ON")  # REPLACE deletes a row as DELETE does
    for table, part in PARTS.items():
        for event, sides in (("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "OLD NEW")):
            steps = " ".join(_step(table, part, side) for side in sides.split())
            db.execute(
                f"CREATE TEMP TRIGGER sum_{table}_{event} AFTER {event} ON main.{table}"
                f" BEGIN {steps} END"
            )


def _step(table: str, part: Part, side: str) -> str:
    values = ", ".join(f"{side}.{name}" for name in part.columns.split(", "))
    owner = part.owner if part.owner.startswith("'") else f"{side}.{part.owner}"
    return (
        f"INSERT INTO sums VALUES ('{table}', {owner}, row_digest({values}))"
        " ON CONFLICT DO UPDATE SET sum = (sum | excluded.sum) - (sum & excluded.sum);"
    )


def digest(*values: object) -> int:
    """64 bits of BLAKE2b of the values of a row, in the order of ``Part.columns``."""
    eight = blake2b(ascii(values).encode(), digest_size=8).digest()
    return int.from_bytes(eight, "little", signed=True)


def fill(db: sqlite3.Connection, parts: Sequence[str] = tuple(PARTS)) -> None:
    """Take the rows that are there as what was written."""
    for part in parts:
        db.execute("DELETE FROM sums WHERE part = ?", (part,))
        rows = ((part, owner, total) for owner, total in _counted(db, part).items())
        db.executemany("INSERT INTO sums VALUES (?, ?, ?)", rows)


def forget(db: sqlite3.Connection, owner: str, parts: Sequence[str] = tuple(PARTS)) -> None:
    """The owner has no row left in these parts, whatever was damaged before."""
    db.executemany("DELETE FROM sums WHERE part = ? AND owner = ?", [(p, owner) for p in parts])


def wrong(db: sqlite3.Connection, parts: Sequence[str] = tuple(PARTS)) -> Iterator[tuple[str, str]]:
    """Part and owner of rows that are not those that were written.

    A part that cannot be read to its end is wrong as a whole; its owner is "".
    """
    for part in parts:
        try:
            kept = dict(db.execute("SELECT owner, sum FROM sums WHERE part = ?", (part,)))
            found = _counted(db, part)
        except sqlite3.DatabaseError:
            yield part, ""
            continue
        owners = sorted({*kept, *found}, key=ascii)
        yield from ((part, o) for o in owners if kept.get(o, 0) != found.get(o, 0))


def strangers(db: sqlite3.Connection) -> list[str]:
    """Names among the parts of ``sums`` that are no part."""
    rows = db.execute("SELECT DISTINCT part FROM sums").fetchall()
    return [str(name) for (name,) in rows if name not in PARTS]


def _counted(db: sqlite3.Connection, name: str) -> dict[str, int]:
    part = PARTS[name]
    found: dict[str, int] = {}
    for owner, *values in db.execute(f"SELECT {part.owner}, {part.columns} FROM {name}"):
        found[owner] = found.get(owner, 0) ^ digest(*values)
    return found
