"""Arrays and segments to columns and back; every blob carries a checksum of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.errors import LibraryCorrupt
from quintet.types import Float32, Local, Segment, SegmentKind

SEGMENT_COLUMNS = (
    "no, kind, start_s, end_s, box, azimuth_deg, elevation_deg, start_char, end_char, page, text"
)


def checksum(*blobs: bytes) -> bytes:
    """8 bytes of BLAKE2b: SQLite's own check misses most flipped bits."""
    digest = hashlib.blake2b(digest_size=8)
    for blob in blobs:
        digest.update(blob)
    return digest.digest()


def verified(
    what: str, expected: bytes, *blobs: bytes, way_out: str = "quintet rebuild --features"
) -> None:
    """Raise LibraryCorrupt naming ``what`` when the blobs are not those that were written."""
    if not all(isinstance(b, bytes) for b in blobs) or checksum(*blobs) != expected:
        raise LibraryCorrupt(f"{what} is damaged in the database; run: {way_out}")


def as_kept(x: Float32) -> Float32:
    """Features as the database will give them back."""
    return _halves(x).astype(np.float32)


def _halves(x: Float32) -> NDArray[np.float16]:
    return np.ascontiguousarray(np.clip(x, -65504, 65504), dtype="<f2")


def pack_local(local: Local) -> tuple[int, int, bytes, bytes, bytes]:
    """t, d, features as float16, segment numbers as int32, and their checksum.

    Where rows repeat, as those of the words of a text do, each is kept once, and the number of
    every step's row stands behind the segment numbers: a tenth of the bytes for a book.
    """
    t, d = local.x.shape
    x = _halves(local.x).tobytes()
    steps = np.ascontiguousarray(local.segment_of_step, dtype="<i4").tobytes()
    kept, rows = _distinct(x, 2 * d)
    if len(kept) + 4 * t < len(x):
        x, steps = kept, steps + rows
    return t, d, x, steps, checksum(x, steps)


def _distinct(x: bytes, width: int) -> tuple[bytes, bytes]:
    """Every different row once, in order of appearance, and int32 numbers of all rows' rows."""
    number: dict[bytes, int] = {}
    starts = range(0, len(x), width) if width else ()
    rows = [number.setdefault(x[i : i + width], len(number)) for i in starts]
    return b"".join(number), np.array(rows, dtype="<i4").tobytes()


def unpack_local(what: str, t: int, d: int, x: bytes, steps: bytes, expected: bytes) -> Local:
    """The features of ``pack_local``."""
    verified(what, expected, x, steps)
    if d < 1 or len(x) % (2 * d) or len(steps) not in (4 * t, 8 * t):
        raise _damaged(what)
    numbers = np.frombuffer(steps, dtype="<i4").astype(np.int64)
    values = np.frombuffer(x, dtype="<f2").reshape(-1, d).astype(np.float32)
    if len(numbers) == 2 * t:
        rows = numbers[t:]
        if t and not 0 <= rows.min() <= rows.max() < len(values):
            raise _damaged(what)
        values = values[rows]
    if len(values) != t:
        raise _damaged(what)
    return Local(values, numbers[:t])


def _damaged(what: str) -> LibraryCorrupt:
    return LibraryCorrupt(f"{what} is damaged in the database; run: quintet rebuild --features")


def pack_vector(z: Float32) -> bytes:
    """(k,) float32, little-endian."""
    return np.ascontiguousarray(z, dtype="<f4").tobytes()


def pack_segment(s: Segment) -> tuple[Any, ...]:
    """A segment as the values of SEGMENT_COLUMNS."""
    box = json.dumps([round(v, 6) for v in s.box]) if s.box else None
    place = (s.start_s, s.end_s, box, s.azimuth_deg, s.elevation_deg)
    return (s.no, s.kind.value, *place, s.start_char, s.end_char, s.page, s.text or None)


def unpack_segment(row: tuple[Any, ...]) -> Segment:
    """The segment of ``pack_segment``."""
    no, kind, start_s, end_s, box, azimuth, elevation, start_char, end_char, page, text = row
    corners = json.loads(box) if box else None
    return Segment(
        kind=SegmentKind(kind),
        no=no,
        start_s=start_s,
        end_s=end_s,
        box=(corners[0], corners[1], corners[2], corners[3]) if corners else None,
        azimuth_deg=azimuth,
        elevation_deg=elevation,
        start_char=start_char,
        end_char=end_char,
        page=page,
        text=text or "",
    )


_BYTES = 0x10FE00
"""Private characters that stand for the bytes of file names that are not UTF-8."""


def path_key(path: str) -> str:
    r"""A path as SQLite takes it: bytes that are not UTF-8 become private characters.

    >>> real_path(path_key("a\udcff")) == "a\udcff"
    True
    """
    if path.isascii():
        return path
    swapped = "".join(
        chr(_BYTES + ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in path
    )
    return storable(swapped)


def real_path(key: str) -> str:
    """The path of ``path_key``, as the system's calls take it."""
    if key.isascii():
        return key
    first, last = chr(_BYTES + 0x80), chr(_BYTES + 0xFF)
    return "".join(chr(ord(c) - _BYTES + 0xDC00) if first <= c <= last else c for c in key)


def printable(text: str) -> str:
    r"""Text for a terminal: control characters, bytes and lone surrogates become escapes.

    >>> printable("a\x1b[31m")
    'a\\x1b[31m'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def storable(text: str) -> str:
    """Text that SQLite takes: lone surrogates become ``\\udcXX`` escapes.

    >>> storable("a\\udcff")
    'a\\\\udcff'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


BELOW = "(path = ? OR path > ? AND path < ?)"
"""Paths of a folder, as SQL; its values come from ``below``."""


def below(root: str) -> tuple[str, str, str]:
    """The values of BELOW: the path itself, and all that begin with it and a slash."""
    folder = path_key(root).rstrip("/")
    return (path_key(root), f"{folder}/", f"{folder}0")
