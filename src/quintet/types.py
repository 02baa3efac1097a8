"""The records that every layer shares: frozen, typed, numpy only.

One letter per axis everywhere: ``n`` items, ``t`` local steps, ``d`` features, ``k`` embedding,
``c`` classes, ``h w`` pixels. Times are seconds from the start, boxes are fractions of the upright
picture, angles are degrees, character positions are Python string offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Int16 = NDArray[np.int16]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


class Modality(StrEnum):
    """The five media. Decided once, from content, in ``media/open.py``."""

    IMAGE = "image"
    VIDEO = "video"
    TEXT = "text"
    AUDIO = "audio"
    MESH = "mesh"


class Channel(StrEnum):
    """What a vector describes: a video is seen, heard and said; other media have one channel."""

    SEEN = "seen"
    HEARD = "heard"
    SAID = "said"
    WRITTEN = "written"
    SHAPE = "shape"


class SegmentKind(StrEnum):
    """The fine unit of each medium, and the two linked tracks of a video."""

    REGION = "region"
    SHOT = "shot"
    SENTENCE = "sentence"
    WINDOW = "window"
    VIEW = "view"
    CUE = "cue"


@dataclass(frozen=True, slots=True)
class Segment:
    """One fine unit of a medium and where it is; fields that do not apply are None.

    Attributes:
        kind: region, shot, sentence, window, view or (subtitle) cue.
        no: position among the segments of its channel, from 0, without gaps.
        start_s, end_s: time span in seconds, ``0 <= start_s <= end_s`` (shot, window, cue).
        box: ``(x0, y0, x1, y1)`` in 0..1 of the upright picture, origin top left (region).
        azimuth_deg, elevation_deg: camera direction, 0..360 and -90..90 (view).
        start_char, end_char: half-open offsets into the medium's ``text`` (sentence, cue).
        page: page or chapter, from 1 (sentence of a paged document).
        text: the words of a sentence or cue; empty otherwise.
    """

    kind: SegmentKind
    no: int
    start_s: float | None = None
    end_s: float | None = None
    box: tuple[float, float, float, float] | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    start_char: int | None = None
    end_char: int | None = None
    page: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Media:
    """One decoded file: what it is, its segments in order, and its metadata.

    Attributes:
        format: the container or codec found by content, lower case: ``jpeg``, ``mp4``, ``epub``.
        segments: the fine units of the medium's own channel, in order.
        metadata: flat, string to string: ``title``, ``artist``, ``date``, ``camera``, ``width`` …
    """

    modality: Modality
    format: str
    segments: tuple[Segment, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImageMedia(Media):
    """pixels: (h, w, 3) uint8 sRGB, upright, scaled down to at most ``media.image.SIDE_PX``."""

    pixels: UInt8


@dataclass(frozen=True, kw_only=True)
class TextMedia(Media):
    """text: the whole text, NFC, ``\\n`` line ends; segments point into it."""

    text: str
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class AudioMedia(Media):
    """samples: (n,) int16 mono at ``sample_rate_hz``; duration_s is that of the file."""

    samples: Int16
    sample_rate_hz: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class VideoMedia(Media):
    """frames: (t, h, w, 3) uint8; times_s: (t,) float32; shot_of_frame: (t,) int64 numbers."""

    frames: UInt8
    times_s: Float32
    shot_of_frame: Int64
    duration_s: float
    sound: AudioMedia | None = None
    subtitles: TextMedia | None = None


@dataclass(frozen=True, kw_only=True)
class MeshMedia(Media):
    """views: (47, h, w) uint8 depth pictures, 0 background, 255 nearest; one per VIEW segment."""

    views: UInt8
    vertex_count: int
    face_count: int


@dataclass(frozen=True, slots=True)
class Local:
    """Local features of one channel of one item.

    Attributes:
        x: (t, d) float32, in order.
        segment_of_step: (t,) int64, the number of the segment that each step comes from.
    """

    x: Float32
    segment_of_step: Int64


@dataclass(frozen=True)
class View:
    """All rows of one modality for fitting. Views of different modalities need not be aligned.

    Attributes:
        x: n arrays, each (t_i, d) float32, ``t_i >= 1``.
        label: (n,) int64 class numbers, -1 where unknown.
        pair: (n,) int64; rows of two views with the same number belong together, -1 for none.
        ids: n row names, for messages and splits.
    """

    modality: Modality
    x: Sequence[Float32]
    label: Int64
    pair: Int64
    ids: Sequence[str]


@dataclass(frozen=True)
class Views:
    """What a correlator is fitted on: at most one view per modality, and the classes.

    Attributes:
        classes: c class names; ``View.label`` counts into it.
        class_vectors: (c, k) float32 word vectors of the names, unit rows.
    """

    views: tuple[View, ...]
    classes: tuple[str, ...] = ()
    class_vectors: Float32 | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One content, however many files hold it.

    Attributes:
        id: SHA-256 of the bytes, 64 hexadecimal digits.
        path: one present file (or the last known one); ``others`` are further copies.
        missing: no file with this content was found at the last scan of its root.
    """

    id: str
    modality: Modality
    format: str
    path: str
    size_bytes: int
    mtime_ns: int
    added_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    label: str | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item was found: the channel, the moment in it, and one line a person can read."""

    channel: Channel | None
    segment: Segment | None
    why: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result.

    Attributes:
        score: what the list is sorted by; larger is better.
        confidence: calibrated probability in 0..1 that the hit is relevant, None before training.
        alike: ids of further items with nearly the same content, where hits are grouped by it.
    """

    item: Item
    rank: int
    score: float
    confidence: float | None
    evidence: tuple[Evidence, ...]
    alike: tuple[str, ...] = ()


def tower(modality: Modality, channel: Channel) -> Modality:
    """The modality whose encoder and network read a channel: the sound of a video is audio.

    >>> tower(Modality.VIDEO, Channel.HEARD)
    <Modality.AUDIO: 'audio'>
    """
    if channel is Channel.HEARD:
        return Modality.AUDIO
    if channel in (Channel.SAID, Channel.WRITTEN):
        return Modality.TEXT
    return modality


OWN_CHANNEL: Mapping[Modality, Channel] = {
    Modality.IMAGE: Channel.SEEN,
    Modality.VIDEO: Channel.SEEN,
    Modality.TEXT: Channel.WRITTEN,
    Modality.AUDIO: Channel.HEARD,
    Modality.MESH: Channel.SHAPE,
}
