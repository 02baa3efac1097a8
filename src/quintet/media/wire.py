"""A decoded medium, or the reason why there is none, as bytes between two processes.

``QNT1``, the header's length (4 bytes, little-endian), the header (JSON), then arrays and long
texts, raw and in the header's order. Segments are an array and a text, too: the header stays small,
for JSON may take many times its length when it is read. The receiver trusts nothing: every length,
type and shape is checked before memory is taken for it. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quintet.errors import Code, FileProblem
from quintet.media.limits import MIB, Limits
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Media,
    MeshMedia,
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)

MAGIC = b"QNT1"
MAX_HEADER_BYTES = 4 * MIB
"""Three mappings of metadata (a film, its sound, its subtitles) at the longest that they may be."""

MAX_BYTES_PER_CHAR = 4
"""Of UTF-8, and of a string in memory."""

Read = Callable[[int], bytearray]
"""Exactly so many bytes, or EOFError."""


class WireError(ValueError):
    """Bytes that are no medium: the sender is broken or hostile."""


class Elsewhere(Exception):
    """The file belongs to a decoder that this process has not loaded.

    Attributes:
        opener: ``module:function`` that decodes it.
    """

    def __init__(self, opener: str) -> None:
        super().__init__(opener)
        self.opener = opener


@dataclass(frozen=True)
class Array:
    """A field that is an array; -1 is any length."""

    dtype: str
    shape: tuple[int, ...]


TEXT = Array("uint8", (-1,))
"""A long text travels as UTF-8."""

FIELDS: Mapping[type[Media], Mapping[str, Array | type]] = {
    ImageMedia: {"pixels": Array("uint8", (-1, -1, 3))},
    TextMedia: {"text": TEXT, "language": str},
    AudioMedia: {"samples": Array("int16", (-1,)), "sample_rate_hz": int, "duration_s": float},
    VideoMedia: {
        "frames": Array("uint8", (-1, -1, -1, 3)),
        "times_s": Array("float32", (-1,)),
        "shot_of_frame": Array("int64", (-1,)),
        "duration_s": float,
        "sound": AudioMedia,
        "subtitles": TextMedia,
    },
    MeshMedia: {"views": Array("uint8", (-1, -1, -1)), "vertex_count": int, "face_count": int},
}
"""What each medium holds beside the fields of ``Media``."""

CLASS: Mapping[Modality, type[Media]] = {
    Modality.IMAGE: ImageMedia,
    Modality.TEXT: TextMedia,
    Modality.AUDIO: AudioMedia,
    Modality.VIDEO: VideoMedia,
    Modality.MESH: MeshMedia,
}

_E = TypeVar("_E", Modality, SegmentKind)

_KINDS = tuple(SegmentKind)
_BOX = ("x0", "y0", "x1", "y1")
_NUMBERS = ("start_s", "end_s", *_BOX, "azimuth_deg", "elevation_deg")
_COUNTS = ("start_char", "end_char", "page")
_COLUMNS = ("kind", "text_chars", *_NUMBERS, *_COUNTS)
ROWS = Array("float64", (-1, len(_COLUMNS)))
"""A row for each segment; what a segment has not is NaN."""

_NO_BOX = (None,) * len(_BOX)
_MOST = 1 << 53
"""Whole numbers below it are exact as float64."""


def pack(media: Media) -> list[bytes | memoryview]:
    """A medium as pieces to be written one after the other."""
    blobs: list[memoryview] = []
    header = {"media": _packed(media, blobs)}
    return [_head(header), *blobs]


def pack_problem(problem: FileProblem) -> bytes:
    """A refusal as bytes."""
    return _head({"problem": {"code": str(problem.code), "detail": problem.detail[:2000]}})


def pack_elsewhere(elsewhere: Elsewhere) -> bytes:
    """The name of another decoder as bytes."""
    return _head({"elsewhere": elsewhere.opener})


def receive(read: Read, limits: Limits) -> Media:
    """The medium that the other side packed.

    Raises:
        FileProblem: the refusal that the other side packed; TOO_LARGE for a result over
            ``limits.output_bytes``.
        Elsewhere: what the other side packed; the caller decides whether it knows the name.
        WireError: anything else than a medium or a refusal.
        EOFError: from ``read``, when the sender stops in between.
    """
    magic, size = struct.unpack("<4sI", read(8))
    if magic != MAGIC or size > min(MAX_HEADER_BYTES, limits.output_bytes):
        raise WireError("not a result")
    header = _parsed(bytes(read(size)))
    if "problem" in header:
        raise _problem(header["problem"])
    if "elsewhere" in header:
        raise Elsewhere(_text(header["elsewhere"]))
    try:
        return _Unpacker(read, limits).media(header["media"])
    except WireError:
        raise
    except (KeyError, TypeError, IndexError, OverflowError, ValueError, AttributeError) as e:
        raise WireError(f"not a medium: {e!r}") from e


def _head(header: dict[str, Any]) -> bytes:
    """JSON without lone surrogates: they have no bytes in UTF-8."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = text.encode("utf-8", "replace")
    return struct.pack("<4sI", MAGIC, len(data)) + data


