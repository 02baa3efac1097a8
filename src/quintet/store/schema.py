"""The database: its tables, its version, and how a connection is opened."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quintet import durable
from quintet.errors import (
    LibraryBusy,
    LibraryCorrupt,
    LibraryNotFound,
    LibraryTooNew,
    NoSpace,
    UsageError,
)
from quintet.store.lock import Lock

DATABASE = "library.sqlite"
APPLICATION_ID = 0x51_4E_54_54
"""Marks the file as Quintet's: QNTT."""

VERSION = 3
"""Of the schema; a library of a larger one is refused, one of a smaller one is brought up to date
when it is opened for writing (``store/upgrades.py``)."""

MOST_VERSION = 1000
"""Of a schema that anybody will ever write; a larger number is damage."""

WAY_OUT = (
    "restore a backup (quintet restore FILE --force), or save labels, tags and searches with: "
    "quintet salvage FILE"
)
"""Of a library that is damaged."""

ASIDE = "replaced-"
"""Begins the name of a folder with a database that was there before."""

BUSY_MS = 10_000

WAL_BYTES = 64 << 20
"""The write-ahead log is cut back to this size after a large transaction."""

SCHEMA = """
CREATE TABLE items (
    id TEXT PRIMARY KEY, modality TEXT NOT NULL, format TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    added_at TEXT NOT NULL, duration_s REAL, date TEXT
) WITHOUT ROWID;
CREATE TABLE files (
    path TEXT PRIMARY KEY, root TEXT NOT NULL,
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    beside TEXT NOT NULL, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX files_item ON files(item_id);
CREATE TABLE metadata (
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (item_id, key)
) WITHOUT ROWID;
CREATE INDEX metadata_key ON metadata(key, value);
CREATE TABLE tags (
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE, tag TEXT NOT NULL,
    PRIMARY KEY (item_id, tag)
) WITHOUT ROWID;
CREATE TABLE labels (
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE, source TEXT NOT NULL,
    label TEXT NOT NULL, PRIMARY KEY (item_id, source)
) WITHOUT ROWID;
CREATE TABLE segments (
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    channel TEXT NOT NULL, no INTEGER NOT NULL,
    kind TEXT NOT NULL, start_s REAL, end_s REAL, box TEXT, azimuth_deg REAL, elevation_deg REAL,
    start_char INTEGER, end_char INTEGER, page INTEGER, text TEXT,
    PRIMARY KEY (item_id, channel, no)
) WITHOUT ROWID;
CREATE TABLE features (
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE, channel TEXT NOT NULL,
    encoder TEXT NOT NULL, t INTEGER NOT NULL, d INTEGER NOT NULL,
    x BLOB NOT NULL, steps BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (item_id, channel)
);
CREATE TABLE vectors (
    key INTEGER PRIMARY KEY AUTOINCREMENT, model_id TEXT NOT NULL,
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    modality TEXT NOT NULL, channel TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    z BLOB NOT NULL, checksum BLOB NOT NULL
);
CREATE INDEX vectors_shelf ON vectors(model_id, modality, channel);
CREATE INDEX vectors_item ON vectors(item_id);
CREATE TABLE texts (
    id INTEGER PRIMARY KEY, item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    path TEXT, field TEXT NOT NULL, channel TEXT, segment_no INTEGER, text TEXT NOT NULL
);
CREATE INDEX texts_item ON texts(item_id);
CREATE INDEX texts_path ON texts(path) WHERE path IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize='porter unicode61');
CREATE TABLE errors (
    path TEXT PRIMARY KEY, stage TEXT NOT NULL, code TEXT NOT NULL,
    detail TEXT NOT NULL, at TEXT NOT NULL, skipped INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, program TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE models (
    id TEXT PRIMARY KEY, method TEXT NOT NULL, created_at TEXT NOT NULL, params TEXT NOT NULL,
    report TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE model_blobs (
    model_id TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE, name TEXT NOT NULL,
    data BLOB NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (model_id, name)
);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, state TEXT NOT NULL,
    pid INTEGER NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
    params TEXT NOT NULL, report TEXT NOT NULL
);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

SEARCHES = """
CREATE TABLE searches (
    name TEXT PRIMARY KEY, query TEXT NOT NULL, created_at TEXT NOT NULL, seen_at TEXT
) WITHOUT ROWID;
CREATE TABLE seen (
    name TEXT NOT NULL REFERENCES searches(name) ON DELETE CASCADE,
    item_id TEXT NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    PRIMARY KEY (name, item_id)
) WITHOUT ROWID;
CREATE INDEX seen_item ON seen(item_id);
"""
"""Saved searches, since version 2."""

SUMS = """
CREATE TABLE sums (
    part TEXT NOT NULL, owner TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (part, owner)
) WITHOUT ROWID;
"""
"""Checksums of rows (``store/sums.py``), since version 3."""

ADDED = {1: SCHEMA, 2: SEARCHES, 3: SUMS}
"""What each version has added to the one before."""


def connect(folder: Path, *, write: bool) -> sqlite3.Connection:
    """Open the database of a library folder.

    Raises:
        LibraryNotFound, LibraryTooNew, LibraryCorrupt, NoSpace: as their names say.
    """
    path = folder / DATABASE
    with translated(folder):
        if not path.is_file():
            raise LibraryNotFound(f"no library at {folder}; make one with: quintet init")
        db = _open(path, write=write)
        try:
            _prepare(db, folder, write=write)
        except BaseException:
            db.close()
            raise
    return db


def _open(path: Path, *, write: bool) -> sqlite3.Connection:
    mode = "rw" if write else "ro"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    if not write and not _can_write(path):
        _refuse_unfinished(path)
        uri += "&immutable=1"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.create_function("fold", 1, _fold, deterministic=True)
    return db


def _fold(value: object) -> str | None:
    """Any text in one case; SQLite's own ``lower`` knows the letters of ASCII only."""
    return None if value is None else str(value).casefold()


