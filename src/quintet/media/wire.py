"""A decoded medium, or the reason why there is none, as bytes between two processes.

``QNT1``, the header's length (4 bytes, little-endian), the header (JSON), then arrays and long
texts, raw and in the header's order. The receiver trusts nothing: every length, type and shape is
checked before memory is taken for it. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
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
MAX_HEADER_BYTES = 256 * MIB

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

_SEGMENT_FIELDS = tuple(f.name for f in fields(Segment))


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
        "segments": [_row(s) for s in media.segments],
        **own,
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


def _row(segment: Segment) -> list[Any]:
    """A segment's fields in order, without the empty ones at the end."""
    row: list[Any] = [getattr(segment, name) for name in _SEGMENT_FIELDS]
    while row and row[-1] in (None, ""):
        row.pop()
    return row


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
        rows = header["segments"]
        if not isinstance(rows, list) or len(rows) > self.limits.segments:
            raise FileProblem(Code.TOO_LARGE, f"over {self.limits.segments} segments")
        media = CLASS[modality](
            modality=modality,
            format=_text(header["format"]),
            metadata={_text(k): _text(v) for k, v in header["metadata"].items()},
            segments=tuple(_segment(row, no) for no, row in enumerate(rows)),
            **own,
        )
        _check(media)
        return media

    def value(self, kind: Array | type, value: Any) -> Any:
        if isinstance(kind, Array):
            array = self.array(kind, value)
            return array.tobytes().decode("utf-8") if kind is TEXT else array
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


def _segment(row: Any, no: int) -> Segment:
    values = dict(zip(_SEGMENT_FIELDS, row, strict=False))
    kind = _known(SegmentKind, values.pop("kind"))
    if values.pop("no") != no:
        raise WireError(f"segment {no} is out of order")
    text = _text(values.pop("text", ""))
    box = values.pop("box", None)
    for name, value in values.items():
        wanted = (int,) if name.endswith("_char") or name == "page" else (int, float)
        if value is not None and (type(value) not in wanted or not math.isfinite(value)):
            raise WireError(f"{name} = {value!r}")
    return Segment(kind, no, box=_box(box), text=text, **values)


def _box(value: Any) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    x0, y0, x1, y1 = (float(_number(v)) for v in value)
    return x0, y0, x1, y1


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
