"""Which items meet conditions: all of them, a page of them, how many, and how they divide."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quintet.errors import FilterError, UsageError
from quintet.store import facets, filters, schema
from quintet.store.database import Database
from quintet.types import Modality

LANGUAGES_SINCE = 2
"""The schema whose texts all have a language."""


class Listing(Database):
    """Items by conditions."""

    def find(self, where: Sequence[str] = (), modalities: Sequence[Modality] = ()) -> list[str]:
        """Ids of the items that meet all conditions, in order of id.

        Raises:
            FilterError: a condition that cannot be read, or a key that no item has.
        """
        sql, values = self._condition(where, modalities)
        rows = self._rows(f"SELECT i.id FROM items i WHERE {sql} ORDER BY i.id", values)
        return [row[0] for row in rows]

    def page(
        self,
        where: Sequence[str] = (),
        modalities: Sequence[Modality] = (),
        *,
        after: str = "",
        count: int = 50,
    ) -> list[str]:
        """The next ids behind ``after`` of the items that meet all conditions, in order of id."""
        sql, values = self._condition(where, modalities)
        rows = self._rows(
            f"SELECT i.id FROM items i WHERE i.id > ? AND ({sql}) ORDER BY i.id LIMIT ?",
            [after, *values, count],
        )
        return [row[0] for row in rows]

    def count(self, where: Sequence[str] = (), modalities: Sequence[Modality] = ()) -> int:
        """How many items meet all conditions."""
        sql, values = self._condition(where, modalities)
        return int(self._rows(f"SELECT count(*) FROM items i WHERE {sql}", values)[0][0])

    def facet(self, key: str, ids: Collection[str] | None = None) -> list[tuple[str, str]]:
        """Item id and value, of every value of a key that the items (all when None) have.

        Raises:
            FilterError: a key that no item has.
        """
        if key not in facets.KEYS and key not in self._metadata_keys():
            listed = ", ".join([*facets.KEYS, *sorted(self._metadata_keys())[:20]])
            raise FilterError(f"no item has a key {key!r}; known: {listed}")
        self._know_languages([key])
        with schema.translated(self.folder):
            return list(facets.pairs(self._db, key, ids))

    def _condition(
        self, where: Sequence[str], modalities: Sequence[Modality]
    ) -> tuple[str, list[object]]:
        own = filters.metadata_keys(where)
        self._know_languages(filters.keys(where))
        return filters.clause(where, modalities, self._metadata_keys() if own else ())

    def _know_languages(self, keys: Sequence[str]) -> None:
        if "language" in keys and self.version < LANGUAGES_SINCE:
            raise UsageError(
                f"{self.folder} has schema {self.version}, which does not know the language of "
                "its texts; any command that writes brings it up to date, such as: quintet rebuild"
            )

    def _metadata_keys(self) -> tuple[str, ...]:
        return tuple(r[0] for r in self._rows("SELECT DISTINCT lower(key) FROM metadata"))
