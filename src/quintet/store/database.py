"""The connection to a library's database: opened, locked, in transactions, closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from quintet.closing import Closing
from quintet.store import schema, sums, upgrades
from quintet.store.lock import Lock

MANY = 500
"""Ids asked for in one statement."""

PAGES = 4096
"""Copied at a time (16 MB)."""


class Database(Closing):
    """One open library folder; the parts of the store build on it."""

    def __init__(self, folder: Path, db: sqlite3.Connection, lock: Lock | None) -> None:
        self.folder = folder
        self._db = db
        self._lock = lock

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make an empty library and open it for writing."""
        schema.create(folder)
        return cls.open(folder, write=True)

    @classmethod
    def open(cls, folder: Path, *, write: bool = False) -> Self:
        """Open a library.

        Raises:
            LibraryNotFound, LibraryTooNew, LibraryCorrupt, LibraryBusy, NoSpace.
        """
        if not write:
            return cls(folder, schema.connect(folder, write=False), None)
        schema.connect(folder, write=False).close()
        with schema.translated(folder):
            lock = Lock(folder)
        try:
            store = cls(folder, _newest(folder), lock)
        except BaseException:
            lock.close()
            raise
        store._begin_writing()
        return store

    def _begin_writing(self) -> None:
        """What a writer puts in order first."""

    def close(self) -> None:
        """Close the database and let the next writer in."""
        if self._lock:
            schema.settle(self._db)
        self._db.close()
        if self._lock:
            self._lock.close()

    def copy_to(self, path: Path, on_progress: Callable[[int, int], None]) -> None:
        """The database as it is now into a new file, while others read and write.

        Args:
            on_progress: called with pages copied and pages in all.

        Raises:
            NoSpace: there is no room for it, or the place cannot be written.
        """
        with schema.translated(path.parent):
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                self._db.execute("BEGIN")  # of one moment, whatever is committed meanwhile
                self._db.execute("PRAGMA user_version").fetchone()
                self._db.backup(
                    copy,
                    pages=PAGES,
                    progress=lambda _, left, total: on_progress(total - left, total),
                )
            finally:
                self._db.execute("ROLLBACK")
                copy.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with schema.translated(self.folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @property
    def version(self) -> int:
        """Of the schema: an older library that is only read keeps its own."""
        return int(self._rows("PRAGMA user_version")[0][0])

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with schema.translated(self.folder):
            return self._db.execute(sql, values).fetchall()

    def _grouped(self, sql: str, ids: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
        grouped: dict[str, list[tuple[Any, ...]]] = {}
        for item_id, *rest in self._rows(sql, ids):
            grouped.setdefault(item_id, []).append(tuple(rest))
        return grouped


def _newest(folder: Path) -> sqlite3.Connection:
    """The database for writing, brought up to the present schema."""
    db = schema.connect(folder, write=True)
    try:
        with schema.translated(folder):
            upgrades.upgrade(db, folder)
            sums.watch(db)
    except BaseException:
        db.close()
        raise
    return db


def now() -> str:
    """The time, UTC, ISO 8601 to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
