"""The rows that go into and come out of the store, beside the types every layer knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quintet.media.words import snippet
from quintet.types import Channel, Float32, Int64, Item, Local, Modality, Segment

TEXT_FIELDS = ("name", "folder", "tag", "metadata", "text", "subtitle")
"""Where words can stand, in the order in which a match is worth more."""


UNPROVEN = -1
"""In the place of an inode: the row came from an archive, which may say anything."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file as the last scan saw it.

    Attributes:
        root: the folder that was added.
        inode: of the file; UNPROVEN until its bytes were compared with the id of the item.
        beside: the subtitle files that belong to it: their names, sizes and times.
    """

    path: str
    root: str
    size_bytes: int
    mtime_ns: int
    inode: int
    item_id: str = ""
    missing: bool = False
    beside: str = ""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A piece of text that can be searched; channel and segment_no say where it stands."""

    field: str
    text: str
    channel: Channel | None = None
    segment_no: int | None = None


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A vector of segments ``first..last`` (both included) of one channel of an item."""

    item_id: str
    channel: Channel
    first: int
    last: int
    z: Float32


@dataclass(frozen=True)
class Record:
    """One new item and everything that belongs to it; committed as a whole.

    Attributes:
        encoder: channel to ``name@version`` of the encoder that made ``local``.
        vectors: model id to the item's vectors in that model's space.
    """

    item: Item
    file: FileRow
    segments: Mapping[Channel, Sequence[Segment]]
    local: Mapping[Channel, Local]
    encoder: Mapping[Channel, str]
    texts: Sequence[TextRow]
    vectors: Mapping[str, Sequence[VectorRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextHit:
    """One place where words were found; ``bm25`` is negative, smaller is better."""

    item_id: str
    field: str
    channel: Channel | None
    segment_no: int | None
    bm25: float
    text: str
    words: str = ""

    @property
    def snippet(self) -> str:
        """The text around the first of the words, on one line."""
        return snippet(self.text, self.words)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Why one file is not indexed."""

    path: str
    stage: str
    code: str
    detail: str
    at: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error and the file as it was then: an unchanged file need not be tried again.

    Attributes:
        skipped: no failure; there is nothing to index.
        program: version of the program that tried.
    """

    error: ErrorRow
    skipped: bool = False
    size_bytes: int = -1
    mtime_ns: int = 0
    program: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """A known content found at a further path.

    Attributes:
        texts: the names in the path.
        gone: paths of the same content that are there no more.
        away: the same, but their whole root is away; it may be a disk that comes back.
    """

    file: FileRow
    texts: Sequence[TextRow]
    tags: Sequence[str] = ()
    gone: Sequence[str] = ()
    away: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel of one present item, and the encoder that read it.

    Attributes:
        values: how many numbers its features are: what they take in memory.
    """

    item_id: str
    modality: Modality
    channel: Channel
    encoder: str
    values: int = 0


@dataclass(frozen=True)
class Vectors:
    """All vectors of one model and one channel of one modality, in the order of their keys.

    Attributes:
        keys: (n,) int64, growing with time, never used again.
        spans: (n, 2) int64, first and last segment.
        z: (n, k) float32.
    """

    keys: Int64
    item_ids: Sequence[str]
    spans: NDArray[np.int64]
    z: Float32


@dataclass(frozen=True)
class ModelRow:
    """A trained model: its settings, what it achieved, and its files."""

    id: str
    method: str
    created_at: str
    params: Mapping[str, object]
    report: Mapping[str, object]
    blobs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class JobRow:
    """One long piece of work: running, done, failed or interrupted."""

    id: int
    kind: str
    state: str
    started_at: str
    finished_at: str | None
    params: Mapping[str, object]
    report: Mapping[str, object]


@dataclass(frozen=True)
class Stats:
    """What is in the library, in numbers; bytes are those of the database file."""

    items: Mapping[str, int]
    files: int
    missing: int
    errors: int
    skipped: int
    segments: int
    vectors: int
    labelled: int
    database_bytes: int


@dataclass(frozen=True)
class SavedRow:
    """A search kept under a name.

    Attributes:
        query: the arguments of the search.
        seen_at: when its hits were last marked as seen; None if they never were.
    """

    name: str
    query: Mapping[str, object]
    created_at: str
    seen_at: str | None
