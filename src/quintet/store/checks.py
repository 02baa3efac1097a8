"""What is damaged in a database: SQLite's own check, then every checksum of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from quintet.errors import LibraryCorrupt
from quintet.media.words import index_text
from quintet.store import fulltext, models, schema, sums
from quintet.store.packing import unpack_local
from quintet.types import Channel, Modality

Progress = Callable[[str, int, int], None]


def unheard(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


TOLD = 20
"""Owners of damaged rows that are named, of each table; of more, how many."""


def verify(db: sqlite3.Connection, on_progress: Progress) -> list[str]:
    """What is damaged, one line each.

    The full-text index itself is checked where the connection may write, as SQLite does that by
    a statement of writing.
    """
    foreign = _lines(partial(_statements, db))
    if foreign:
        return [*foreign, *_lines(partial(_pages, db))]
    parts = (
        *(_pages, _broken_references, _counters, _rows, _features, _vectors),
        *(_models, _words, _word_index),
    )
    found: list[str] = []
    for number, part in enumerate(parts, start=1):
        found += _lines(partial(part, db))
        on_progress("verify", number, len(parts))
    return found


def verify_copy(folder: Path, on_progress: Progress) -> list[str]:
    """As ``verify``, of a database that nobody else uses, which is not brought up to date."""
    db = schema.connect(folder, write=True)
    try:
        return verify(db, on_progress)
    finally:
        db.close()


def damaged(db: sqlite3.Connection) -> list[str]:
    """Ids of the items with features or segments that are not those that were written."""
    keys = db.execute("SELECT item_id, channel FROM features ORDER BY item_id").fetchall()
    ids = [key[0] for key in keys if _lines(partial(_local, db, *key))]
    if _version(db) >= sums.SINCE:
        known = {row[0] for row in db.execute("SELECT id FROM items")}
        ids += [i for _, i in sums.wrong(db, ("features", "segments")) if i in known]
    return list(dict.fromkeys(ids))


def _lines(part: Callable[[], list[str]]) -> list[str]:
    """What a part finds, or why it cannot read on."""
    try:
        return part()
    except LibraryCorrupt as e:
        return [str(e)]
    except (sqlite3.DatabaseError, UnicodeError, ValueError, TypeError) as e:
        return [f"{e}; {sums.WAY_OUT}"]


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(db: sqlite3.Connection) -> list[str]:
    """A foreign trigger or view would run with the next statement; a changed table reads wrong."""
    version = _version(db)
    if schema.kept_statements(db) != schema.statements(version):
        return [f"the tables are not those of schema {version}; restore a backup"]
    return []


def _pages(db: sqlite3.Connection) -> list[str]:
    """SQLite's own check; of one page it may tell several things in as many lines."""
    told = [line for row in db.execute("PRAGMA integrity_check(20)") for line in row[0].split("\n")]
    return [f"{line}; {sums.WAY_OUT}" for line in told if line != "ok" and line[:3] != "***"]


def _broken_references(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("PRAGMA foreign_key_check").fetchall()
    return [f"a row of {table} belongs to nothing in {parent}" for table, _, parent, _ in rows]


def _counters(db: sqlite3.Connection) -> list[str]:
    """Numbers that are never given twice must not be behind those that were given."""
    last = dict(db.execute("SELECT name, seq FROM sqlite_sequence"))
    wrong = []
    for table, column in (("vectors", "key"), ("jobs", "id")):
        ((most,),) = db.execute(f"SELECT coalesce(max({column}), 0) FROM {table}")
        if last.get(table, 0) < most:
            wrong.append(f"the counter of {table} is {last.get(table, 0)}, behind {most}")
    return wrong


def _rows(db: sqlite3.Connection) -> list[str]:
    if _version(db) < sums.SINCE:
        return []
    lines = [f"checksums of {name!r}, which is no table" for name in sums.strangers(db)]
    for table, part in sums.PARTS.items():
        owners = [owner for _, owner in sums.wrong(db, (table,))]
        lines += [_line(table, owner, part.way_out) for owner in owners[:TOLD]]
        if len(owners) > TOLD:
            lines.append(f"{table}: rows of {len(owners) - TOLD} more are damaged")
    return lines


def _line(table: str, owner: object, way_out: str) -> str:
    whose = f" of {str(owner)[:12]!r}" if owner else ""
    return f"{table}: the rows{whose} are not those that were written; {way_out}"


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
    for _ in models.vector_parts(db, model_id, Modality(modality), Channel(channel), SOME):
        pass
    return []


SOME = 10_000
"""Vectors that are in memory while they are checked."""


def _models(db: sqlite3.Connection) -> list[str]:
    ids = [row.id for row in models.listed(db)]
    return [line for model_id in ids for line in _lines(partial(_model, db, model_id))]


def _model(db: sqlite3.Connection, model_id: str) -> list[str]:
    models.read(db, model_id)
    return []


def _words(db: sqlite3.Connection) -> list[str]:
    """Every row of text stands in the full text as it would be put there today."""
    rows = db.execute(
        "SELECT t.field, t.text, w.title, w.body FROM texts t LEFT JOIN words w ON w.rowid = t.id"
    )
    wrong = sum(1 for field, *row in rows if _indexed(field, row[0]) != tuple(row[1:]))
    ((more,),) = db.execute("SELECT (SELECT count(*) FROM words) - (SELECT count(*) FROM texts)")
    if wrong or more:
        return [f"full text: {wrong or abs(more)} row(s) are not those of the texts; {_AGAIN}"]
    return []


def _indexed(field: str, text: str) -> tuple[str | None, str | None]:
    prepared = index_text(text)
    return (None, prepared) if field in fulltext.BODIES else (prepared, None)


def _word_index(db: sqlite3.Connection) -> list[str]:
    try:
        db.execute("INSERT INTO words(words) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as e:
        if "readonly" not in str(e):
            return [f"full text: its index is damaged ({e}); {_AGAIN}"]
    return []


_AGAIN = "run: quintet rebuild"
