"""Models and vectors: SQL for the store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from quintet.errors import LibraryCorrupt, UnknownName
from quintet.store.packing import checksum, pack_vector, verified
from quintet.store.records import ChannelRow, ModelRow, VectorRow, Vectors
from quintet.types import Channel, Int64, Modality


def insert(db: sqlite3.Connection, row: ModelRow) -> None:
    """A model and its files."""
    params, report = json.dumps(dict(row.params)), json.dumps(dict(row.report))
    db.execute(
        "INSERT INTO models VALUES (?, ?, ?, ?, ?)",
        (row.id, row.method, row.created_at, params, report),
    )
    db.executemany(
        "INSERT INTO model_blobs VALUES (?, ?, ?, ?)",
        [(row.id, name, data, checksum(data)) for name, data in row.blobs.items()],
    )


def insert_vectors(
    db: sqlite3.Connection, model_id: str, modality: Modality, rows: Sequence[VectorRow]
) -> None:
    """Vectors of items of one modality."""
    packed = [(row, pack_vector(row.z)) for row in rows]
    db.executemany(
        "INSERT INTO vectors(model_id, item_id, modality, channel, first, last, z, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(model_id, r.item_id, modality.value, r.channel.value, r.first, r.last),
                *(z, checksum(z)),
            )
            for r, z in packed
        ],
    )


def unchanged(
    db: sqlite3.Connection,
    model_id: str,
    channels: Sequence[ChannelRow],
    vectors: Mapping[Modality, Sequence[VectorRow]],
) -> set[tuple[str, Channel]]:
    """The channels of items whose vectors are there already, bit for bit and in this order."""
    made: dict[tuple[str, Channel], list[tuple[Any, ...]]] = {}
    for modality, rows in vectors.items():
        for r in rows:
            z = pack_vector(r.z)
            row = (modality.value, r.first, r.last, z, checksum(z))
            made.setdefault((r.item_id, r.channel), []).append(row)
    return {
        (item_id, channel)
        for item_id, channel in {(row.item_id, row.channel) for row in channels}
        if made.get((item_id, channel))
        == db.execute(
            "SELECT modality, first, last, z, checksum FROM vectors"
            " WHERE model_id = ? AND item_id = ? AND channel = ? ORDER BY key",
            (model_id, item_id, channel.value),
        ).fetchall()
    }


def vectors(
    db: sqlite3.Connection, model_id: str, modality: Modality, channel: Channel, after: int = 0
) -> Vectors:
    """The vectors of one shelf with larger keys than ``after``, in the order of their keys."""
    rows = db.execute(
        "SELECT key, item_id, first, last, z, checksum FROM vectors"
        " WHERE model_id = ? AND modality = ? AND channel = ? AND key > ? ORDER BY key",
        (model_id, modality.value, channel.value, after),
    ).fetchall()
    return _vectors(model_id, channel, rows)


def vector_parts(
    db: sqlite3.Connection, model_id: str, modality: Modality, channel: Channel, size: int
) -> Iterator[Vectors]:
    """The vectors of one shelf in the order of their keys, so many in memory at a time."""
    cursor = db.execute(
        "SELECT key, item_id, first, last, z, checksum FROM vectors"
        " WHERE model_id = ? AND modality = ? AND channel = ? ORDER BY key",
        (model_id, modality.value, channel.value),
    )
    while rows := cursor.fetchmany(size):
        yield _vectors(model_id, channel, rows)


def vector_keys(
    db: sqlite3.Connection, model_id: str, modality: Modality, channel: Channel
) -> Int64:
    """The keys of the vectors of one shelf, increasing."""
    rows = db.execute(
        "SELECT key FROM vectors WHERE model_id = ? AND modality = ? AND channel = ? ORDER BY key",
        (model_id, modality.value, channel.value),
    )
    return np.fromiter((key for (key,) in rows), dtype=np.int64)


def vector_marks(db: sqlite3.Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """Key to checksum of some vectors; those that are not there are left out."""
    found = (
        db.execute("SELECT key, checksum FROM vectors WHERE key = ?", (k,)).fetchone() for k in keys
    )
    return {row[0]: row[1] for row in found if row}


def _vectors(model_id: str, channel: Channel, rows: Sequence[tuple[Any, ...]]) -> Vectors:
    for _, item_id, *_, z, expected in rows:
        verified(
            f"the {channel} vector of item {item_id[:12]}", expected, z, way_out="quintet rebuild"
        )
    lengths = {len(row[4]) for row in rows}
    if len(lengths) > 1:
        raise LibraryCorrupt(f"vectors of model {model_id} differ in length; run: quintet rebuild")
    width = (lengths.pop() if lengths else 0) // 4
    z = np.frombuffer(b"".join(row[4] for row in rows), dtype="<f4").reshape(len(rows), width)
    return Vectors(
        keys=np.array([row[0] for row in rows], dtype=np.int64),
        item_ids=[row[1] for row in rows],
        spans=np.array([row[2:4] for row in rows], dtype=np.int64).reshape(len(rows), 2),
        z=z.astype(np.float32),
    )


def listed(db: sqlite3.Connection) -> list[ModelRow]:
    """All models without their files, newest first."""
    rows = db.execute(
        "SELECT id, method, created_at, params, report FROM models ORDER BY created_at DESC, id"
    ).fetchall()
    return [
        ModelRow(model_id, method, at, json.loads(params), json.loads(report))
        for model_id, method, at, params, report in rows
    ]


def read(db: sqlite3.Connection, model_id: str) -> ModelRow:
    """One model with its files, checked."""
    known = listed(db)
    found = next((row for row in known if row.id == model_id), None)
    if found is None:
        raise UnknownName("model", model_id, [row.id for row in known])
    blobs = {}
    sql = "SELECT name, data, checksum FROM model_blobs WHERE model_id = ?"
    for name, data, expected in db.execute(sql, (model_id,)):
        verified(f"{name} of model {model_id}", expected, data, way_out="quintet train")
        blobs[name] = data
    return ModelRow(found.id, found.method, found.created_at, found.params, found.report, blobs)
