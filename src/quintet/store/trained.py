"""Trained models and the vectors of items in their spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from quintet.store import models, packing, schema, sums
from quintet.store.jobs import Jobs, put_setting
from quintet.store.records import ChannelRow, ModelRow, VectorRow, Vectors
from quintet.types import Channel, Int64, Modality

ACTIVE = "active_model"
"""Setting: the id of the model in use."""


class Trained(Jobs):
    """Models, the active one, and vectors."""

    _generations: tuple[tuple[int, int], dict[str, tuple[int, int]]] = ((-1, -1), {})

    def put_model(self, row: ModelRow, vectors: Mapping[Modality, Sequence[VectorRow]]) -> None:
        """Commit a model, its files and all its vectors, and make it the active one."""
        with self._transaction() as db:
            models.insert(db, row)
            for modality, rows in vectors.items():
                models.insert_vectors(db, row.id, modality, rows)
            put_setting(db, ACTIVE, row.id)

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
        """All vectors of a model of these channels, in the place of what was there.

        Channels whose vectors are bit for bit what they were keep their keys: an index that was
        built from them stays right.
        """
        with self._transaction() as db:
            kept = models.unchanged(db, model_id, channels, vectors)
            changed = [row for row in channels if (row.item_id, row.channel) not in kept]
            db.executemany(
                "DELETE FROM vectors WHERE model_id = ? AND item_id = ? AND channel = ?",
                [(model_id, row.item_id, row.channel.value) for row in changed],
            )
            for modality, rows in vectors.items():
                new = [row for row in rows if (row.item_id, row.channel) not in kept]
                models.insert_vectors(db, model_id, modality, new)

    def forget_features(self, ids: Sequence[str]) -> None:
        """Delete the features and vectors of items; words still find them."""
        with self._transaction() as db:
            for table in ("features", "vectors"):
                db.executemany(f"DELETE FROM {table} WHERE item_id = ?", [(i,) for i in ids])
            for item_id in ids:
                sums.forget(db, item_id, ("features", "vectors"))

    def accept_vectors(self) -> None:
        """All vectors were made again: what was damaged among them is gone."""
        with self._transaction() as db:
            sums.fill(db, ("vectors",))

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

    def channels(self) -> list[ChannelRow]:
        """Every channel of every item, with the encoder that read it."""
        rows = self._rows(
            "SELECT f.item_id, i.modality, f.channel, f.encoder, f.t * f.d FROM features f"
            " JOIN items i ON i.id = f.item_id ORDER BY f.item_id, f.channel"
        )
        return [ChannelRow(i, Modality(m), Channel(c), e, n) for i, m, c, e, n in rows]

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
        return self.setting(ACTIVE)

    def activate(self, model_id: str) -> None:
        """Make a model the active one."""
        self.model(model_id)
        self.set_setting(ACTIVE, model_id)

    def remove_model(self, model_id: str) -> None:
        """Delete a model and its vectors; when it is the active one, the newest other follows."""
        self.model(model_id)
        with self._transaction() as db:
            db.execute("DELETE FROM vectors WHERE model_id = ?", (model_id,))
            db.execute("DELETE FROM models WHERE id = ?", (model_id,))
            if self.active_id() == model_id:
                db.execute("DELETE FROM settings WHERE key = ?", (ACTIVE,))
                left = models.listed(db)
                if left:
                    put_setting(db, ACTIVE, left[0].id)