def _packed(media: Media, blobs: list[memoryview]) -> dict[str, Any]:
    own = {name: _value(kind, getattr(media, name), blobs) for name, kind in _kinds(media)}
    return {
        "modality": str(media.modality),
        "format": media.format,
        "metadata": dict(media.metadata),
        **own,
        "segments": _value(ROWS, _rows(media.segments), blobs),
        "words": _value(TEXT, "".join(s.text for s in media.segments), blobs),
    }


def _kinds(media: Media) -> Iterator[tuple[str, Array | type]]:
    yield from FIELDS[CLASS[media.modality]].items()


def _value(kind: Array | type, value: Any, blobs: list[memoryview]) -> Any:
    if kind is TEXT:
        value = np.frombuffer(value.encode("utf-8", "replace"), np.uint8)
    if isinstance(kind, Array):
        array = np.ascontiguousarray(value, dtype=kind.dtype)
        blobs.append(array.reshape(-1).view(np.uint8).data)
        return list(array.shape)
    if isinstance(value, Media):
        return _packed(value, blobs)
    return None if value is None else kind(value)


def _rows(segments: Sequence[Segment]) -> NDArray[np.float64]:
    rows = [
        (
            *(_KINDS.index(s.kind), len(s.text), s.start_s, s.end_s, *(s.box or _NO_BOX)),
            *(s.azimuth_deg, s.elevation_deg, s.start_char, s.end_char, s.page),
        )
        for s in segments
    ]
    return np.array(rows, np.float64).reshape(-1, len(_COLUMNS))  # None becomes NaN


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise WireError("no header") from e
    if not isinstance(header, dict):
        raise WireError("no header")
    return header


def _problem(value: Any) -> FileProblem:
    try:
        return FileProblem(Code(value["code"]), str(value["detail"])[:2000])
    except (KeyError, TypeError, ValueError) as e:
        raise WireError("no known reason") from e


class _Unpacker:
    """Reads the arrays of one result in order, within one budget of bytes."""

    def __init__(self, read: Read, limits: Limits) -> None:
        self.read = read
        self.limits = limits
        self.room = limits.output_bytes

    def media(self, header: Mapping[str, Any]) -> Media:
        modality = _known(Modality, header["modality"])
        own = {
            name: self.value(kind, header[name]) for name, kind in FIELDS[CLASS[modality]].items()
        }
        media = CLASS[modality](
            modality=modality,
            format=_text(header["format"]),
            metadata={_text(k): _text(v) for k, v in header["metadata"].items()},
            segments=self.segments(header["segments"], header["words"]),
            **own,
        )
        _check(media)
        return media

    def segments(self, shape: Any, words: Any) -> tuple[Segment, ...]:
        if shape[0] > self.limits.segments:
            raise FileProblem(Code.TOO_LARGE, f"over {self.limits.segments} segments")
        rows = self.array(ROWS, shape)
        return tuple(_segments(rows, self.text(words)))

    def text(self, shape: Any) -> str:
        """A long text, which takes at most four bytes a character."""
        if shape[0] > MAX_BYTES_PER_CHAR * self.limits.text_chars:
            raise FileProblem(Code.TOO_LARGE, f"over {self.limits.text_chars} characters")
        return str(self.array(TEXT, shape).data, "utf-8")

    def value(self, kind: Array | type, value: Any) -> Any:
        if kind is TEXT:
            return self.text(value)
        if isinstance(kind, Array):
            return self.array(kind, value)
        if issubclass(kind, Media):
            return None if value is None else self.nested(kind, value)
        if kind is str:
            return _text(value)
        return (int if kind is int else float)(_number(value))

    def nested(self, kind: type[Media], value: Any) -> Media:
        media = self.media(value)
        if type(media) is not kind:
            raise WireError(f"a {media.modality} where {kind.__name__} belongs")
        return media

    def array(self, kind: Array, shape: Any) -> NDArray[Any]:
        if len(shape) != len(kind.shape) or not all(type(n) is int and n >= 0 for n in shape):
            raise WireError(f"shape {shape!r}")
        if any(want not in (-1, n) for n, want in zip(shape, kind.shape, strict=True)):
            raise WireError(f"shape {shape!r}")
        size = math.prod(shape) * np.dtype(kind.dtype).itemsize
        if size > self.room:
            raise FileProblem(Code.TOO_LARGE, f"result over {self.limits.output_bytes} bytes")
        self.room -= size
        return np.frombuffer(self.read(size), kind.dtype).reshape(shape)


