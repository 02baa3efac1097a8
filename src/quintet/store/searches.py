"""Saved searches, and which of their hits have been seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from quintet.errors import UnknownName
from quintet.store.database import Database, now
from quintet.store.records import SavedRow

SINCE = 2
"""The schema that first kept searches; an older library that is only read has none."""


class Searches(Database):
    """Questions that are asked again."""

    def put_search(self, name: str, query: Mapping[str, object]) -> None:
        """Keep a search under a name; an older one of that name, and what was seen, is replaced."""
        with self._transaction() as db:
            db.execute("DELETE FROM searches WHERE name = ?", (name,))
            db.execute(
                "INSERT INTO searches(name, query, created_at) VALUES (?, ?, ?)",
                (name, json.dumps(dict(query), ensure_ascii=False), now()),
            )

    def searches(self) -> list[SavedRow]:
        """The saved searches, by name."""
        if self.version < SINCE:
            return []
        rows = self._rows("SELECT name, query, created_at, seen_at FROM searches ORDER BY name")
        return [SavedRow(name, json.loads(query), at, seen) for name, query, at, seen in rows]

    def saved_search(self, name: str) -> SavedRow:
        """The saved search of that name.

        Raises:
            UnknownName: there is none.
        """
        known = self.searches()
        found = next((row for row in known if row.name == name), None)
        if found is None:
            raise UnknownName("saved search", name, [row.name for row in known])
        return found

    def forget_search(self, name: str) -> None:
        """Delete a saved search.

        Raises:
            UnknownName: there is none of that name.
        """
        self.saved_search(name)
        with self._transaction() as db:
            db.execute("DELETE FROM searches WHERE name = ?", (name,))

    def put_searches(self, rows: Sequence[SavedRow], seen: Sequence[tuple[str, str]]) -> None:
        """Searches that were kept elsewhere, and (name, item id) seen; those of today stay."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO searches VALUES (?, ?, ?, ?)",
                [
                    (r.name, json.dumps(dict(r.query), ensure_ascii=False), r.created_at, r.seen_at)
                    for r in rows
                ],
            )
            db.executemany(
                "INSERT OR IGNORE INTO seen SELECT s.name, i.id FROM searches s, items i"
                " WHERE s.name = ? AND i.id = ?",
                seen,
            )

    def seen(self, name: str) -> frozenset[str]:
        """Ids of the hits of a saved search that were marked as seen."""
        if self.version < SINCE:
            return frozenset()
        rows = self._rows("SELECT item_id FROM seen WHERE name = ?", (name,))
        return frozenset(row[0] for row in rows)

    def mark_seen(self, name: str, ids: Sequence[str]) -> None:
        """Hits of a saved search that are not new any more, beside those marked before."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", [(name, i) for i in ids])
            db.execute("UPDATE searches SET seen_at = ? WHERE name = ?", (now(), name))
