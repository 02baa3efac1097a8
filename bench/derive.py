# ruff: noqa: ARG001 - every way of copying has the same form
"""The same content in another file: encoded again, resized, wrapped, turned."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import numpy as np
import soundfile
import trimesh
from PIL import Image
from scipy.signal import resample_poly

Derive = Callable[[Path, Path, random.Random], Path]
"""Reads a file and writes another; its place is given without a suffix."""


def jpeg_again(source: Path, place: Path, rng: random.Random) -> Path:
    """JPEG of quality 40."""
    out = place.with_suffix(".jpg")
    Image.open(source).convert("RGB").save(out, quality=40)
    return out


def smaller(source: Path, place: Path, rng: random.Random) -> Path:
    """Two thirds of the width and height, WebP."""
    out = place.with_suffix(".webp")
    picture = Image.open(source).convert("RGB")
    size = (max(8, picture.width * 2 // 3), max(8, picture.height * 2 // 3))
    picture.resize(size, Image.Resampling.LANCZOS).save(out, quality=80)
    return out


def mp3(source: Path, place: Path, rng: random.Random) -> Path:
    """MP3."""
    out = place.with_suffix(".mp3")
    samples, rate = soundfile.read(source)
    soundfile.write(out, samples, rate)
    return out


def half_rate(source: Path, place: Path, rng: random.Random) -> Path:
    """Half the sampling rate and 0.7 of the loudness, OGG Vorbis."""
    out = place.with_suffix(".ogg")
    samples, rate = soundfile.read(source)
    soundfile.write(out, 0.7 * resample_poly(samples, 1, 2), rate // 2)
    return out


def _video(source: Path, out: Path, codec: str, scale: float, options: dict[str, str]) -> Path:
    with av.open(str(source)) as old, av.open(str(out), "w") as new:
        before = old.streams.video[0]
        stream = new.add_stream(codec, rate=before.average_rate or 25, options=options)
        stream.width = max(16, int(before.width * scale) // 2 * 2)
        stream.height = max(16, int(before.height * scale) // 2 * 2)
        stream.pix_fmt = "yuv420p"
        for frame in old.decode(before):
            frame.pict_type = 0
            for packet in stream.encode(frame.reformat(stream.width, stream.height, "yuv420p")):
                new.mux(packet)
        for packet in stream.encode():
            new.mux(packet)
    return out


def h264_small(source: Path, place: Path, rng: random.Random) -> Path:
    """H.264 at constant rate factor 32, two thirds of the size."""
    return _video(source, place.with_suffix(".mp4"), "libx264", 2 / 3, {"crf": "32"})


def mpeg4(source: Path, place: Path, rng: random.Random) -> Path:
    """MPEG-4 Part 2 in Matroska, the same size."""
    return _video(source, place.with_suffix(".mkv"), "mpeg4", 1.0, {})


def wrapped(source: Path, place: Path, rng: random.Random) -> Path:
    """Lines of at most 48 characters, words and CJK runs cut where they must be."""
    out = place.with_suffix(".txt")
    lines: list[str] = []
    for line in _text(source).splitlines():
        while len(line) > 48:
            at = line.rfind(" ", 0, 48)
            at = 48 if at < 20 else at
            lines.append(line[:at])
            line = line[at:].lstrip()
        lines.append(line)
    out.write_text("\n".join(lines), encoding="utf-8")
    return out


def as_html(source: Path, place: Path, rng: random.Random) -> Path:
    """An HTML page of UTF-16 with a paragraph a line."""
    out = place.with_suffix(".html")
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in _text(source).splitlines())
    page = f"<!doctype html><html><head></head><body>{body}</body></html>"
    out.write_bytes(page.encode("utf-16"))
    return out


def _text(source: Path) -> str:
    return source.read_text(encoding="utf-8", errors="replace")


def turned(source: Path, place: Path, rng: random.Random) -> Path:
    """Scaled and turned about the vertical axis by any angle, PLY."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = trimesh.transformations.rotation_matrix(angle, [0, 1, 0])
    return _moved(source, place.with_suffix(".ply"), turn, rng)


def tumbled(source: Path, place: Path, rng: random.Random) -> Path:
    """Scaled and turned by a quarter about each of two axes, STL: its corners are not shared."""
    turn = trimesh.transformations.euler_matrix(np.pi / 2, rng.choice([0, np.pi / 2]), 0)
    return _moved(source, place.with_suffix(".stl"), turn, rng)


def _moved(source: Path, out: Path, turn: np.ndarray, rng: random.Random) -> Path:
    mesh = trimesh.load(source, force="mesh")
    mesh.apply_transform(turn)
    mesh.apply_scale(rng.uniform(0.2, 5))
    mesh.export(out)
    return out


DERIVED: Mapping[str, Mapping[str, Derive]] = {
    "image": {"JPEG, quality 40": jpeg_again, "2/3 size, WebP": smaller},
    "video": {"H.264, 2/3 size": h264_small, "MPEG-4": mpeg4},
    "text": {"wrapped": wrapped, "HTML, UTF-16": as_html},
    "audio": {"MP3": mp3, "half rate, quieter, OGG": half_rate},
    "mesh": {"scaled, turned, PLY": turned, "scaled, quarter turns, STL": tumbled},
}
