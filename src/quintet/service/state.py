"""What the service keeps beside the library: tokens, sessions, jobs and uploads, in SQLite."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quintet.errors import LibraryTooNew

NAME = "service.sqlite"
VERSION = 1

SCHEMA = """
CREATE TABLE tokens (
    name TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, scope TEXT NOT NULL,
    created_at TEXT NOT NULL, expires_at TEXT
) WITHOUT ROWID;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, token TEXT NOT NULL REFERENCES tokens(name) ON DELETE CASCADE,
    expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, no INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    params TEXT NOT NULL, created_at TEXT NOT NULL, started_at TEXT, finished_at TEXT,
    tries INTEGER NOT NULL, report TEXT NOT NULL, error TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_no ON jobs(no);
CREATE TABLE answers (
    key TEXT PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""


class State:
    """One small database of a library folder; safe to use from several threads.

    Raises:
        LibraryTooNew: a newer service wrote it.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / NAME, isolation_level=None, check_same_thread=False, timeout=10
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._prepare(folder)

    def _prepare(self, folder: Path) -> None:
        with self.transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise LibraryTooNew(
                    f"{folder / NAME} has version {version}, this program knows {VERSION}; "
                    "update Quintet (pip install -U quintet)"
                )
            if version == 0:
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and no other thread in between."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
