"""Rebuild: everything that is derived, made again from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from quintet.errors import FileProblem
from quintet.flows import alike, indexes
from quintet.flows.opening import opened
from quintet.flows.reading import (
    Embedding,
    Encoders,
    decode,
    digest,
    embedded,
    pooled_row,
    record,
)
from quintet.flows.scan import Seen, look
from quintet.flows.shelves import build_large, keep_only, open_shelves
from quintet.media.isolate import Box
from quintet.store.records import ChannelRow, FileRow, Record, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Modality, tower

CHUNK = 256
"""Channels whose features are in memory at a time, at most …"""

CHUNK_VALUES = 32_000_000
"""… and the numbers in them (128 MB), unless one channel alone has more."""

Progress = Callable[[str, int, int], None]


@dataclass
class RebuildReport:
    """What was made again.

    Attributes:
        texts: rows of text indexed again.
        vectors: vectors of the active model and of alikes made again.
        encoded: items decoded and encoded again; ``failed`` could not be.
        damaged: what the checksums found before anything was made again.
        left_behind: why the collections of an index that was left could not be deleted there.
    """

    texts: int = 0
    vectors: int = 0
    encoded: int = 0
    failed: int = 0
    damaged: list[str] = field(default_factory=list)
    left_behind: str = ""


def rebuild(store: Store, embedding: Embedding | None, on_progress: Progress) -> RebuildReport:
    """Full text, alike vectors, the active model's vectors and all index files.

    Raises:
        LibraryCorrupt: features are damaged; ``encode_again`` mends them.
    """
    report = RebuildReport(damaged=store.verify())
    report.texts = store.rebuild_words()
    on_progress("texts", report.texts, report.texts)
    report.vectors += fill(store, None, store.channels(), on_progress)
    if embedding is not None:
        report.vectors += fill(store, embedding, store.channels(), on_progress)
    if report.damaged:
        _clear_others(store, embedding)
        store.accept_vectors()
    refresh_indexes(store, on_progress)
    return report


def _clear_others(store: Store, embedding: Embedding | None) -> None:
    """Vectors of the other models, which may be damaged: made again when a model is used."""
    active = embedding.model_id if embedding else None
    for row in store.models():
        if row.id != active:
            store.clear_vectors(row.id)


def refresh_indexes(store: Store, on_progress: Progress) -> None:
    """Make every index again and delete those of models that are gone."""
    ids = [alike.MODEL, *(row.id for row in store.models())]
    keep_only(store, ids)
    indexes.forget(store)
    build_large(store, ids, on_progress, again=True)
    for model_id in ids:
        open_shelves(store, model_id)


def fill(
    store: Store,
    embedding: Embedding | None,
    channels: Sequence[ChannelRow],
    on_progress: Progress,
) -> int:
    """Vectors of these channels in the model's space (alikes when None); their number.

    They take the place of those that were there a chunk at a time: a run that is interrupted
    leaves no item without.
    """
    model_id = embedding.model_id if embedding else alike.MODEL
    made = done = 0
    for part in _chunks(channels):
        vectors: dict[Modality, list[VectorRow]] = {}
        for modality, rows in embedded_rows(store, part, embedding):
            vectors.setdefault(modality, []).extend(rows)
            made += len(rows)
        store.replace_vectors(model_id, part, vectors)
        done += len(part)
        on_progress("vectors", done, len(channels))
    return made


def _chunks(channels: Sequence[ChannelRow]) -> Iterator[list[ChannelRow]]:
    """Runs of channels that fit into memory together."""
    part: list[ChannelRow] = []
    values = 0
    for row in channels:
        if part and (len(part) >= CHUNK or values + row.values > CHUNK_VALUES):
            yield part
            part, values = [], 0
        part.append(row)
        values += row.values
    if part:
        yield part


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
    """Decode and encode the items whose encoder is not the present one: (done, failed).

    Items whose features are damaged, too; where their file cannot be read any more, only words
    find them from then on.
    """
    damaged = store.damaged()
    old = [row.item_id for row in store.channels() if _outdated(row, encoders)]
    items = store.get_many(list(dict.fromkeys([*damaged, *old])))
    done = 0
    for number, item in enumerate(items, start=1):
        done += _again(store, box, encoders, embedding, item)
        on_progress("encode", number, len(items))
    store.forget_features(store.damaged() if damaged else [])
    return done, len(items) - done


def _outdated(row: ChannelRow, encoders: Encoders) -> bool:
    encoder = encoders[tower(row.modality, row.channel)]
    return row.encoder != f"{encoder.name}@{encoder.version}"


def _again(
    store: Store, box: Box, encoders: Encoders, embedding: Embedding | None, item: Item
) -> bool:
    for row in store.files_of(item.id):
        made = _encoded(box, encoders, embedding, row)
        if made is not None:
            store.put_features(made)
            return True
    return False


def _encoded(
    box: Box, encoders: Encoders, embedding: Embedding | None, row: FileRow
) -> Record | None:
    """The record of a known file as it is now; None if it is another or cannot be read."""
    seen = look(row.path)
    if not isinstance(seen, Seen):
        return None
    try:
        with opened(seen.path, row.root) as file:
            if digest(file, seen) != row.item_id:
                return None
            media = decode(box, file, seen.path, seen.sidecars, row.root)
        return record(seen, row.root, row.item_id, media, encoders, embedding, ())
    except FileProblem:
        return None
