"""Full text: rows of text, prepared for FTS5 so that one Chinese character can be found."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from quintet.media.words import index_text, match_any, match_query
from quintet.store.packing import storable
from quintet.store.records import TEXT_FIELDS, TextHit, TextRow
from quintet.types import Channel

SNIPPET = 90
"""Characters of a text shown around the first word found."""

CANDIDATES = 4
"""Rows read per hit wanted, since several rows may be of one item."""


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
            db.execute("INSERT INTO words(rowid, prepared) VALUES (?, ?)", (at.lastrowid, prepared))


def delete(db: sqlite3.Connection, condition: str, values: Sequence[object]) -> None:
    """Delete the rows of ``texts`` that meet an SQL condition, and their words."""
    db.execute(f"DELETE FROM words WHERE rowid IN (SELECT id FROM texts WHERE {condition})", values)
    db.execute(f"DELETE FROM texts WHERE {condition}", values)


def search(db: sqlite3.Connection, words: str, limit: int) -> list[TextHit]:
    """The best places that hold all the words, else any of them; one per item and field.

    Ordered by BM25, a name before a folder before a text where that is equal.
    """
    for query in dict.fromkeys((match_query(words), match_any(words))):
        if not query:
            continue
        found = _search(db, query, words, limit)
        if found:
            return found
    return []


def _search(db: sqlite3.Connection, query: str, words: str, limit: int) -> list[TextHit]:
    rows = db.execute(
        "SELECT t.item_id, t.field, t.channel, t.segment_no, w.rank, t.text FROM"
        " (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?) w"
        " JOIN texts t ON t.id = w.rowid",
        (query, CANDIDATES * limit),
    ).fetchall()
    rows.sort(key=lambda r: (r[4], TEXT_FIELDS.index(r[1]), r[0], r[3] or 0))
    best: dict[tuple[str, str], TextHit] = {}
    for item_id, field, channel, segment_no, rank, text in rows:
        if (item_id, field) not in best and len(best) < limit:
            place = Channel(channel) if channel else None
            shown = snippet(text, words)
            best[item_id, field] = TextHit(item_id, field, place, segment_no, rank, shown)
    return list(best.values())


def snippet(text: str, words: str) -> str:
    """SNIPPET characters around the first of the words, on one line.

    >>> snippet("A dog barks.", "dog")
    'A dog barks.'
    """
    flat = " ".join(text.split())
    lower = flat.lower()
    found = [lower.find(w) for w in words.lower().split() if w in lower]
    start = max(0, min(found, default=0) - SNIPPET // 3)
    part = flat[start : start + SNIPPET]
    return ("…" if start else "") + part + ("…" if start + SNIPPET < len(flat) else "")