def _segments(rows: NDArray[np.float64], words: str) -> Iterator[Segment]:
    """Segments of checked rows; each takes its characters off the words."""
    _check_rows(rows, words)
    at = 0
    for no, row in enumerate(rows.tolist()):
        kind, chars, start_s, end_s, x0, y0, x1, y1, azimuth, elevation, start, end, page = row
        yield Segment(
            _KINDS[int(kind)],
            no,
            start_s=_given(start_s),
            end_s=_given(end_s),
            box=None if math.isnan(x0) else (x0, y0, x1, y1),
            azimuth_deg=_given(azimuth),
            elevation_deg=_given(elevation),
            start_char=_whole(start),
            end_char=_whole(end),
            page=_whole(page),
            text=words[at : (at := at + int(chars))],
        )


def _check_rows(rows: NDArray[np.float64], words: str) -> None:
    """Numbers are finite, counts whole, kinds known; a box is whole; the words are used up."""
    kind, chars = rows[:, 0], rows[:, 1]
    counts = np.nan_to_num(rows[:, [0, 1, -3, -2, -1]])
    box = rows[:, 4:8]
    right = (
        not np.isinf(rows).any()
        and not np.isnan(rows[:, :2]).any()
        and ((counts == np.floor(counts)) & (abs(counts) < _MOST)).all()
        and ((kind >= 0) & (kind < len(_KINDS)) & (chars >= 0)).all()
        and not (box < 0).any()
        and (np.isnan(box).any(axis=1) == np.isnan(box).all(axis=1)).all()
        and chars.sum() == len(words)
    )
    if not right:
        raise WireError("rows that are no segments")


def _given(value: float) -> float | None:
    return None if math.isnan(value) else value


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def _known(kind: type[_E], value: Any) -> _E:
    try:
        return kind(value)
    except ValueError as e:
        raise WireError(f"{value!r} is no {kind.__name__}") from e


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WireError(f"{value!r} is no text")
    return value


def _number(value: Any) -> int | float:
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise WireError(f"{value!r} is no number")
    return value  # type: ignore[no-any-return]  # its type was checked above


def _check(media: Media) -> None:
    """What the segments and arrays of one medium promise each other."""
    if isinstance(media, VideoMedia):
        count = len(media.frames)
        if not count == len(media.times_s) == len(media.shot_of_frame):
            raise WireError("frames, times and shots differ in number")
        if count and not 0 <= media.shot_of_frame.min() <= media.shot_of_frame.max() < len(
            media.segments
        ):
            raise WireError("a frame of no shot")
        if not np.isfinite(media.times_s).all():
            raise WireError("times that are no numbers")
    for s in media.segments:
        if s.start_s is not None and not 0 <= s.start_s <= (s.end_s or 0):
            raise WireError(f"segment {s.no} ends before it starts")
        if s.start_char is not None and not _within(s, media):
            raise WireError(f"segment {s.no} lies outside the text")


def _within(segment: Segment, media: Media) -> bool:
    length = len(media.text) if isinstance(media, TextMedia) else 0
    start, end = segment.start_char or 0, segment.end_char or 0
    return 0 <= start <= end <= length
