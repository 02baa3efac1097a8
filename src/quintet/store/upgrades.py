"""A library of an older schema brought up to the present one, in one transaction.

The library as it was is kept beside it, in a folder that can be opened as a library.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from quintet import durable
from quintet.media import languages
from quintet.store import sums
from quintet.store.schema import ADDED, ASIDE, DATABASE, VERSION


def upgrade(db: sqlite3.Connection, folder: Path) -> None:
    """Every step from the version of the database to ours; all of them or none.

    The caller holds the library's write lock.
    """
    version = _version(db)
    if version >= VERSION:
        return
    _keep(db, folder / f"{ASIDE}schema-{version}")
    db.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version, VERSION):
            _STEPS[number](db)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _keep(db: sqlite3.Connection, place: Path) -> None:
    """A copy of the database as it is, which stays until somebody deletes it."""
    durable.make_folder(place)
    beside = place / f"{DATABASE}.new"
    for left in place.glob(f"{beside.name}*"):  # by one that was killed
        left.unlink()
    copy = sqlite3.connect(beside, isolation_level=None)
    try:
        db.backup(copy)
        copy.close()
        durable.replace(beside, place / DATABASE)
    finally:
        copy.close()
        beside.unlink(missing_ok=True)


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
