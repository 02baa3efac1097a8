"""Previews: small pictures and descriptions of items, made once and kept in the library folder."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from quintet.errors import UnknownName
from quintet.flows.drawing import fitted, peaks, shaded, shot_frames, sprite, wave, webp
from quintet.flows.originals import Original
from quintet.media.isolate import Box
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Media,
    MeshMedia,
    Modality,
    Segment,
    TextMedia,
    VideoMedia,
)

FOLDER = "previews"
VERSION = 1
"""Part of every name: a preview drawn otherwise is another one, and the old ones age away."""

MOST_BYTES = 2 << 30
"""Of all previews of a library; then the oldest go until ``KEEP`` of it is left."""

KEEP = 0.8
THUMB_PX = 480
TILE_PX = 224
VIEW_PX = 160
MOST_TILES = 60
PEAKS = 1000
WAVE_PX = (480, 160)
CHARACTERS = 4000
USED_S = 3600.0
"""How exact the time of last use is."""

KINDS: Mapping[Modality, tuple[str, ...]] = {
    Modality.IMAGE: ("thumb",),
    Modality.VIDEO: ("thumb", "strip", "strip.json", "wave", "wave.json"),
    Modality.AUDIO: ("thumb", "wave", "wave.json"),
    Modality.MESH: ("thumb", "views", "views.json"),
    Modality.TEXT: ("text.json",),
}
"""What there may be of each medium; a silent video has no wave."""

TYPES: Mapping[bool, str] = {True: "application/json", False: "image/webp"}


def media_type(kind: str) -> str:
    """The media type of a kind of preview.

    >>> media_type("thumb"), media_type("strip.json")
    ('image/webp', 'application/json')
    """
    return TYPES[kind.endswith(".json")]


def tag(item_id: str, kind: str) -> str:
    """What names the bytes of a preview: content, kind and the way of drawing."""
    return f"{item_id}-v{VERSION}-{kind}"


def drawn(media: Media, kind: str) -> dict[str, bytes]:
    """The previews of a decoded medium that are drawn together with one of a kind, by kind."""
    if isinstance(media, ImageMedia):
        return {"thumb": webp(fitted(Image.fromarray(media.pixels), THUMB_PX))}
    if isinstance(media, VideoMedia):
        sound = media.sound
        return _film(media) | (_sound(sound) if sound is not None else {})
    if isinstance(media, AudioMedia):
        made = _sound(media)
        return made | {"thumb": webp(wave(peaks(media.samples, WAVE_PX[0]), WAVE_PX[1]))}
    if isinstance(media, MeshMedia):
        return {"thumb": _portrait(media)} if kind == "thumb" else _turntable(media)
    return {"text.json": _text(media)} if isinstance(media, TextMedia) else {}


class Previews:
    """The kept previews of one library; safe to use from several threads.

    Args:
        folder: of the library.
        box: where originals are decoded.
        most_bytes: of all that is kept.
    """

    def __init__(self, folder: Path, box: Box, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder / FOLDER
        self._box = box
        self._most = most_bytes
        self._held: int | None = None
        self._lock = threading.Lock()
        self._turns = tuple(threading.Lock() for _ in range(64))

    def get(self, original: Original, kind: str) -> bytes:
        """One preview of an item, drawn at the first request for it.

        Raises:
            UnknownName: there is no such preview of the item.
            OriginalGone, OriginalChanged: its file is not what was indexed.
            FileProblem: its file cannot be decoded.
        """
        item = original.item
        kinds = KINDS[item.modality]
        if kind not in kinds:
            raise UnknownName(f"preview of {item.modality}", kind, kinds)
        path = self._path(item.id, kind)
        found = _kept(path)
        if found is None:
            with self._turns[hash(item.id) % len(self._turns)]:
                found = _kept(path)
                if found is None:
                    found = self._make(original, kind).get(kind, b"")
        if not found:
            raise UnknownName(f"preview of {item.modality} {item.id[:12]}", kind, ())
        return found

    def _make(self, original: Original, wanted: str) -> dict[str, bytes]:
        with original.opened() as (file, _):
            made = drawn(self._box.open(file), wanted)
        for kind in {wanted, *made}:
            self._keep(self._path(original.item.id, kind), made.get(kind, b""))
        return made

    def _path(self, item_id: str, kind: str) -> Path:
        return self._folder / item_id[:2] / tag(item_id, kind)

    def _keep(self, path: Path, data: bytes) -> None:
        """Write a file whole or not at all; a full disk only means that it is drawn again."""
        new = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(data)
            new.replace(path)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            return
        with self._lock:
            if self._held is None:
                self._held = sum(size for _, size, _ in self._all())
            else:
                self._held += len(data)
            if self._held > self._most:
                self._held = self._trimmed()

    def _trimmed(self) -> int:
        """Remove what was used longest ago; the bytes that are left."""
        rows = sorted(self._all())
        held = sum(size for _, size, _ in rows)
        for _, size, path in rows:
            if held <= KEEP * self._most:
                break
            with suppress(OSError):
                path.unlink(missing_ok=True)
            held -= size
        return held

    def _all(self) -> Iterator[tuple[float, int, Path]]:
        """Time of last use, size and path of every kept file."""
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                info = path.stat()
                yield info.st_mtime, info.st_size, path


def _kept(path: Path) -> bytes | None:
    """A kept preview, marked as used; empty where the item has none, None where none is kept."""
    try:
        data = path.read_bytes()
        if time.time() - path.stat().st_mtime > USED_S:
            os.utime(path)
    except OSError:
        return None
    return data


def _film(media: VideoMedia) -> dict[str, bytes]:
    frames = shot_frames(media)
    best = max(frames.values(), key=lambda frame: float(frame.std()))
    spread = _spread(sorted(frames), MOST_TILES)
    tiles = [fitted(Image.fromarray(frames[no]), TILE_PX) for no in spread]
    places = [
        {"no": no, "start_s": media.segments[no].start_s, "end_s": media.segments[no].end_s}
        for no in spread
    ]
    return {
        "thumb": webp(fitted(Image.fromarray(best), THUMB_PX)),
        **_sprite("strip", tiles, 10, places),
    }


def _portrait(media: MeshMedia) -> bytes:
    """The view that is nearest to one from the side and above."""
    oblique = min(media.segments[: len(media.views)], key=_far_from_oblique)
    return webp(shaded(media.views[oblique.no], THUMB_PX))


def _far_from_oblique(view: Segment) -> float:
    return abs((view.azimuth_deg or 0.0) - 30.0) + abs((view.elevation_deg or 0.0) - 30.0)


def _turntable(media: MeshMedia) -> dict[str, bytes]:
    tiles = [shaded(view, VIEW_PX) for view in media.views]
    places = [
        {"no": s.no, "azimuth_deg": s.azimuth_deg, "elevation_deg": s.elevation_deg}
        for s in media.segments
    ]
    return _sprite("views", tiles, 8, places)


def _sprite(
    name: str, tiles: Sequence[Image.Image], columns: int, places: Sequence[Mapping[str, Any]]
) -> dict[str, bytes]:
    width, height = tiles[0].size
    told = {"tile_w": width, "tile_h": height, "columns": min(columns, len(tiles))}
    return {
        name: webp(sprite(tiles, columns)),
        f"{name}.json": _json({**told, "tiles": places}),
    }


def _sound(media: AudioMedia) -> dict[str, bytes]:
    heights = peaks(media.samples, min(PEAKS, max(1, len(media.samples))))
    told = {"duration_s": media.duration_s, "peaks": [round(float(h), 3) for h in heights]}
    return {"wave": webp(wave(heights, WAVE_PX[1])), "wave.json": _json(told)}


def _text(media: TextMedia) -> bytes:
    near = [s for s in media.segments if s.start_char is not None and s.start_char < CHARACTERS]
    rows = [{"no": s.no, "start_char": s.start_char, "end_char": s.end_char} for s in near]
    text = media.text[:CHARACTERS]
    return _json({"text": text, "characters": len(media.text), "segments": rows})


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """All of the numbers, or so many of them at even distances."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[n * len(numbers) // most] for n in range(most)]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
