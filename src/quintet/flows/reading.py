"""One file to one record: open read-only, hash, decode in the box, encode."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

import numpy as np

from quintet.errors import Code, FileProblem, QuintetError
from quintet.flows import alike
from quintet.flows.moments import moments, within
from quintet.flows.naming import name_texts
from quintet.flows.opening import opened
from quintet.flows.scan import Seen, sidecars
from quintet.media import languages
from quintet.media.isolate import Box
from quintet.roles import Encoder
from quintet.store.packing import as_kept
from quintet.store.records import FileRow, Record, TextRow, VectorRow
from quintet.types import (
    OWN_CHANNEL,
    Channel,
    Float32,
    Item,
    Local,
    Media,
    Modality,
    Segment,
    TextMedia,
    VideoMedia,
    tower,
)

HASH_BYTES = 1 << 20
MOST_BYTES = 1 << 38
"""256 GiB: a larger file is refused before it is read; a sparse one takes no room at all."""

LOOK_BYTES = 128 << 20
"""A larger file is looked at before it is read whole: its medium may not be as large."""

SIDECAR_BYTES = 8 << 20
"""Larger subtitle files are not read."""

Encoders = Mapping[Modality, Encoder]
Embed = Callable[[Modality, Sequence[Local]], Float32]


@dataclass(frozen=True)
class Embedding:
    """The active model as ``add`` needs it: its id, what it reads, and its transform."""

    model_id: str
    modalities: frozenset[Modality]
    embed: Embed


def digest(file: BinaryIO, seen: Seen) -> str:
    """SHA-256 of the bytes; the file must be the one that was seen, before and after.

    Raises:
        FileProblem: EMPTY, TOO_LARGE, CHANGED or IO.
    """
    if seen.size_bytes == 0:
        raise FileProblem(Code.EMPTY, "the file is empty")
    if seen.size_bytes > MOST_BYTES:
        detail = f"{seen.size_bytes} bytes; the limit is {MOST_BYTES}"
        raise FileProblem(Code.TOO_LARGE, detail)
    sha = hashlib.sha256()
    try:
        while chunk := file.read(HASH_BYTES):
            sha.update(chunk)
    except OSError as e:
        raise FileProblem(Code.IO, e.strerror or str(e)) from e
    unchanged(file, seen)
    return sha.hexdigest()


def look(box: Box, file: BinaryIO, seen: Seen) -> None:
    """Refuse a large file that no decoder would take, before its bytes are hashed.

    Raises:
        FileProblem: TOO_LARGE or UNKNOWN_FORMAT; other reasons do not hold for a known content.
    """
    if not LOOK_BYTES < seen.size_bytes <= MOST_BYTES:
        return
    try:
        box.look(file)
    except FileProblem as e:
        if e.code in (Code.TOO_LARGE, Code.UNKNOWN_FORMAT):
            raise
    file.seek(0)


def unchanged(file: BinaryIO, seen: Seen, ctime_ns: int | None = None) -> None:
    """Raise FileProblem CHANGED when the open file is no longer the one that was seen.

    Args:
        ctime_ns: of the file when it was opened: one that was written to and then given its old
            time back has another.
    """
    info = os.fstat(file.fileno())
    same = (info.st_size, info.st_mtime_ns) == (seen.size_bytes, seen.mtime_ns)
    if not same or ctime_ns not in (None, info.st_ctime_ns):
        raise FileProblem(Code.CHANGED, "it changed while it was read; it is read at the next add")


def decode(
    box: Box, file: BinaryIO, path: str, names: Sequence[str] | None = None, root: str = ""
) -> Media:
    """The file and its side-car subtitles, decoded in the box.

    Args:
        names: of the side-cars, where a scan has found them; looked for when None.
        root: the added folder; no link below it is followed to a side-car.
    """
    file.seek(0)
    return box.open(file, sidecars=subtitles(path, names, root))


def subtitles(path: str, names: Sequence[str] | None = None, root: str = "") -> dict[str, bytes]:
    """The side-car subtitles of a file, those that can be read: name to bytes."""
    folder = os.path.dirname(path)  # noqa: PTH120 - names may hold any byte
    places = sidecars(path) if names is None else {n: f"{folder}/{n}" for n in names}
    found = {name: _sidecar(where, root) for name, where in places.items()}
    return {name: data for name, data in found.items() if data}


def _sidecar(path: str, root: str) -> bytes:
    try:
        with opened(path, root) as file:
            return file.read(SIDECAR_BYTES + 1) if os.fstat(file.fileno()).st_size else b""
    except FileProblem:
        return b""


def tracks(media: Media) -> dict[Channel, Media]:
    """The channels of a medium: its own, and for a video its sound and its subtitles."""
    found = {OWN_CHANNEL[media.modality]: media}
    if isinstance(media, VideoMedia):
        if media.sound is not None and media.sound.segments:
            found[Channel.HEARD] = media.sound
        if media.subtitles is not None and media.subtitles.segments:
            found[Channel.SAID] = media.subtitles
    return found


def encode(encoders: Encoders, media: Media) -> dict[Channel, Local]:
    """Local features of every channel that has any, as the store keeps them.

    Vectors are made from these: so they do not depend on whether a file was just read or its
    features come from the store, nor on the last digits, which differ with the number of threads.

    Raises:
        FileProblem: ENCODER when an encoder fails on this file.
    """
    found = {}
    for channel, track in tracks(media).items():
        encoder = encoders[tower(media.modality, channel)]
        try:
            parts = encoder.encode(track, track.segments)
        except QuintetError:
            raise
        except Exception as e:
            detail = f"{encoder.name} on {channel}: {type(e).__name__}: {e}"
            raise FileProblem(Code.ENCODER, detail[:300]) from e
        steps = np.repeat(np.arange(len(parts)), [len(p) for p in parts]).astype(np.int64)
        if len(steps):
            found[channel] = Local(as_kept(np.concatenate(parts)), steps)
    return found


def record(
    seen: Seen,
    root: str,
    item_id: str,
    media: Media,
    encoders: Encoders,
    embedding: Embedding | None,
    tags: Sequence[str],
) -> Record:
    """Everything that the store keeps of one new content."""
    local = encode(encoders, media)
    segments = {c: track.segments for c, track in tracks(media).items()}
    item = Item(
        id=item_id,
        modality=media.modality,
        format=media.format,
        path=seen.path,
        size_bytes=seen.size_bytes,
        mtime_ns=seen.mtime_ns,
        added_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        metadata=_metadata(media),
        tags=tuple(dict.fromkeys(tags)),
    )
    names = {c: encoders[tower(media.modality, c)] for c in local}
    return Record(
        item=item,
        file=file_row(seen, root, item_id),
        segments=segments,
        local=local,
        encoder={c: f"{e.name}@{e.version}" for c, e in names.items()},
        texts=[*name_texts(seen.path, root), *_texts(item, media)],
        vectors=vectors(item_id, media.modality, segments, local, embedding),
    )


def file_row(seen: Seen, root: str, item_id: str) -> FileRow:
    """A file as the store keeps it."""
    place = (seen.size_bytes, seen.mtime_ns, seen.inode)
    return FileRow(seen.path, root, *place, item_id, beside=seen.beside)


def _metadata(media: Media) -> dict[str, str]:
    duration = getattr(media, "duration_s", None)
    extra = {} if duration is None else {"duration_s": f"{duration:.3f}"}
    extra["language"] = _language(media)
    return {k: str(v) for k, v in {**media.metadata, **extra}.items() if str(v).strip()}


def _language(media: Media) -> str:
    """As a text or the subtitles read, else as the file says; "" where nothing tells."""
    words = [t for t in tracks(media).values() if isinstance(t, TextMedia)]
    claimed = media.metadata.get("language")
    return languages.of(words[0].text, claimed) if words else languages.code(claimed or "")


def _texts(item: Item, media: Media) -> list[TextRow]:
    rows = [TextRow("tag", tag) for tag in item.tags]
    skip = {"width", "height", "duration_s", "language"}
    rows += [TextRow("metadata", v) for k, v in media.metadata.items() if k not in skip]
    for channel, track in tracks(media).items():
        if isinstance(track, TextMedia):
            field = "text" if channel is Channel.WRITTEN else "subtitle"
            rows += [TextRow(field, s.text, channel, s.no) for s in track.segments]
    return rows


def vectors(
    item_id: str,
    modality: Modality,
    segments: Mapping[Channel, Sequence[Segment]],
    local: Mapping[Channel, Local],
    embedding: Embedding | None,
) -> dict[str, list[VectorRow]]:
    """Pooled vectors for alikes, and those of the active model."""
    rows = {alike.MODEL: [pooled_row(item_id, c, x) for c, x in local.items()]}
    if embedding is not None:
        rows[embedding.model_id] = [
            row
            for c, x in local.items()
            if tower(modality, c) in embedding.modalities
            for row in embedded(
                c, tower(modality, c), {item_id: segments[c]}, {item_id: x}, embedding.embed
            )
        ]
    return rows


def pooled_row(item_id: str, channel: Channel, local: Local) -> VectorRow:
    """The untrained vector of one channel."""
    return VectorRow(item_id, channel, 0, int(local.segment_of_step[-1]), alike.pooled(local))


def embedded(
    channel: Channel,
    modality: Modality,
    segments: Mapping[str, Sequence[Segment]],
    local: Mapping[str, Local],
    embed: Embed,
) -> list[VectorRow]:
    """Vectors of one channel of several items: each as a whole, then its moments.

    Args:
        modality: the tower that reads the channel.
        segments, local: item id to its segments and features of the channel.
    """
    found = [
        (item_id, first, last, part)
        for item_id, features in local.items()
        for first, last in moments(segments[item_id])
        for part in [within(features, first, last)]
        if len(part.x)
    ]
    if not found:
        return []
    z = embed(modality, [part for *_, part in found])
    return [
        VectorRow(item_id, channel, first, last, row)
        for (item_id, first, last, _), row in zip(found, z, strict=True)
    ]
