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

IN_ITEMS = "+rowid IN (SELECT id FROM texts WHERE item_id IN (SELECT value FROM json_each(?)))"
"""A condition on rows of words: their item is one of a JSON list. It is asked of each row found;
without the plus, SQLite would look up the rows one by one."""

MEETING = (
    "EXISTS (SELECT 1 FROM texts t JOIN items i ON i.id = t.item_id"
    " WHERE t.id = words.rowid AND {})"
)
"""The same for a condition over items ``i``."""

Within = tuple[str, Sequence[object]]
"""A condition on rows of words, and its values."""

ANYWHERE: Within = ("1", ())

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


def search(
    db: sqlite3.Connection, words: str, limit: int, within: Within | None = None
) -> list[TextHit]:
    """The best places that hold all the words, else any of them; one per item and field.

    Ordered by BM25, a name before a folder before a text where that is equal.

    Args:
        within: only rows that meet this condition; it is a part of the query, so that a narrow
            one loses nothing.
    """
    parts = phrases(words)
    if not parts or limit < 1:
        return []
    text = _Words(db, within or ANYWHERE)
    wanted = min(CANDIDATES * limit, limit + MORE)
    while True:
        found = text.ranked(match_query(words), wanted)
        if not found and len(parts) > 1:
            found = text.any_of(words, parts, wanted)
        hits = _hits(db, found, words, limit)
        if len(hits) >= min(limit, ENOUGH) or len(found) < wanted:
            return hits
        wanted *= CANDIDATES


def items(db: sqlite3.Connection, words: str, within: Within | None = None) -> frozenset[str]:
    """Ids of all items with a row that holds all the words, else any of them."""
    condition, values = within or ANYWHERE
    sql = (
        "SELECT DISTINCT item_id FROM texts WHERE id IN"
        f" (SELECT rowid FROM words WHERE words MATCH ? AND {condition})"
    )
    for query in dict.fromkeys((match_query(words), match_any(words))):
        found = db.execute(sql, (query, *values)).fetchall() if query else []
        if found:
            return frozenset(row[0] for row in found)
    return frozenset()


def places(db: sqlite3.Connection, words: str, ids: Sequence[str]) -> list[TextHit]:
    """Every row of running text of these items that holds all the words, else any; best first."""
    text = _Words(db, (IN_ITEMS, [json.dumps(list(ids))]))
    for query in dict.fromkeys((match_query(words), match_any(words))):
        found = text.best(query, -1) if query else []
        at = _places(db, [number for number, _ in found])
        rows = [(rank, *at[number]) for number, rank in found if at[number][1] in BODIES]
        if rows:
            return [
                TextHit(
                    item_id, field, Channel(channel) if channel else None, no, rank, body, words
                )
                for rank, item_id, field, channel, no, body in rows
            ]
    return []


class _Words:
    """Rows of words within a condition."""

    def __init__(self, db: sqlite3.Connection, within: Within) -> None:
        self._db = db
        self._condition, self._values = within

    def any_of(self, words: str, parts: Sequence[str], wanted: int) -> list[_Ranked]:
        """Rows with any of the words; if these are too many, rows with one that is not common."""
        query = match_any(words)
        if not self._is_common(query):
            return self.ranked(query, wanted)
        telling = [part for part in dict.fromkeys(parts) if not self._is_common(part)]
        return self.ranked(" OR ".join(telling) or query, wanted) or self.ranked(query, wanted)

    def ranked(self, query: str, wanted: int) -> list[_Ranked]:
        """Row numbers and BM25 of the best rows, best first; of a common word, of the newest."""
        if not self._is_common(query):
            return self.best(query, wanted)
        titles = self._newest(f"title : ({query})", wanted)
        bodies = self._newest(f"body : ({query})", wanted)
        return sorted([*titles, *bodies], key=lambda row: row[1])[:wanted]

    def best(self, query: str, wanted: int) -> list[_Ranked]:
        """All rows ranked; the condition is asked first, so that only what meets it is ranked."""
        if not self._values:
            sql = "SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
            return self._db.execute(sql, (query, wanted)).fetchall()
        return self._newest(query, wanted, scanned=-1)

    def _newest(self, query: str, wanted: int, scanned: int = SCANNED) -> list[_Ranked]:
        sql = (
            "SELECT * FROM (SELECT rowid, rank FROM words"
            f" WHERE words MATCH ? AND {self._condition} ORDER BY rowid DESC LIMIT ?)"
            " ORDER BY rank LIMIT ?"
        )
        return self._db.execute(sql, (query, *self._values, scanned, wanted)).fetchall()

    def _is_common(self, query: str) -> bool:
        sql = f"SELECT 1 FROM words WHERE words MATCH ? AND {self._condition} LIMIT 1 OFFSET ?"
        return self._db.execute(sql, (query, *self._values, SCANNED)).fetchone() is not None


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
