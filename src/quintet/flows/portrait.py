"""A picture of why: the item as it is, and on it what its answer to a query would lose."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

from quintet.flows.drawing import peaks, shot_frames
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Media,
    MeshMedia,
    Segment,
    TextMedia,
    UInt8,
    VideoMedia,
)

WIDTH = 720
TILE = 120
LINE = 22
CHARACTERS = 84
"""Characters of a line of text; an ideograph counts two."""

FOR, AGAINST = "#d9480f", "#1c7ed6"
"""Colours of what speaks for the match and against it."""

Gains = Mapping[int, float]
"""Segment number to what the confidence loses without it."""


def portrait(media: Media, gains: Gains, title: str) -> str:
    """An SVG of the medium with its segments coloured by their gains, the strongest deepest.

    Args:
        media: what the segments are of: the sound or the subtitles for those channels of a video.
    """
    shade = _shades(gains)
    if isinstance(media, ImageMedia):
        body, height = _image(media, shade)
    elif isinstance(media, VideoMedia):
        body, height = _tiles(shot_frames(media), media.segments, shade)
    elif isinstance(media, MeshMedia):
        body, height = _tiles(_views(media, shade), media.segments, shade)
    elif isinstance(media, AudioMedia):
        body, height = _wave(media, shade)
    elif isinstance(media, TextMedia):
        body, height = _text(media, shade)
    else:
        body, height = "", 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 40}" '
        f'width="{WIDTH}" height="{height + 40}" font-family="sans-serif" font-size="15">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="8" y="26">{escape(title)}</text>\n'
        f'<g transform="translate(0 40)">\n{body}\n</g>\n</svg>\n'
    )


def _shades(gains: Gains) -> dict[int, tuple[str, float]]:
    """Segment number to colour and opacity 0..0.6, relative to the largest gain."""
    largest = max((abs(g) for g in gains.values()), default=0.0) or 1.0
    return {
        no: (FOR if g > 0 else AGAINST, round(0.6 * abs(g) / largest, 3)) for no, g in gains.items()
    }


def _box(x: float, y: float, w: float, h: float, shade: tuple[str, float] | None) -> str:
    colour, opacity = shade or (FOR, 0.0)
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{colour}" '
        f'fill-opacity="{opacity}"/>'
    )


def _picture(pixels: UInt8, x: float, y: float, w: float, h: float) -> str:
    out = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(out, "JPEG", quality=80)
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return (
        f'<image x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
        f'preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/>'
    )


Shades = Mapping[int, tuple[str, float]]


def _image(media: ImageMedia, shade: Shades) -> tuple[str, int]:
    h, w = media.pixels.shape[:2]
    height = round(WIDTH * h / w)
    parts = [_picture(media.pixels, 0, 0, WIDTH, height)]
    for segment in media.segments:
        if segment.box is not None and segment.no in shade:
            x0, y0, x1, y1 = segment.box
            place = (x0 * WIDTH, y0 * height, (x1 - x0) * WIDTH, (y1 - y0) * height)
            parts.append(_box(*place, shade[segment.no]))
    return "\n".join(parts), height


def _views(media: MeshMedia, shade: Shades) -> dict[int, UInt8]:
    """The views that matter most, nearest points dark."""
    strongest = sorted(shade, key=lambda no: -shade[no][1])[:18]
    return {no: 255 - media.views[no] for no in sorted(strongest)}


def _tiles(
    pictures: Mapping[int, UInt8], segments: Sequence[Segment], shade: Shades
) -> tuple[str, int]:
    columns, parts, bottom = WIDTH // TILE, [], 0
    for n, (no, pixels) in enumerate(pictures.items()):
        h, w = pixels.shape[:2]
        height = TILE * min(1.0, h / w)
        x, y = n % columns * TILE, n // columns * (TILE + LINE)
        parts.append(_picture(pixels, x, y, height * w / h, height))
        parts.append(_box(x, y, height * w / h, height, shade.get(no)))
        name = f"{segments[no].kind} {no + 1}"
        parts.append(f'<text x="{x + 2}" y="{y + TILE + 14}" font-size="11">{name}</text>')
        bottom = y + TILE + LINE
    return "\n".join(parts), bottom


def _wave(media: AudioMedia, shade: Shades) -> tuple[str, int]:
    height, seconds = 160, max(media.duration_s, 1e-3)
    parts = []
    for segment in media.segments:
        if segment.start_s is not None and segment.end_s is not None and segment.no in shade:
            x, w = segment.start_s / seconds * WIDTH, (segment.end_s - segment.start_s) / seconds
            parts.append(_box(x, 0, w * WIDTH, height, shade[segment.no]))
    heights = peaks(media.samples, WIDTH) * (height / 2)
    points = [f"M{x} {height / 2 - a:.1f}V{height / 2 + a:.1f}" for x, a in enumerate(heights)]
    parts.append(f'<path d="{"".join(points)}" stroke="#343a40"/>')
    return "\n".join(parts), height


def _text(media: TextMedia, shade: Shades) -> tuple[str, int]:
    parts, y = [], 0
    for segment in media.segments:
        for line in _lines(segment.text):
            parts.append(_box(4, y, WIDTH - 8, LINE, shade.get(segment.no)))
            parts.append(f'<text x="8" y="{y + 16}">{escape(line)}</text>')
            y += LINE
    return "\n".join(parts), y


def _lines(text: str) -> list[str]:
    wide = sum(ord(c) > 0x2E7F for c in text) > len(text) / 3
    clean = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.wrap(clean, CHARACTERS // 2 if wide else CHARACTERS) or [""]
