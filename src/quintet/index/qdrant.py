"""Vectors on a Qdrant server: for what one machine does not hold.

One collection a model, one named vector a shelf, the store's key as the point's id. The server's
graph finds candidates; their order is made here, from the vectors themselves, so that it keeps to
the same rule as exact search.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError
from quintet.index.qdrant_place import MEMORY, Connection, Place, connect
from quintet.index.rows import check_new, check_one, check_queries, padded
from quintet.types import Bool, Float32, Int64

MORE = 8
"""Candidates fetched beyond those wanted: what the tie rule may choose among."""

ROUNDING = 5e-5
"""What the server's sums of float32 may be off by, for rows and queries of length 1."""

UPLOAD = 500
"""Rows in one request, at most …"""

UPLOAD_VALUES = 500_000
"""… and the numbers in them: about 10 MB of JSON, a server takes 32 MB."""

PAGE = 10_000
"""Keys in one answer when all are listed."""

OVERSAMPLING = 2.0
"""So many times the wanted rows are taken by their quantised form before originals re-score."""

KEY = "key"
"""In the payload: the point's own number, where ranges of numbers can be asked for."""

SUM = "sum"
"""In the payload: a checksum of the row, so that a row that differs is seen without reading it."""


class Qdrant:
    """Unit vectors by cosine in one named vector of one collection. Ties go to the smaller key.

    A collection may be shared by several of these, if no two hold the same key. Rows that another
    process added are never returned here: ``keys`` says what there is.

    Args:
        at: connection; a server inside this process, gone with it, when None.
        collection, vector: names; both are made when the first rows come.
        keys: (n,) int64 increasing, what the collection is known to hold.

    Attributes:
        keys: (n,) int64, increasing.
    """

    def __init__(
        self,
        at: Connection | None = None,
        collection: str = "vectors",
        vector: str = "z",
        keys: Int64 | None = None,
    ) -> None:
        self.at = at or connect(Place(MEMORY))
        self.collection = collection
        self.vector = vector
        self.keys: Int64 = np.zeros(0, dtype=np.int64) if keys is None else keys
        self._width = self._width_there()
        self._longest = 1.0

    def __len__(self) -> int:
        return len(self.keys)

    # what is there

    def _about(self) -> Any:
        """The server's description of the collection, None when there is none."""
        with self.at.asked() as client:
            if not client.collection_exists(self.collection):
                return None
            return client.get_collection(self.collection)

    def _width_there(self) -> int | None:
        about = self._about()
        if about is None or self.vector not in (about.config.params.vectors or {}):
            return None
        return int(about.config.params.vectors[self.vector].size)

    def note(self) -> dict[str, Any]:
        """What ``fill`` was last told about this vector, empty if it never came to its end."""
        about = self._about()
        known = (about.config.metadata or {}) if about else {}
        try:
            found = json.loads(known.get(self.vector, "{}"))
        except (TypeError, ValueError):
            found = None
        return found if isinstance(found, dict) else {}

    def _set_note(self, note: Mapping[str, Any]) -> None:
        with self.at.asked() as client:
            client.update_collection(self.collection, metadata={self.vector: json.dumps(note)})

    def there(self) -> tuple[Int64, Int64]:
        """(n,) keys that the collection holds of this vector, increasing, and their rows' sums."""
        found: list[tuple[int, int]] = []
        after: Any = None
        if self._width is not None:
            from qdrant_client import models

            mine = models.Filter(must=[models.HasVectorCondition(has_vector=self.vector)])
            with self.at.asked() as client:
                while True:
                    page, after = client.scroll(
                        self.collection, mine, limit=PAGE, offset=after, with_payload=[SUM]
                    )
                    found += [(int(p.id), int((p.payload or {}).get(SUM, -1))) for p in page]
                    if after is None:
                        break
        held = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
        return held[:, 0], held[:, 1]

    def vectors(self, rows: Int64) -> Float32:
        """(b, k padded) the vectors of b places in ``keys``.

        Raises:
            UsageError: the collection has lost one of them.
        """
        found = np.zeros((len(rows), self._width or 0), dtype=np.float32)
        wanted = self.keys[rows].tolist()
        known: dict[int, Any] = {}
        with self.at.asked() as client:
            for start in range(0, len(wanted), UPLOAD):
                part = wanted[start : start + UPLOAD]
                points = client.retrieve(
                    self.collection, part, with_payload=False, with_vectors=[self.vector]
                )
                known |= {int(point.id): point.vector[self.vector] for point in points}
        for row, key in enumerate(wanted):
            if key not in known:
                raise UsageError(
                    f"{self.collection} at {self.at.place.where} has lost vector {key}; "
                    "run: quintet rebuild"
                )
            found[row] = known[key]
        return found

    # writing

    def fill(self, z: Float32, note: Mapping[str, Any]) -> None:
        """Make the collection hold the rows of ``keys`` and no others, and leave a note.

        Only what differs is sent. It is never emptied, unless rows of another width are there: who
        searches meanwhile finds old rows or new ones. Killed in between, it carries no note and is
        filled again.

        Args:
            z: (n, k) float32, a row a key.
            note: JSON; what the rows were made from.
        """
        if self._width not in (None, padded(z).shape[1]):
            self._drop()
        self._check(self.keys, z, self.keys[:0])
        z = padded(z)
        self._make(z.shape[1])
        self._set_note({})
        keys, sums = self.there()
        self._delete(keys[~np.isin(keys, self.keys)])
        same = np.isin(_paired(self.keys, _sums(z)), _paired(keys, sums))
        self._upload(self.keys[~same], z[~same])
        self._set_note(note)

    def add(self, keys: Sequence[int], z: Float32) -> None:
        """Add (n, k) float32 rows under new keys.

        Raises:
            ShapeError: another k than before, or not one key for each row.
            UsageError: NaN or infinity, a negative key, or one that is already there.
        """
        new = np.asarray(keys, dtype=np.int64)
        self._check(new, z, self.keys)
        z = padded(z)
        self._make(z.shape[1])
        self._upload(new, z)
        self.keys = np.sort(np.concatenate([self.keys, new]))

    def _check(self, new: Int64, z: Float32, known: Int64) -> None:
        check_new(new, z, known, self._width)
        if len(new) and new.min() < 0:
            raise UsageError(f"key {new.min()} is negative; Qdrant numbers points from 0")

    def _make(self, width: int) -> None:
        """The collection and this vector in it, unless they are there."""
        if self._width is not None:
            return
        from qdrant_client import models

        with self.at.asked() as client:
            if not client.collection_exists(self.collection):
                self._make_collection(client)
            like = models.DenseVectorConfig(size=width, distance=models.Distance.DOT)
            client.create_vector_name(
                self.collection, self.vector, models.DenseVectorNameConfig(dense=like)
            )
        self._width = width

    def _drop(self) -> None:
        """Forget the vector and its points."""
        self._delete(self.there()[0])
        with self.at.asked() as client:
            client.delete_vector_name(self.collection, self.vector)
        self._width = None

    def _make_collection(self, client: Any) -> None:
        from qdrant_client import models

        place = self.at.place
        client.create_collection(
            self.collection,
            vectors_config={},
            shard_number=place.shards or None,
            replication_factor=place.replicas or None,
            quantization_config=_quantisation(place.quantisation),
        )
        if place.is_server:
            kind = models.PayloadSchemaType.INTEGER
            client.create_payload_index(self.collection, KEY, kind, wait=True)

    def _upload(self, keys: Int64, z: Float32) -> None:
        from qdrant_client import models

        with self.at.asked() as client:
            step = max(1, min(UPLOAD, UPLOAD_VALUES // z.shape[1]))
            for start in range(0, len(keys), step):
                ids = keys[start : start + step].tolist()
                rows = {self.vector: z[start : start + step].tolist()}
                sums = _sums(z[start : start + step]).tolist()
                payloads = [{KEY: i, SUM: s} for i, s in zip(ids, sums, strict=True)]
                points = models.Batch(ids=ids, vectors=rows, payloads=payloads)
                client.upsert(self.collection, points, wait=True)
        self._longest = max(self._longest, *np.linalg.norm(z.astype(np.float64), axis=1), 0.0)

    def remove(self, keys: Sequence[int]) -> None:
        """Forget keys; unknown ones are ignored."""
        gone = np.isin(self.keys, np.asarray(keys, dtype=np.int64))
        self._delete(self.keys[gone])
        self.keys = self.keys[~gone]

    def _delete(self, keys: Int64) -> None:
        from qdrant_client import models

        with self.at.asked() as client:
            for start in range(0, len(keys), PAGE):
                points = models.PointIdsList(points=keys[start : start + PAGE].tolist())
                client.delete(self.collection, points, wait=True)

    # searching

    def search(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` nearest keys of one (k,) query with their cosines, best first.

        Args:
            allowed: (n,) mask over rows in the order of ``keys``.

        Raises:
            ShapeError: a query of another width, or a mask of another length.
            UsageError: NaN or infinity in the query.
            Unreachable: the server does not answer.
        """
        check_one(z)
        return self.search_many(z[None], count, allowed)[0]

    def search_many(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[list[tuple[int, float]]]:
        """``search`` for each of (b, k) queries, in one request."""
        check_queries(z, allowed, len(self), self._width)
        if not len(self) or count < 1 or (allowed is not None and not allowed.any()):
            return [[] for _ in z]
        z = padded(z)
        only = None if allowed is None or allowed.all() else filter_of(self.keys, allowed)
        found: dict[int, list[tuple[int, float]]] = {}
        limit = count + MORE
        while left := [row for row in range(len(z)) if row not in found]:
            for row, points in zip(left, self._ask(z[left], limit, only), strict=True):
                best = self._best(z[row], points)[:count]
                if len(points) < limit or self._settled(z[row], best, points, count):
                    found[row] = best
            limit *= 4
        return [found[row] for row in range(len(z))]

    def _ask(self, z: Float32, limit: int, only: Any) -> list[list[Any]]:
        from qdrant_client import models

        asked = [
            models.QueryRequest(
                query=query.tolist(),
                using=self.vector,
                filter=only,
                limit=limit,
                params=self._how(),
                with_vector=[self.vector],
                with_payload=False,
            )
            for query in z
        ]
        with self.at.asked() as client:
            return [a.points for a in client.query_batch_points(self.collection, asked)]

    def _how(self) -> Any:
        """Settings of a search; the client's own engine compares every vector anyway."""
        place = self.at.place
        if not place.is_server:
            return None
        from qdrant_client import models

        again = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        quantised = None if place.quantisation == "none" else again
        return models.SearchParams(exact=place.exact, quantization=quantised)

    def _best(self, query: Float32, points: Sequence[Any]) -> list[tuple[int, float]]:
        """Points that this index knows with exact products, best first, ties by key."""
        known = np.isin(np.array([p.id for p in points], dtype=np.int64), self.keys)
        mine = [point for point, is_known in zip(points, known, strict=True) if is_known]
        if not mine:
            return []
        keys = np.array([point.id for point in mine], dtype=np.int64)
        rows = np.array([point.vector[self.vector] for point in mine], dtype=np.float32)
        exact = (rows * query.astype(np.float64)).sum(axis=1).astype(np.float32)
        order = np.lexsort((keys, -exact))
        return [(int(keys[i]), float(exact[i])) for i in order]

    def _settled(
        self, query: Float32, best: Sequence[tuple[int, float]], points: Sequence[Any], count: int
    ) -> bool:
        """Whether no row that was not fetched can belong to the best ones."""
        slack = ROUNDING * self._longest * float(np.linalg.norm(query))
        return len(best) == count and points[-1].score + 2 * slack < best[-1][1]


def _sums(z: Float32) -> Int64:
    """(n,) 48-bit checksums of rows."""
    rows = np.ascontiguousarray(z, dtype=np.float32)
    found = (hashlib.blake2b(row.tobytes(), digest_size=6).digest() for row in rows)
    return np.fromiter((int.from_bytes(digest) for digest in found), np.int64, len(rows))


def _paired(keys: Int64, sums: Int64) -> NDArray[np.void]:
    """Keys and checksums as single values that can be looked for."""
    pairs = np.ascontiguousarray(np.stack([keys, sums], axis=1))
    return pairs.view([("key", np.int64), ("sum", np.int64)]).ravel()


def filter_of(keys: Int64, allowed: Bool) -> Any:
    """The allowed rows as a filter: ranges of keys where they stand together, else single keys.

    Folders and days are added together, so their rows make few ranges however many they are.
    Single keys are those allowed or those not, whichever are fewer.
    """
    from qdrant_client import models

    edges = np.flatnonzero(np.diff(np.concatenate([[False], allowed, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    few, many = np.flatnonzero(allowed), np.flatnonzero(~allowed)
    if 2 * len(runs) <= min(len(few), len(many)):
        ranges = [models.Range(gte=int(keys[a]), lte=int(keys[b - 1])) for a, b in runs]
        return models.Filter(should=[models.FieldCondition(key=KEY, range=r) for r in ranges])
    if len(few) <= len(many):
        return models.Filter(must=[models.HasIdCondition(has_id=keys[few].tolist())])
    return models.Filter(must_not=[models.HasIdCondition(has_id=keys[many].tolist())])


def _quantisation(kind: str) -> Any:
    """The server's settings of a quantisation; codes in memory, originals re-score."""
    from qdrant_client import models

    if kind == "scalar":
        scalar = models.ScalarQuantizationConfig(
            type=models.ScalarType.INT8, quantile=0.99, always_ram=True
        )
        return models.ScalarQuantization(scalar=scalar)
    if kind == "turbo":
        return models.TurboQuantization(turbo=models.TurboQuantQuantizationConfig(always_ram=True))
    if kind == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
    if kind == "product":
        product = models.ProductQuantizationConfig(
            compression=models.CompressionRatio.X16, always_ram=True
        )
        return models.ProductQuantization(product=product)
    return None
