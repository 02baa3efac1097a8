"""A library of an older schema brought up to the present one, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from quintet.media import languages
from quintet.store import sums
from quintet.store.schema import ADDED, VERSION


def upgrade(db: sqlite3.Connection) -> None:
    """Every step from the version of the database to ours; all of them or none.

    The caller holds the library's write lock.
    """
    version = _version(db)
    if version >= VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(db), VERSION):
            _STEPS[number](db)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _searches_and_languages(db: sqlite3.Connection) -> None:
    """1 to 2: saved searches; the language of texts and subtitles, as ``add`` finds it."""
    _add(db, 2)
    for item_id, claimed in db.execute(_SPOKEN).fetchall():
        text = "\n".join(row[0] for row in db.execute(_SAID, (item_id, languages.SAMPLE_ROWS)))
        found = languages.of(text, claimed)
        db.execute("DELETE FROM metadata WHERE item_id = ? AND key = 'language'", (item_id,))
        if found:
            db.execute("INSERT INTO metadata VALUES (?, 'language', ?)", (item_id, found))


def _sums(db: sqlite3.Connection) -> None:
    """2 to 3: checksums of the rows, as they are."""
    _add(db, 3)
    sums.fill(db)


def _add(db: sqlite3.Connection, version: int) -> None:
    for statement in filter(str.strip, ADDED[version].split(";")):
        db.execute(statement)


_SPOKEN = (
    "SELECT i.id, (SELECT value FROM metadata m WHERE m.item_id = i.id AND m.key = 'language')"
    " FROM items i WHERE EXISTS (SELECT 1 FROM texts t WHERE t.item_id = i.id"
    " AND t.field IN ('text', 'subtitle')) OR EXISTS"
    " (SELECT 1 FROM metadata m WHERE m.item_id = i.id AND m.key = 'language')"
)
_SAID = (
    "SELECT text FROM texts WHERE item_id = ? AND field IN ('text', 'subtitle')"
    " ORDER BY segment_no LIMIT ?"
)
_STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {
    1: _searches_and_languages,
    2: _sums,
}
