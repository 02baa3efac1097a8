"""Full text: rows of text, prepared for FTS5 so that one Chinese character can be found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from quintet.media.words import index_text, match_any, match_query, phrases
from quintet.store.packing import storable
from quintet.store.records import TEXT_FIELDS, TextHit, TextRow
from quintet.types import Channel

CANDIDATES = 4
"""Rows read per hit wanted, since several rows may be of one item …"""

MORE = 500
"""… but not more than this many beyond those wanted."""

SCANNED = 3000
"""Of words that more rows hold, only the names, tags and metadata and the newest texts are ranked,
this many of each: ranking costs about two microseconds a row."""

ENOUGH = 50
"""Where one long text fills the rows read, more are read until there are so many hits."""

BODIES = ("text", "subtitle")
"""Fields of running text; the others are titles."""

_Ranked = tuple[int, float]


def insert(db: sqlite3.Connection, item_id: str, path: str | None, rows: Sequence[TextRow]) -> None:
    """Add rows of text; those with a path go away with that file."""
    for row in rows:
        text = storable(row.text)
        prepared = index_text(text)
        if prepared.strip():
            channel = row.channel.value if row.channel else None
            at = db.execute(
                "INSERT INTO texts(item_id, path, field, channel, segment_no, text)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (item_id, path, row.field, channel, row.segment_no, text),
            )
            _insert_words(db, int(at.lastrowid or 0), row.field, prepared)


def _insert_words(db: sqlite3.Connection, number: int, field: str, prepared: str) -> None:
    column = "body" if field in BODIES else "title"
    db.execute(f"INSERT INTO words(rowid, {column}) VALUES (?, ?)", (number, prepared))


def delete(db: sqlite3.Connection, condition: str, values: Sequence[object]) -> None:
    """Delete the rows of ``texts`` that meet an SQL condition, and their words."""
    db.execute(f"DELETE FROM words WHERE rowid IN (SELECT id FROM texts WHERE {condition})", values)
    db.execute(f"DELETE FROM texts WHERE {condition}", values)


def rebuild(db: sqlite3.Connection) -> int:
    """Make all words again from the texts; the number of rows."""
    db.execute("DELETE FROM words")
    count = 0
    for number, field, text in db.execute("SELECT id, field, text FROM texts"):
        _insert_words(db, number, field, index_text(text))
        count += 1
    return count


def search(db: sqlite3.Connection, words: str, limit: int) -> list[TextHit]:
    """The best places that hold all the words, else any of them; one per item and field.

    Ordered by BM25, a name before a folder before a text where that is equal.
    """
    parts = phrases(words)
    if not parts or limit < 1:
        return []
    wanted = min(CANDIDATES * limit, limit + MORE)
    while True:
        found = _ranked(db, match_query(words), wanted)
        if not found and len(parts) > 1:
            found = _any(db, words, parts, wanted)
        hits = _hits(db, found, words, limit)
        if len(hits) >= min(limit, ENOUGH) or len(found) < wanted:
            return hits
        wanted *= CANDIDATES


def _any(db: sqlite3.Connection, words: str, parts: Sequence[str], wanted: int) -> list[_Ranked]:
    """Rows with any of the words; if these are too many, rows with one that is not common."""
    query = match_any(words)
    if not _is_common(db, query):
        return _ranked(db, query, wanted)
    telling = [part for part in dict.fromkeys(parts) if not _is_common(db, part)]
    return _ranked(db, " OR ".join(telling) or query, wanted) or _ranked(db, query, wanted)


def _is_common(db: sqlite3.Connection, query: str) -> bool:
    sql = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1 OFFSET ?"
    return db.execute(sql, (query, SCANNED)).fetchone() is not None


def _ranked(db: sqlite3.Connection, query: str, wanted: int) -> list[_Ranked]:
    """Row numbers and BM25 of the best rows, best first."""
    if not _is_common(db, query):
        sql = "SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
        return db.execute(sql, (query, wanted)).fetchall()
    sql = (
        "SELECT * FROM (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rowid DESC"
        " LIMIT ?) ORDER BY rank LIMIT ?"
    )
    titles = db.execute(sql, (f"title : ({query})", SCANNED, wanted)).fetchall()
    bodies = db.execute(sql, (f"body : ({query})", SCANNED, wanted)).fetchall()
    return sorted([*titles, *bodies], key=lambda row: row[1])[:wanted]


def _hits(
    db: sqlite3.Connection, found: Sequence[_Ranked], words: str, limit: int
) -> list[TextHit]:
    places = _places(db, [number for number, _ in found])
    rows = [(rank, *places[number]) for number, rank in found]
    rows.sort(key=lambda r: (r[0], TEXT_FIELDS.index(r[2]), r[1], r[4] or 0))
    best: dict[tuple[str, str], TextHit] = {}
    for rank, item_id, field, channel, segment_no, text in rows:
        if (item_id, field) not in best and len(best) < limit:
            place = Channel(channel) if channel else None
            best[item_id, field] = TextHit(item_id, field, place, segment_no, rank, text, words)
    return list(best.values())


def _places(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    sql = (
        "SELECT id, item_id, field, channel, segment_no, text FROM texts"
        " WHERE id IN (SELECT value FROM json_each(?))"
    )
    return {row[0]: row[1:] for row in db.execute(sql, (json.dumps(numbers),))}
