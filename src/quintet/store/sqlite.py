"""The store: one SQLite file that is the only truth about a library."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from quintet.errors import UnknownName, UsageError
from quintet.store import checks, fulltext, models, packing, schema, sums
from quintet.store.database import MANY
from quintet.store.failures import Failures
from quintet.store.items import (
    forget_file,
    forget_item,
    insert_channels,
    insert_item,
    place_file,
)
from quintet.store.labels import Labels, put_tags
from quintet.store.listing import Listing
from quintet.store.packing import BELOW, SEGMENT_COLUMNS, below, path_key, real_path
from quintet.store.records import UNPROVEN, FileRow, Placement, Record, Stats, TextHit, TextRow
from quintet.store.searches import Searches
from quintet.store.trained import Trained
from quintet.types import Channel, Item, Local, Modality, Segment

FEW_ITEMS = 5000
"""Up to so many items that meet a condition, their rows of text are listed before words are looked
up; of more, every row that holds the words is asked whether its item meets it."""

FILE_COLUMNS = "path, root, size_bytes, mtime_ns, inode, item_id, missing, beside"


class Store(Trained, Labels, Listing, Failures, Searches):
    """Items, segments, features, text, labels, vectors, models and jobs of one library folder.

    ``Store.open(folder)`` reads and sees every later commit; ``write=True`` also takes the
    library's write lock. Every method that writes is one transaction and returns after it is
    committed and flushed to the disk. Not for use by two threads at a time.
    """

    # items and files

    def put(self, batch: Sequence[Record]) -> None:
        """Commit new items, each with its file, segments, features, texts and vectors."""
        with self._transaction() as db:
            for record in batch:
                item_id, path = record.item.id, path_key(record.file.path)
                insert_item(db, record.item)
                place_file(db, record.file, item_id, heir=True)
                insert_channels(db, record)
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
                place_file(db, p.file, item_id, heir=False)
                for path in p.gone:
                    forget_file(db, path_key(path))
                for path in p.away:
                    db.execute("UPDATE files SET missing = 1 WHERE path = ?", (path_key(path),))
                fulltext.insert(db, item_id, path_key(p.file.path), p.texts)
                put_tags(db, item_id, p.tags)

    def put_file(self, row: FileRow, item_id: str, texts: Sequence[TextRow]) -> None:
        """A further or moved file of a known content; ``texts`` are its name and folders."""
        self.put_files([Placement(replace(row, item_id=item_id), texts)])

    def forget_files(self, paths: Sequence[str]) -> None:
        """Files that moved away: their paths are known no longer, their items stay."""
        with self._transaction() as db:
            for path in paths:
                forget_file(db, path_key(path))

    def forget_orphans(self) -> None:
        """Items that no path points at any more: their files hold other contents now."""
        rows = self._rows(
            "SELECT id FROM items i WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.item_id = i.id)"
        )
        if rows:
            self.remove([row[0] for row in rows])

    def known_files(self, root: str) -> dict[str, FileRow]:
        """Path to file, of the known files below a folder, or of the one file."""
        rows = self._rows(f"SELECT {FILE_COLUMNS} FROM files WHERE {BELOW}", below(root))
        return {row.path: row for row in map(_file_row, rows)}

    def file(self, path: str) -> FileRow | None:
        """The file of that path, None when it is not known."""
        rows = self._rows(f"SELECT {FILE_COLUMNS} FROM files WHERE path = ?", (path_key(path),))
        return _file_row(rows[0]) if rows else None

    def knows(self, path: str) -> bool:
        """Whether there is, or was, a known file of that path."""
        return bool(self._rows("SELECT 1 FROM files WHERE path = ?", (path_key(path),)))

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
                put_tags(db, r.item_id, tags)

    def disbelieve_files(self) -> None:
        """What is said of files is not believed until their bytes were looked at."""
        with self._transaction() as db:
            db.execute("UPDATE files SET inode = ?", (UNPROVEN,))

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
                forget_item(db, item_id)

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

    def media(self, ids: Sequence[str]) -> dict[str, Modality]:
        """Item id to medium; unknown ids are left out."""
        found: dict[str, Modality] = {}
        for start in range(0, len(ids), MANY):
            part = ids[start : start + MANY]
            marks = ", ".join("?" * len(part))
            rows = self._rows(f"SELECT id, modality FROM items WHERE id IN ({marks})", part)
            found.update((i, Modality(m)) for i, m in rows)
        return found

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

    def segment(self, item_id: str, channel: Channel, no: int) -> Segment:
        """One segment of an item.

        Raises:
            UnknownName: there is none of that number.
        """
        rows = self._rows(
            f"SELECT {SEGMENT_COLUMNS} FROM segments WHERE item_id = ? AND channel = ? AND no = ?",
            (item_id, channel.value, no),
        )
        if not rows:
            raise UnknownName("segment", f"{item_id[:12]}:{channel}:{no}", [])
        return packing.unpack_segment(rows[0])

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
            for table in sums.OF_ENCODING:
                db.execute(f"DELETE FROM {table} WHERE item_id = ?", (item_id,))
            sums.forget(db, item_id, sums.OF_ENCODING)
            fulltext.delete(db, "item_id = ? AND field IN ('text', 'subtitle')", (item_id,))
            said = [r for r in record.texts if r.field in ("text", "subtitle")]
            fulltext.insert(db, item_id, None, said)
            insert_channels(db, record)
            db.execute(
                "UPDATE files SET beside = ? WHERE path = ?",
                (path_key(record.file.beside), path_key(record.file.path)),
            )
            for model_id, rows in record.vectors.items():
                models.insert_vectors(db, model_id, record.item.modality, rows)

    def text_search(
        self,
        words: str,
        limit: int,
        where: Sequence[str] = (),
        modalities: Sequence[Modality] = (),
        ids: Collection[str] | None = None,
    ) -> list[TextHit]:
        """Places that hold the words, in items that meet the conditions.

        The conditions are a part of the query: however few items meet them, no place is lost.
        See ``store/fulltext.py``.

        Args:
            ids: the items that meet them, where they are known, or a part of these.
        """
        if ids is not None and len(ids) <= FEW_ITEMS:
            within: fulltext.Within | None = _listed(ids)
        else:
            within = self._within(where, modalities)
        with schema.translated(self.folder):
            return fulltext.search(self._db, words, limit, within)

    def text_items(
        self, words: str, where: Sequence[str] = (), modalities: Sequence[Modality] = ()
    ) -> frozenset[str]:
        """Ids of all items that hold all the words in one place, else of those with any."""
        within = self._within(where, modalities)
        with schema.translated(self.folder):
            return fulltext.items(self._db, words, within)

    def text_places(self, words: str, ids: Sequence[str]) -> list[TextHit]:
        """All places in the running text of these items that hold the words."""
        with schema.translated(self.folder):
            return fulltext.places(self._db, words, ids)

    def _within(
        self, where: Sequence[str], modalities: Sequence[Modality]
    ) -> fulltext.Within | None:
        if not where and not modalities:
            return None
        condition, values = self._condition(where, modalities)
        few = f"SELECT i.id FROM items i WHERE {condition} LIMIT {FEW_ITEMS + 1}"
        ids = [row[0] for row in self._rows(few, values)]
        if len(ids) <= FEW_ITEMS:
            return _listed(ids)
        return fulltext.MEETING.format(condition), values

    def rebuild_words(self) -> int:
        """Make the full-text index again from the texts; the number of rows."""
        with self._transaction() as db:
            return fulltext.rebuild(db)

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

    def verify(self, on_progress: checks.Progress = checks.unheard) -> list[str]:
        """What is damaged, one line each: SQLite's own check, then every checksum of ours."""
        with schema.translated(self.folder):
            return checks.verify(self._db, on_progress)

    def damaged(self) -> list[str]:
        """Ids of the items with features that are not those that were written."""
        with schema.translated(self.folder):
            return checks.damaged(self._db)


def _listed(ids: Collection[str]) -> fulltext.Within:
    return fulltext.IN_ITEMS, [json.dumps(sorted(ids))]


def _file_row(row: tuple[Any, ...]) -> FileRow:
    path, root, size, mtime_ns, inode, item_id, missing, beside = row
    places = (real_path(path), real_path(root))
    return FileRow(*places, size, mtime_ns, inode, item_id, bool(missing), real_path(beside))
