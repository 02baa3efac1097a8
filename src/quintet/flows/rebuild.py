"""Rebuild: everything that is derived, made again from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from quintet.errors import FileProblem
from quintet.flows import alike
from quintet.flows.reading import (
    Embedding,
    Encoders,
    decode,
    digest,
    embedded,
    opened,
    pooled_row,
    record,
)
from quintet.flows.scan import Seen
from quintet.flows.shelves import keep_only, open_shelves
from quintet.media.isolate import Box
from quintet.store.records import ChannelRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Modality, tower

CHUNK = 256
"""Items whose features are in memory at a time."""

Progress = Callable[[str, int, int], None]


@dataclass
class RebuildReport:
    """What was made again.

    Attributes:
        texts: rows of text indexed again.
        vectors: vectors of the active model and of alikes made again.
        encoded: items decoded and encoded again; ``failed`` could not be.
        damaged: what the checksums found before anything was made again.
    """

    texts: int = 0
    vectors: int = 0
    encoded: int = 0
    failed: int = 0
    damaged: list[str] = field(default_factory=list)


def rebuild(store: Store, embedding: Embedding | None, on_progress: Progress) -> RebuildReport:
    """Full text, alike vectors, the active model's vectors and all index files."""
    report = RebuildReport(damaged=store.verify())
    report.texts = store.rebuild_words()
    on_progress("texts", report.texts, report.texts)
    report.vectors += fill(store, None, store.channels(), on_progress, anew=True)
    if embedding is not None:
        report.vectors += fill(store, embedding, store.channels(), on_progress, anew=True)
    refresh_indexes(store)
    return report


def refresh_indexes(store: Store) -> None:
    """Write every index file again and delete those of models that are gone."""
    ids = [alike.MODEL, *(row.id for row in store.models())]
    keep_only(store, [])
    for model_id in ids:
        open_shelves(store, model_id)


def fill(
    store: Store,
    embedding: Embedding | None,
    channels: Sequence[ChannelRow],
    on_progress: Progress,
    *,
    anew: bool = False,
) -> int:
    """Vectors of these channels in the model's space (alikes when None); their number."""
    model_id = embedding.model_id if embedding else alike.MODEL
    if anew:
        store.clear_vectors(model_id)
    made = 0
    for start in range(0, len(channels), CHUNK):
        part = channels[start : start + CHUNK]
        for modality, rows in embedded_rows(store, part, embedding):
            store.put_vectors(model_id, modality, rows)
            made += len(rows)
        on_progress("vectors", start + len(part), len(channels))
    return made


def embedded_rows(
    store: Store, channels: Sequence[ChannelRow], embedding: Embedding | None
) -> Iterator[tuple[Modality, list[VectorRow]]]:
    """Vectors of some channels, one list for each modality and channel among them."""
    groups: dict[tuple[Modality, Channel], list[str]] = {}
    for row in channels:
        groups.setdefault((row.modality, row.channel), []).append(row.item_id)
    for (modality, channel), ids in groups.items():
        local = store.local(ids, channel)
        if embedding is None:
            yield modality, [pooled_row(i, channel, x) for i, x in local.items()]
        elif tower(modality, channel) in embedding.modalities:
            segments = {i: store.segments(i)[channel] for i in local}
            read = tower(modality, channel)
            yield modality, embedded(channel, read, segments, local, embedding.embed)


def encode_again(
    store: Store,
    box: Box,
    encoders: Encoders,
    embedding: Embedding | None,
    on_progress: Progress,
) -> tuple[int, int]:
    """Decode and encode the items whose encoder is not the present one: (done, failed)."""
    old = [row.item_id for row in store.channels() if _outdated(row, encoders)]
    items = store.get_many(list(dict.fromkeys(old)))
    done = 0
    for number, item in enumerate(items, start=1):
        done += _again(store, box, encoders, embedding, item)
        on_progress("encode", number, len(items))
    return done, len(items) - done


def _outdated(row: ChannelRow, encoders: Encoders) -> bool:
    encoder = encoders[tower(row.modality, row.channel)]
    return row.encoder != f"{encoder.name}@{encoder.version}"


def _again(
    store: Store, box: Box, encoders: Encoders, embedding: Embedding | None, item: Item
) -> bool:
    row = store.file(item.path)
    if row is None:
        return False
    seen = Seen(row.path, row.size_bytes, row.mtime_ns, row.inode)
    try:
        with opened(seen.path) as file:
            if digest(file, seen) != item.id:
                return False
            media = decode(box, file, seen.path)
        made = record(seen, row.root, item.id, media, encoders, embedding, ())
    except FileProblem:
        return False
    store.put_features(made)
    return True
