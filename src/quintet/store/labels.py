"""Tags and labels of items."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from quintet.store import fulltext
from quintet.store.database import Database
from quintet.store.packing import storable
from quintet.store.records import TextRow

Fact = tuple[str, str, str]
"""Item id, source, label."""


class Labels(Database):
    """What people and programs call items."""

    def add_tags(self, ids: Sequence[str], tags: Sequence[str]) -> None:
        """Tag items; words find them by their tags."""
        with self._transaction() as db:
            for item_id in ids:
                put_tags(db, item_id, tags)

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
        """Replace all labels of one source by item id → label, but of items that are gone."""
        with self._transaction() as db:
            db.execute("DELETE FROM labels WHERE source = ?", (source,))
            db.executemany(
                "INSERT INTO labels SELECT id, ?, ? FROM items WHERE id = ?",
                [(source, label, i) for i, label in labels.items()],
            )

    def label(self, ids: Sequence[str], label: str | None, source: str) -> None:
        """Label items, or with None take their label of that source off."""
        with self._transaction() as db:
            for item_id in ids:
                db.execute("DELETE FROM labels WHERE item_id = ? AND source = ?", (item_id, source))
                if label is not None:
                    row = (item_id, source, storable(label))
                    db.execute("INSERT INTO labels VALUES (?, ?, ?)", row)

    def put_facts(self, labels: Sequence[Fact], tags: Sequence[tuple[str, str]]) -> int:
        """Put labels (item id, source, label) and tags (item id, tag) on items that are known.

        A label that an item has already of that source stays.

        Returns:
            How many could not be put: their items are not in the library.
        """
        with self._transaction() as db:
            known = {row[0] for row in db.execute("SELECT id FROM items")}
            rows = [(i, source, storable(text)) for i, source, text in labels if i in known]
            db.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", rows)
            for item_id, tag in tags:
                if item_id in known:
                    put_tags(db, item_id, [tag])
        return sum(row[0] not in known for row in [*labels, *tags])

    def labels(self, source: str) -> dict[str, str]:
        """Item id to label, of one source."""
        return dict(self._rows("SELECT item_id, label FROM labels WHERE source = ?", (source,)))

    def label_sources(self) -> dict[str, int]:
        """Every source of labels and how many items it labels."""
        return dict(self._rows("SELECT source, count(*) FROM labels GROUP BY source ORDER BY 1"))


def put_tags(db: sqlite3.Connection, item_id: str, tags: Sequence[str]) -> None:
    """Tag an item inside a transaction; words find it by its tags."""
    for tag in map(storable, tags):
        new = db.execute("INSERT OR IGNORE INTO tags VALUES (?, ?)", (item_id, tag))
        if new.rowcount:
            fulltext.insert(db, item_id, None, [TextRow("tag", tag)])
