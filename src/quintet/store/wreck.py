"""What people said about items, out of a database that may be damaged anywhere.

SQLite reads from both ends of each table until a damaged page stops it, then looks up each known
item by itself; what no way leads to any more is read straight from the pages. A first page that
cannot be read is replaced by that of an empty library: it says where tables begin, which is the
same in all of them. All this is done to a copy.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from quintet.store import pages, schema, sums
from quintet.store.pages import PAGE

FACTS = {
    "labels": ("item_id, source, label", "item_id, source"),
    "tags": ("item_id, tag", "item_id, tag"),
    "settings": ("key, value", "key"),
    "searches": ("name, query, created_at, seen_at", "name"),
    "seen": ("name, item_id", "name, item_id"),
}
"""Tables that cannot be made again from the files: their columns, and their keys."""

Row = tuple[Any, ...]


@contextmanager
def opened(folder: Path, work: Path) -> Iterator[sqlite3.Connection]:
    """A copy of a library's database, made readable as far as that can be.

    Args:
        work: an empty folder for the copy.
    """
    for end in ("", "-wal"):
        source = folder / f"{schema.DATABASE}{end}"
        if source.exists():
            shutil.copyfile(source, work / source.name)
    copy = work / schema.DATABASE
    _with_right_size(copy)
    if not _tables_are_known(copy):
        _with_first_page(copy, work)
    db = _connected(copy)
    try:
        with suppress(sqlite3.Error):
            schema.settle(db)
        yield db
    finally:
        db.close()


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
        with suppress(sqlite3.Error):
            db.execute(f"PRAGMA {pragma}")
    return db


def _tables_are_known(path: Path) -> bool:
    db = _connected(path)
    try:
        found = schema.kept_statements(db)
        return any(found == schema.statements(version) for version in schema.ADDED)
    except sqlite3.Error:
        return False
    finally:
        db.close()


def _with_right_size(path: Path) -> None:
    """The header of a database that was cut off speaks of pages that are not there."""
    with path.open("r+b") as file:
        head = bytearray(file.read(100))
        there = path.stat().st_size // PAGE
        if len(head) == 100 and int.from_bytes(head[28:32], "big") > there:
            file.seek(28)
            file.write(there.to_bytes(4, "big"))


FREE = slice(32, 40)
"""Where the header of the first page speaks of free pages."""


def _with_first_page(path: Path, work: Path) -> None:
    empty = work / "empty"
    schema.create(empty)
    page = bytearray((empty / schema.DATABASE).read_bytes()[:PAGE])
    page[28:32] = (path.stat().st_size // PAGE).to_bytes(4, "big")
    page[FREE] = bytes(8)
    rest = path.read_bytes()[PAGE:]
    path.write_bytes(bytes(page) + rest)


def facts(db: sqlite3.Connection, work: Path) -> Iterator[tuple[str, Row, bool | None]]:
    """Table, row, and whether its checksum says that it is as it was written (None: unknown)."""
    owners = _owners(db)
    for table, (columns, key) in FACTS.items():
        rows, whole = _rows(db, table, columns, key, owners)
        if not whole:
            rows |= _unreached(table, rows, work / schema.DATABASE)
        broken = _broken(db, table, columns, rows)
        owner = columns.split(", ").index(sums.PARTS[table].owner)
        for row in sorted(rows, key=ascii):
            yield table, row, None if broken is None else row[owner] not in broken


def _owners(db: sqlite3.Connection) -> set[Any]:
    """Ids of items, wherever they can be read."""
    found: set[Any] = set()
    for table, column in (("items", "id"), ("files", "item_id"), ("sums", "owner")):
        found.update(row[0] for row in _ends(db, table, column, column)[0])
    return found


def _rows(
    db: sqlite3.Connection, table: str, columns: str, key: str, owners: set[Any]
) -> tuple[set[Row], bool]:
    found, whole = _ends(db, table, columns, key)
    if whole:
        return found, True
    first = key.split(", ")[0]
    for owner in owners:
        with suppress(sqlite3.Error):
            sql = f"SELECT {columns} FROM {table} WHERE {first} = ?"
            found.update(db.execute(sql, (owner,)).fetchall())
    return found, False


def _unreached(table: str, found: set[Row], database: Path) -> set[Row]:
    """Rows of labels, tags and searches on any page, told from others by their look."""
    if table not in _LOOKS:
        return set()
    width, looks = _LOOKS[table]
    every = set(pages.rows(database.read_bytes()))
    keys = {row[:width] for row in found}
    return {row for row in every if row[:width] not in keys and looks(row, every)}


def _label(row: Row, every: set[Row]) -> bool:
    """Not metadata, which have an index beside."""
    return len(row) == 3 and _said_of_item(row) and (*row[1:], row[0]) not in every


def _tag(row: Row, every: set[Row]) -> bool:
    """Not an entry of an index of files or of seen items."""
    if len(row) != 2 or not _said_of_item(row) or row[::-1] in every:
        return False
    return not row[1].startswith("/")


def _search(row: Row, _: set[Row]) -> bool:
    texts = [value for value in row if isinstance(value, str)]
    return len(row) == 4 and len(texts) >= 3 and texts[1].startswith("{")


def _said_of_item(row: Row) -> bool:
    return all(isinstance(v, str) for v in row) and bool(_ID.fullmatch(row[0]))


_ID = re.compile("[0-9a-f]{64}")
_LOOKS = {"labels": (2, _label), "tags": (2, _tag), "searches": (1, _search)}
"""How wide the key of a table is, and whether a row looks like one of it."""


def _ends(db: sqlite3.Connection, table: str, columns: str, key: str) -> tuple[set[Row], bool]:
    """Rows from either end up to what cannot be read; whether that is all of them."""
    found: set[Row] = set()
    for order in ("", " DESC"):
        keys = ", ".join(f"{name}{order}" for name in key.split(", "))
        try:
            for row in db.execute(f"SELECT {columns} FROM {table} ORDER BY {keys}"):
                found.add(row)
        except sqlite3.Error:
            continue
        return found, True
    return found, False


def _broken(db: sqlite3.Connection, table: str, columns: str, rows: set[Row]) -> set[Any] | None:
    """Owners whose rows do not give the sum that is kept; None where no sums can be read."""
    try:
        sql = "SELECT owner, sum FROM sums WHERE part = ?"
        kept: dict[Any, int] = dict(db.execute(sql, (table,)).fetchall())
    except sqlite3.Error:
        return None
    at = columns.split(", ").index(sums.PARTS[table].owner)
    found: dict[Any, int] = {}
    for row in rows:
        found[row[at]] = found.get(row[at], 0) ^ sums.digest(*row)
    return {owner for owner, value in found.items() if kept.get(owner, 0) != value}