def _can_write(path: Path) -> bool:
    """Whether readers can make the shared-memory file that WAL needs."""
    beside = [Path(f"{path}-shm"), Path(f"{path}-wal")]
    return os.access(path.parent, os.W_OK) or all(p.exists() for p in beside)


def _unfinished(path: Path) -> bool:
    """Whether the log of a database holds something."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def _refuse_unfinished(path: Path) -> None:
    if _unfinished(path):
        raise NoSpace(
            f"{path.parent} is read-only and its last writer did not finish; copy the folder to "
            "where it can be written and open it there"
        )


def settle(db: sqlite3.Connection) -> None:
    """Move the write-ahead log into the database: a copy of the one file is then the library.

    Nothing is lost where that cannot be (a reader is at work, the disk is full): the log stays.
    """
    with suppress(sqlite3.Error):
        db.execute("PRAGMA busy_timeout = 0")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _prepare(db: sqlite3.Connection, folder: Path, *, write: bool) -> None:
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    mark = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if mark != APPLICATION_ID:
        raise LibraryCorrupt(f"{folder / DATABASE} is not a Quintet library (mark {mark:#x})")
    if not 1 <= version <= MOST_VERSION:
        raise LibraryCorrupt(
            f"{folder / DATABASE} is damaged: it says that it has schema {version}; {WAY_OUT}"
        )
    if version > VERSION:
        raise LibraryTooNew(
            f"the library at {folder} has schema {version}, this program knows {VERSION}; "
            f"it needs a Quintet that knows schema {version} (pip install -U quintet)"
        )
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA cache_size = -65536")
    if write:
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")


def statements(version: int) -> set[str]:
    """The statements that a library of a version consists of, as SQLite keeps them."""
    db = sqlite3.connect(":memory:")
    try:
        db.executescript("".join(sql for since, sql in ADDED.items() if since <= version))
        return kept_statements(db)
    finally:
        db.close()


def kept_statements(db: sqlite3.Connection) -> set[str]:
    """The statements that a database consists of: tables, indexes, triggers, views."""
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {ascii(row) for row in rows}


def create(folder: Path) -> None:
    """Make an empty library: beside its place, then moved into it whole.

    Raises:
        NoSpace: the folder cannot be made or written.
        UsageError: there is a library already.
        LibraryBusy: another process makes or writes one there.
    """
    with translated(folder):
        durable.make_folder(folder)
        beside = folder / f"{DATABASE}.{os.getpid()}.new"
        _refuse_second(folder)
        with Lock(folder):
            _refuse_second(folder)  # of who has had the lock before
            for left in folder.glob(f"{DATABASE}.*.new*"):  # by one that was killed
                left.unlink()
            try:
                _fill(beside)
                set_aside(folder)
                durable.replace(beside, folder / DATABASE)
            finally:
                beside.unlink(missing_ok=True)


def _refuse_second(folder: Path) -> None:
    if (folder / DATABASE).exists():
        raise UsageError(f"there is a library at {folder} already")


def set_aside(folder: Path) -> Path | None:
    """Put the database and its log into a folder of their own too; None where there is none.

    A database whose log is empty stays where it is as well, until the caller puts another in its
    place: there is a library at every moment. Else it is moved with its log: one that outlived its
    database would be written into the next one.
    """
    there = [p for end in ("", "-wal", "-shm") if (p := folder / f"{DATABASE}{end}").exists()]
    if not there:
        return None
    place = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))
    stays = not _unfinished(folder / DATABASE)
    for path in there:
        if not (stays and path.name == DATABASE and _linked(path, place / path.name)):
            path.replace(place / path.name)
    durable.flush(place)
    durable.flush(folder)
    return place


def _linked(path: Path, place: Path) -> bool:
    """Give a file a second name; False where the file system has no such thing."""
    try:
        place.hardlink_to(path)
    except OSError:
        return False
    return True


def _fill(path: Path) -> None:
    """Write an empty library; the log comes last, as closing one that cannot be read is silent."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.executescript(
            f"BEGIN;\n{''.join(ADDED.values())}\nPRAGMA application_id = {APPLICATION_ID};"
            f"\nPRAGMA user_version = {VERSION};\nCOMMIT;"
        )
        db.execute("PRAGMA journal_mode = WAL")
    finally:
        db.close()


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours, with the way out."""
    try:
        yield
    except sqlite3.DatabaseError as e:
        raise _error(e, folder) from e
    except PermissionError as e:
        raise NoSpace(f"{e.filename or folder} cannot be written: {e.strerror}") from e
    except OSError as e:
        raise NoSpace(f"{folder}: {e.strerror}") from e


def _error(e: sqlite3.DatabaseError, folder: Path) -> Exception:
    text = str(e)
    if "disk is full" in text or "database or disk is full" in text:
        return NoSpace(f"the disk of {folder} is full; free some space and run it again")
    if "readonly" in text or "unable to open" in text:
        return NoSpace(
            f"{folder} cannot be opened or written ({text}); check its permissions and the disk"
        )
    if "locked" in text:
        return LibraryBusy(f"{folder} is being written by another process; wait for it to end")
    if "disk I/O" in text:
        return NoSpace(f"{folder}: {text}; check the disk, nothing acknowledged is lost")
    if "malformed" in text or "not a database" in text or "no such table" in text:
        return LibraryCorrupt(
            f"the database of {folder} is damaged ({text}); {WAY_OUT}; originals are untouched"
        )
    return e
