"""The store: one SQLite file that is the only truth about a library."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from quintet.errors import UnknownName, UsageError
from quintet.store import checks, filters, fulltext, models, packing, schema
from quintet.store.lock import WriteLock
from quintet.store.packing import SEGMENT_COLUMNS, path_key, printable, real_path, storable
from quintet.store.records import (
    ChannelRow,
    ErrorRow,
    Failure,
    FileRow,
    JobRow,
    ModelRow,
    Placement,
    Record,
    Stats,
    TextHit,
    TextRow,
    VectorRow,
    Vectors,
)
from quintet.types import Channel, Int64, Item, Local, Modality, Segment

MANY = 500
"""Ids asked for in one statement."""

FILE_COLUMNS = "path, root, size_bytes, mtime_ns, inode, item_id, missing, beside"

BELOW = "(path = ? OR path > ? AND path < ?)"
"""Paths of a folder; its values come from ``_below``."""


class Store:
    """Items, segments, features, text, labels, vectors, models and jobs of one library folder.

    ``Store.open(folder)`` reads and sees every later commit; ``write=True`` also takes the
    library's write lock. Every method that writes is one transaction and returns after it is
    committed and flushed to the disk. Not for use by two threads at a time.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection, lock: WriteLock | None) -> None:
        self.folder = folder
        self._db = db
        self._lock = lock
        self._generations: tuple[tuple[int, int], dict[str, tuple[int, int]]] = ((-1, -1), {})

    @classmethod
    def create(cls, folder: Path) -> Store:
        """Make an empty library and open it for writing."""
        schema.create(folder)
        return cls.open(folder, write=True)

    @classmethod
    def open(cls, folder: Path, *, write: bool = False) -> Store:
        """Open a library.

        Raises:
            LibraryNotFound, LibraryTooNew, LibraryCorrupt, LibraryBusy, NoSpace.
        """
        if not write:
            return cls(folder, schema.connect(folder, write=False), None)
        schema.connect(folder, write=False).close()
        with schema.translated(folder):
            lock = WriteLock(folder)
        try:
            store = cls(folder, schema.connect(folder, write=True), lock)
        except BaseException:
            lock.release()
            raise
        store._end_interrupted_jobs()
        return store

    def close(self) -> None:
        """Close the database and let the next writer in."""
        if self._lock:
            schema.settle(self._db)
        self._db.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with schema.translated(self.folder):
            return self._db.execute(sql, values).fetchall()

    # items and files

    def put(self, batch: Sequence[Record]) -> None:
        """Commit new items, each with its file, segments, features, texts and vectors."""
        with self._transaction() as db:
            for record in batch:
                item_id, path = record.item.id, path_key(record.file.path)
                _insert_item(db, record.item)
                _place_file(db, record.file, item_id, heir=True)
                _insert_channels(db, record)
                shared = [r for r in record.texts if r.field not in ("name", "folder")]
                own = [r for r in record.texts if r.field in ("name", "folder")]
                fulltext.insert(db, item_id, None, shared)
                fulltext.insert(db, item_id, path, own)
                for model_id, rows in record.vectors.items():
                    models.insert_vectors(db, model_id, record.item.modality, rows)

    def put_files(self, batch: Sequence[Placement]) -> None:
        """Commit further or moved files of known contents."""
        with self._transaction() as db:
            for p in batch:
                item_id = p.file.item_id
                _place_file(db, p.file, item_id, heir=False)
                for path in p.gone:
                    _forget_file(db, path_key(path))
                for path in p.away:
                    db.execute("UPDATE files SET missing = 1 WHERE path = ?", (path_key(path),))
                fulltext.insert(db, item_id, path_key(p.file.path), p.texts)
                _tag(db, item_id, p.tags)

    def put_file(self, row: FileRow, item_id: str, texts: Sequence[TextRow]) -> None:
        """A further or moved file of a known content; ``texts`` are its name and folders."""
        self.put_files([Placement(replace(row, item_id=item_id), texts)])

    def forget_files(self, paths: Sequence[str]) -> None:
        """Files that moved away: their paths are known no longer, their items stay."""
        with self._transaction() as db:
            for path in paths:
                _forget_file(db, path_key(path))

    def forget_orphans(self) -> None:
        """Items that no path points at any more: their files hold other contents now."""
        rows = self._rows(
            "SELECT id FROM items i WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.item_id = i.id)"
        )
        if rows:
            self.remove([row[0] for row in rows])

    def known_files(self, root: str) -> dict[str, FileRow]:
        """Path to file, of the known files below a folder, or of the one file."""
        rows = self._rows(f"SELECT {FILE_COLUMNS} FROM files WHERE {BELOW}", _below(root))
        return {row.path: row for row in map(_file_row, rows)}

    def file(self, path: str) -> FileRow | None:
        """The file of that path, None when it is not known."""
        rows = self._rows(f"SELECT {FILE_COLUMNS} FROM files WHERE path = ?", (path_key(path),))
        return _file_row(rows[0]) if rows else None

    def files_of(self, item_id: str) -> list[FileRow]:
        """All files of one content, the present ones first."""
        rows = self._rows(
            f"SELECT {FILE_COLUMNS} FROM files WHERE item_id = ? ORDER BY missing, path", (item_id,)
        )
        return [_file_row(row) for row in rows]

    def touch_files(self, rows: Sequence[FileRow], tags: Sequence[str] = ()) -> None:
        """Known files as they are now, there again or under another root; their items tagged."""
        with self._transaction() as db:
            for r in rows:
                db.execute(
                    "UPDATE files SET root = ?, mtime_ns = ?, inode = ?, missing = 0"
                    " WHERE path = ?",
                    (path_key(r.root), r.mtime_ns, r.inode, path_key(r.path)),
                )
                _tag(db, r.item_id, tags)

    def mark_missing(self, paths: Sequence[str]) -> None:
        """Files that the last scan of their root did not find."""
        if not paths:
            return
        with self._transaction() as db:
            db.executemany(
                "UPDATE files SET missing = 1 WHERE path = ?", [(path_key(p),) for p in paths]
            )

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items and all that belongs to them; files on disk are not touched."""
        with self._transaction() as db:
            for item_id in ids:
                _forget_item(db, item_id)

    def has(self, item_id: str) -> bool:
        """Whether an item of that content is known."""
        return bool(self._rows("SELECT 1 FROM items WHERE id = ?", (item_id,)))

    def get_many(self, ids: Sequence[str]) -> list[Item]:
        """The items of these ids, in this order; unknown ids are left out."""
        found: dict[str, Item] = {}
        for start in range(0, len(ids), MANY):
            found.update(self._get(ids[start : start + MANY]))
        return [found[i] for i in ids if i in found]

    def _get(self, ids: Sequence[str]) -> dict[str, Item]:
        marks = ", ".join("?" * len(ids))
        paths = self._grouped(
            "SELECT item_id, path, mtime_ns, missing FROM files"
            f" WHERE item_id IN ({marks}) ORDER BY missing, path",
            ids,
        )
        metadata = self._grouped(
            f"SELECT item_id, key, value FROM metadata WHERE item_id IN ({marks})", ids
        )
        tags = self._grouped(
            f"SELECT item_id, tag FROM tags WHERE item_id IN ({marks}) ORDER BY tag", ids
        )
        labels = self._grouped(
            f"SELECT item_id, label FROM labels WHERE item_id IN ({marks})"
            " ORDER BY source = 'user' DESC",
            ids,
        )
        items = self._rows(
            f"SELECT id, modality, format, size_bytes, added_at FROM items WHERE id IN ({marks})",
            ids,
        )
        return {
            i: Item(
                id=i,
                modality=Modality(modality),
                format=format_,
                path=real_path(paths[i][0][0]) if i in paths else "",
                size_bytes=size,
                mtime_ns=paths[i][0][1] if i in paths else 0,
                added_at=added,
                metadata=dict(metadata.get(i, ())),
                others=tuple(real_path(row[0]) for row in paths.get(i, ())[1:]),
                tags=tuple(row[0] for row in tags.get(i, ())),
                label=labels[i][0][0] if i in labels else None,
                missing=all(row[2] for row in paths.get(i, ())),
            )
            for i, modality, format_, size, added in items
        }

    def _grouped(self, sql: str, ids: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
        grouped: dict[str, list[tuple[Any, ...]]] = {}
        for item_id, *rest in self._rows(sql, ids):
            grouped.setdefault(item_id, []).append(tuple(rest))
        return grouped

    def find(self, where: Sequence[str] = (), modalities: Sequence[Modality] = ()) -> list[str]:
        """Ids of the items that meet all conditions, in order of id.

        Raises:
            FilterError: a condition that cannot be read, or a key that no item has.
        """
        own = filters.metadata_keys(where)
        known = self._metadata_keys() if own else ()
        sql, values = filters.clause(where, modalities, known)
        rows = self._rows(f"SELECT i.id FROM items i WHERE {sql} ORDER BY i.id", values)
        return [row[0] for row in rows]

    def _metadata_keys(self) -> tuple[str, ...]:
        return tuple(r[0] for r in self._rows("SELECT DISTINCT lower(key) FROM metadata"))

    def resolve(self, name: str) -> Item:
        """The item of a path, or of the first digits of an id.

        Raises:
            UnknownName: no such item.
            UsageError: several ids begin with these digits.
        """
        path = path_key(os.path.abspath(os.path.expanduser(name)))  # noqa: PTH100, PTH111 - names may hold any byte
        rows = self._rows("SELECT item_id FROM files WHERE path = ?", (path,))
        if not rows and len(name) >= 4 and set(name) <= set("0123456789abcdef"):
            rows = self._rows("SELECT id FROM items WHERE id GLOB ? LIMIT 3", (name + "*",))
        if not rows:
            names = [
                r[0].rsplit("/", 1)[-1] for r in self._rows("SELECT path FROM files LIMIT 5000")
            ]
            raise UnknownName("item", name, names)
        if len(rows) > 1:
            raise UsageError(f"several ids begin with {name}; give more digits or the path")
        return self.get_many([rows[0][0]])[0]

    def roots(self) -> dict[str, str]:
        """Item id to the folder that was added when its (first) file was found."""
        rows = self._rows("SELECT item_id, root FROM files ORDER BY missing DESC, path DESC")
        return {item_id: real_path(root) for item_id, root in rows}

    # errors

    def record_errors(self, rows: Sequence[Failure]) -> None:
        """One row a file that was not indexed; a later one of the same path replaces it."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_failure_values(row) for row in rows],
            )

    def failures(self, root: str) -> dict[str, Failure]:
        """Path to failure, of the files below a folder."""
        rows = self._rows(
            "SELECT path, stage, code, detail, at, skipped, size_bytes, mtime_ns, program"
            f" FROM errors WHERE {BELOW}",
            _below(root),
        )
        return {
            real_path(r[0]): Failure(ErrorRow(real_path(r[0]), *r[1:5]), bool(r[5]), *r[6:])
            for r in rows
        }

    def clear_errors(self, root: str, keep: Sequence[str]) -> None:
        """Forget the errors below a root whose files are no longer there."""
        kept = {path_key(path) for path in keep}
        rows = self._rows(f"SELECT path FROM errors WHERE {BELOW}", _below(root))
        past = [row for row in rows if row[0] not in kept]
        if past:
            with self._transaction() as db:
                db.executemany("DELETE FROM errors WHERE path = ?", past)

    def errors(self, limit: int = 1000, offset: int = 0) -> list[ErrorRow]:
        """Files that are not indexed: failures first, latest first."""
        rows = self._rows(
            "SELECT path, stage, code, detail, at FROM errors"
            " ORDER BY skipped, at DESC, path LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return [ErrorRow(printable(real_path(row[0])), *row[1:]) for row in rows]

    # segments, features, text

    def segments(self, item_id: str) -> dict[Channel, list[Segment]]:
        """The segments of an item, by channel."""
        rows = self._rows(
            f"SELECT channel, {SEGMENT_COLUMNS} FROM segments WHERE item_id = ?"
            " ORDER BY channel, no",
            (item_id,),
        )
        found: dict[Channel, list[Segment]] = {}
        for channel, *rest in rows:
            found.setdefault(Channel(channel), []).append(packing.unpack_segment(tuple(rest)))
        return found

    def local(self, ids: Sequence[str], channel: Channel) -> dict[str, Local]:
        """Local features of one channel, of the items that have them.

        Raises:
            LibraryCorrupt: a checksum does not hold; names the item.
        """
        found: dict[str, Local] = {}
        for start in range(0, len(ids), MANY):
            part = ids[start : start + MANY]
            marks = ", ".join("?" * len(part))
            rows = self._rows(
                "SELECT item_id, t, d, x, steps, checksum FROM features"
                f" WHERE channel = ? AND item_id IN ({marks})",
                [channel.value, *part],
            )
            for item_id, *rest in rows:
                what = f"the {channel} features of item {item_id[:12]}"
                found[item_id] = packing.unpack_local(what, *rest)
        return found

    def put_features(self, record: Record) -> None:
        """Replace the segments, texts, features and vectors of a known item; tags stay."""
        item_id = record.item.id
        with self._transaction() as db:
            for table in ("segments", "features", "vectors"):
                db.execute(f"DELETE FROM {table} WHERE item_id = ?", (item_id,))
            fulltext.delete(db, "item_id = ? AND field IN ('text', 'subtitle')", (item_id,))
            said = [r for r in record.texts if r.field in ("text", "subtitle")]
            fulltext.insert(db, item_id, None, said)
            _insert_channels(db, record)
            db.execute(
                "UPDATE files SET beside = ? WHERE path = ?",
                (path_key(record.file.beside), path_key(record.file.path)),
            )
            for model_id, rows in record.vectors.items():
                models.insert_vectors(db, model_id, record.item.modality, rows)

    def channels(self) -> list[ChannelRow]:
        """Every channel of every item, with the encoder that read it."""
        rows = self._rows(
            "SELECT f.item_id, i.modality, f.channel, f.encoder, f.t * f.d FROM features f"
            " JOIN items i ON i.id = f.item_id ORDER BY f.item_id, f.channel"
        )
        return [ChannelRow(i, Modality(m), Channel(c), e, n) for i, m, c, e, n in rows]

    def text_search(self, words: str, limit: int) -> list[TextHit]:
        """Places that hold the words; see ``store/fulltext.py``."""
        with schema.translated(self.folder):
            return fulltext.search(self._db, words, limit)

    def rebuild_words(self) -> int:
        """Make the full-text index again from the texts; the number of rows."""
        with self._transaction() as db:
            return fulltext.rebuild(db)

    # tags and labels

    def add_tags(self, ids: Sequence[str], tags: Sequence[str]) -> None:
        """Tag items; words find them by their tags."""
        with self._transaction() as db:
            for item_id in ids:
                _tag(db, item_id, tags)

    def remove_tags(self, ids: Sequence[str], tags: Sequence[str]) -> None:
        """Take tags off items; those that an item does not have are ignored."""
        with self._transaction() as db:
            for item_id in ids:
                for tag in tags:
                    values = (item_id, storable(tag))
                    db.execute("DELETE FROM tags WHERE item_id = ? AND tag = ?", values)
                    fulltext.delete(db, "item_id = ? AND text = ? AND field = 'tag'", values)

    def tags(self) -> dict[str, int]:
        """Every tag and on how many items it is."""
        return dict(self._rows("SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY tag"))

    def set_labels(self, labels: Mapping[str, str], source: str) -> None:
        """Replace all labels of one source by item id → label."""
        with self._transaction() as db:
            db.execute("DELETE FROM labels WHERE source = ?", (source,))
            db.executemany(
                "INSERT INTO labels VALUES (?, ?, ?)",
                [(i, source, label) for i, label in labels.items()],
            )

    def labels(self, source: str) -> dict[str, str]:
        """Item id to label, of one source."""
        return dict(self._rows("SELECT item_id, label FROM labels WHERE source = ?", (source,)))

    def label_sources(self) -> dict[str, int]:
        """Every source of labels and how many items it labels."""
        return dict(self._rows("SELECT source, count(*) FROM labels GROUP BY source ORDER BY 1"))

    # models and vectors

    def put_model(self, row: ModelRow, vectors: Mapping[Modality, Sequence[VectorRow]]) -> None:
        """Commit a model, its files and all its vectors, and make it the active one."""
        with self._transaction() as db:
            models.insert(db, row)
            for modality, rows in vectors.items():
                models.insert_vectors(db, row.id, modality, rows)
            _set(db, "active_model", row.id)

    def put_vectors(self, model_id: str, modality: Modality, rows: Sequence[VectorRow]) -> None:
        """Add vectors of a model."""
        with self._transaction() as db:
            models.insert_vectors(db, model_id, modality, rows)

    def replace_vectors(
        self,
        model_id: str,
        channels: Sequence[ChannelRow],
        vectors: Mapping[Modality, Sequence[VectorRow]],
    ) -> None:
        """All vectors of a model of these channels, in the place of what was there."""
        pairs = [(model_id, row.item_id, row.channel.value) for row in channels]
        with self._transaction() as db:
            db.executemany(
                "DELETE FROM vectors WHERE model_id = ? AND item_id = ? AND channel = ?", pairs
            )
            for modality, rows in vectors.items():
                models.insert_vectors(db, model_id, modality, rows)

    def forget_features(self, ids: Sequence[str]) -> None:
        """Delete the features and vectors of items; words still find them."""
        with self._transaction() as db:
            for table in ("features", "vectors"):
                db.executemany(f"DELETE FROM {table} WHERE item_id = ?", [(i,) for i in ids])

    def clear_vectors(self, model_id: str) -> None:
        """Delete all vectors of a model."""
        with self._transaction() as db:
            db.execute("DELETE FROM vectors WHERE model_id = ?", (model_id,))

    def shelves(self, model_id: str) -> list[tuple[Modality, Channel]]:
        """Which modalities and channels have vectors of a model."""
        rows = self._rows(
            "SELECT DISTINCT modality, channel FROM vectors WHERE model_id = ? ORDER BY 1, 2",
            (model_id,),
        )
        return [(Modality(m), Channel(c)) for m, c in rows]

    def vectors(
        self, model_id: str, modality: Modality, channel: Channel, after: int = 0
    ) -> Vectors:
        """The vectors of one shelf with larger keys than ``after``, checked.

        Raises:
            LibraryCorrupt: a checksum does not hold.
        """
        with schema.translated(self.folder):
            return models.vectors(self._db, model_id, modality, channel, after)

    def vector_parts(
        self, model_id: str, modality: Modality, channel: Channel, size: int
    ) -> Iterator[Vectors]:
        """The same, so many in memory at a time."""
        with schema.translated(self.folder):
            yield from models.vector_parts(self._db, model_id, modality, channel, size)

    def vector_keys(self, model_id: str, modality: Modality, channel: Channel) -> Int64:
        """The keys of the vectors of one shelf, increasing; a key is never used again."""
        with schema.translated(self.folder):
            return models.vector_keys(self._db, model_id, modality, channel)

    def vector_marks(self, keys: Sequence[int]) -> dict[int, bytes]:
        """Key to checksum of those of the vectors that are there."""
        with schema.translated(self.folder):
            return models.vector_marks(self._db, keys)

    def generation(self, model_id: str) -> tuple[int, int]:
        """Changes whenever the vectors of a model do: how many, and a mark of the latest one."""
        state = (self._rows("PRAGMA data_version")[0][0], self._db.total_changes)
        if self._generations[0] != state:
            self._generations = (state, {})
        known = self._generations[1]
        if model_id not in known:
            known[model_id] = self._generation(model_id)
        return known[model_id]

    def _generation(self, model_id: str) -> tuple[int, int]:
        ((count, last),) = self._rows(
            "SELECT count(*), coalesce(max(key), 0) FROM vectors WHERE model_id = ?", (model_id,)
        )
        if not count:
            return 0, 0
        row = self._rows("SELECT key, item_id, checksum FROM vectors WHERE key = ?", (last,))
        return count, int.from_bytes(packing.checksum(repr(row).encode())[:7])

    def without_vectors(self, model_id: str) -> list[ChannelRow]:
        """Channels that have features but no vector of the model."""
        have = set(
            self._rows(
                "SELECT DISTINCT item_id, channel FROM vectors WHERE model_id = ?", (model_id,)
            )
        )
        return [row for row in self.channels() if (row.item_id, row.channel.value) not in have]

    def models(self) -> list[ModelRow]:
        """The trained models without their files, newest first."""
        with schema.translated(self.folder):
            return models.listed(self._db)

    def model(self, model_id: str) -> ModelRow:
        """A model with its files.

        Raises:
            UnknownName: no such model.
            LibraryCorrupt: a checksum does not hold.
        """
        with schema.translated(self.folder):
            return models.read(self._db, model_id)

    def active_id(self) -> str | None:
        """The id of the active model, None before training."""
        return self.setting("active_model")

    def activate(self, model_id: str) -> None:
        """Make a model the active one."""
        self.model(model_id)
        self.set_setting("active_model", model_id)

    def remove_model(self, model_id: str) -> None:
        """Delete a model and its vectors; when it is the active one, the newest other follows."""
        self.model(model_id)
        with self._transaction() as db:
            db.execute("DELETE FROM vectors WHERE model_id = ?", (model_id,))
            db.execute("DELETE FROM models WHERE id = ?", (model_id,))
            if self.active_id() == model_id:
                db.execute("DELETE FROM settings WHERE key = 'active_model'")
                left = models.listed(db)
                if left:
                    _set(db, "active_model", left[0].id)

    # settings and jobs

    def setting(self, key: str) -> str | None:
        """A setting of the library, None when it is not set."""
        rows = self._rows("SELECT value FROM settings WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_setting(self, key: str, value: str) -> None:
        """Set a setting."""
        with self._transaction() as db:
            _set(db, key, value)

    def start_job(self, kind: str, params: Mapping[str, object]) -> int:
        """Note that a long piece of work begins; its number."""
        with self._transaction() as db:
            at = db.execute(
                "INSERT INTO jobs(kind, state, pid, started_at, params, report)"
                " VALUES (?, 'running', ?, ?, ?, '{}')",
                (kind, os.getpid(), now(), json.dumps(dict(params))),
            )
        return int(at.lastrowid or 0)

    def finish_job(self, job: int, state: str, report: Mapping[str, object]) -> None:
        """Note how it ended: done, failed or interrupted."""
        with self._transaction() as db:
            db.execute(
                "UPDATE jobs SET state = ?, finished_at = ?, report = ? WHERE id = ?",
                (state, now(), json.dumps(dict(report)), job),
            )

    def _end_interrupted_jobs(self) -> None:
        """Only one process writes, so a job that still runs has died."""
        if self._rows("SELECT 1 FROM jobs WHERE state = 'running'"):
            with self._transaction() as db:
                db.execute(
                    "UPDATE jobs SET state = 'interrupted', finished_at = ?"
                    " WHERE state = 'running'",
                    (now(),),
                )

    def jobs(self, limit: int = 20) -> list[JobRow]:
        """The latest jobs, newest first."""
        rows = self._rows(
            "SELECT id, kind, state, started_at, finished_at, params, report FROM jobs"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [
            JobRow(number, kind, state, started, ended, json.loads(params), json.loads(report))
            for number, kind, state, started, ended, params, report in rows
        ]

    # the whole

    def stats(self) -> Stats:
        """What is in the library, in numbers."""
        items = dict(self._rows("SELECT modality, count(*) FROM items GROUP BY 1"))
        counts = self._rows(
            "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM files WHERE missing),"
            " (SELECT count(*) FROM errors WHERE NOT skipped),"
            " (SELECT count(*) FROM errors WHERE skipped), (SELECT count(*) FROM segments),"
            " (SELECT count(*) FROM vectors), (SELECT count(DISTINCT item_id) FROM labels)"
        )[0]
        size = sum(p.stat().st_size for p in self.folder.glob(f"{schema.DATABASE}*"))
        names = ("files", "missing", "errors", "skipped", "segments", "vectors", "labelled")
        return Stats(
            items={m.value: items.get(m.value, 0) for m in Modality},
            **dict(zip(names, counts, strict=True)),
            database_bytes=size,
        )

    def verify(self) -> list[str]:
        """What is damaged, one line each: SQLite's own check, then every checksum of ours."""
        with schema.translated(self.folder):
            return checks.verify(self._db)

    def damaged(self) -> list[str]:
        """Ids of the items with features that are not those that were written."""
        with schema.translated(self.folder):
            return checks.damaged(self._db)


def now() -> str:
    """The time, UTC, ISO 8601 to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _set(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))


def _file_row(row: tuple[Any, ...]) -> FileRow:
    path, root, size, mtime_ns, inode, item_id, missing, beside = row
    places = (real_path(path), real_path(root))
    return FileRow(*places, size, mtime_ns, inode, item_id, bool(missing), real_path(beside))


def _below(root: str) -> tuple[str, str, str]:
    """The values of BELOW: the path itself, and all that begin with it and a slash."""
    folder = path_key(root).rstrip("/")
    return (path_key(root), f"{folder}/", f"{folder}0")


def _failure_values(row: Failure) -> tuple[object, ...]:
    e = row.error
    shown = (path_key(e.path), e.stage, e.code, printable(e.detail), e.at)
    return (*shown, row.skipped, row.size_bytes, row.mtime_ns, row.program)


def _insert_item(db: sqlite3.Connection, item: Item) -> None:
    duration = item.metadata.get("duration_s")
    values = (item.id, item.modality.value, item.format, item.size_bytes, item.added_at)
    db.execute(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, float(duration) if duration else None, item.metadata.get("date")),
    )
    db.executemany(
        "INSERT INTO metadata VALUES (?, ?, ?)",
        [(item.id, storable(k), storable(v)) for k, v in item.metadata.items()],
    )
    tags = [(item.id, storable(tag)) for tag in item.tags]
    db.executemany("INSERT INTO tags VALUES (?, ?)", tags)


def _place_file(db: sqlite3.Connection, row: FileRow, item_id: str, *, heir: bool) -> None:
    """Let a path point at an item. What it held before may turn up at another path.

    Args:
        heir: where it held the only file of another item, this is its new version and gets its
            tags and labels too.
    """
    path = path_key(row.path)
    before = db.execute("SELECT item_id FROM files WHERE path = ?", (path,)).fetchone()
    fulltext.delete(db, "path = ?", (path,))
    db.execute("DELETE FROM errors WHERE path = ?", (path,))
    db.execute(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        (
            *(path, path_key(row.root), item_id, row.size_bytes, row.mtime_ns, row.inode),
            path_key(row.beside),
        ),
    )
    if heir and before and before[0] != item_id and not _has_file(db, before[0]):
        _inherit(db, before[0], item_id)


def _has_file(db: sqlite3.Connection, item_id: str) -> bool:
    sql = "SELECT 1 FROM files WHERE item_id = ? LIMIT 1"
    return db.execute(sql, (item_id,)).fetchone() is not None


def _inherit(db: sqlite3.Connection, old: str, new: str) -> None:
    tags = db.execute("SELECT tag FROM tags WHERE item_id = ?", (old,)).fetchall()
    _tag(db, new, [row[0] for row in tags])
    db.execute(
        "INSERT OR IGNORE INTO labels SELECT ?, source, label FROM labels WHERE item_id = ?",
        (new, old),
    )


def _forget_file(db: sqlite3.Connection, path: str) -> None:
    fulltext.delete(db, "path = ?", (path,))
    db.execute("DELETE FROM files WHERE path = ?", (path,))


def _forget_item(db: sqlite3.Connection, item_id: str) -> None:
    fulltext.delete(db, "item_id = ?", (item_id,))
    db.execute("DELETE FROM items WHERE id = ?", (item_id,))


def _tag(db: sqlite3.Connection, item_id: str, tags: Sequence[str]) -> None:
    for tag in map(storable, tags):
        new = db.execute("INSERT OR IGNORE INTO tags VALUES (?, ?)", (item_id, tag))
        if new.rowcount:
            fulltext.insert(db, item_id, None, [TextRow("tag", tag)])


def _insert_channels(db: sqlite3.Connection, record: Record) -> None:
    for channel, segments in record.segments.items():
        db.executemany(
            f"INSERT INTO segments(item_id, channel, {SEGMENT_COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(record.item.id, channel.value, *packing.pack_segment(s)) for s in segments],
        )
    for channel, local in record.local.items():
        db.execute(
            "INSERT INTO features VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (record.item.id, channel.value, record.encoder[channel], *packing.pack_local(local)),
        )
