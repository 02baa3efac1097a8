"""Animated GIF, WebP, PNG and AVIF: frames and times through Pillow."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np
from PIL import Image

from quintet.errors import Code, FileProblem
from quintet.media import image
from quintet.media.exif import picture_metadata
from quintet.media.limits import Limits
from quintet.types import UInt8

FORMATS = image.ANIMATED

MAX_PIXELS = 2_000_000_000
"""Decoded pixels in all; a longer animation is read up to here."""

CANVAS_PIXELS = 25_000_000
"""Of one frame; Pillow holds several of them at a time, in four bytes a pixel."""

_DEFAULT_MS = 100
"""What browsers show a frame for that declares no duration."""


def sniff(file: BinaryIO) -> str | None:
    """The format of a picture with more than one frame; None for anything else."""
    found = image.magic(file)
    return found if found in FORMATS and image.is_animated(file, found) else None


def decode(
    file: BinaryIO, format: str, limits: Limits, side_px: int
) -> tuple[list[UInt8], list[float], float, dict[str, str]]:
    """Frames, their start times, the length in seconds, and metadata.

    At most ``limits.frames`` frames are read; ``metadata["decoded_s"]`` then says up to where.

    Raises:
        FileProblem: TOO_LARGE for too many declared pixels, CORRUPT for no readable frame.
    """
    with image.opened(file, format, limits) as im:
        if im.width * im.height > min(limits.pixels, CANVAS_PIXELS):
            raise FileProblem(Code.TOO_LARGE, f"an animation of {im.width} × {im.height} pixels")
        metadata = picture_metadata(im) | {"width": str(im.width), "height": str(im.height)}
        size = image.fit(*im.size, side_px)
        most = min(limits.frames, max(1, MAX_PIXELS // (im.width * im.height)))
        frames, times, length_s = _read(im, size, most)
    if len(frames) == most:
        metadata["decoded_s"] = f"{length_s:.1f}"
    return frames, times, length_s, metadata


def _read(
    im: Image.Image, size: tuple[int, int], most: int
) -> tuple[list[UInt8], list[float], float]:
    frames: list[UInt8] = []
    times: list[float] = []
    now_s = 0.0
    for no in range(most):
        try:
            im.seek(no)
            small = image.rgb(im).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        except (EOFError, OSError, SyntaxError, ValueError) as e:
            if not frames:
                raise FileProblem(Code.CORRUPT, f"no frame can be decoded: {e}") from e
            break
        frames.append(np.asarray(small))
        times.append(now_s)
        now_s += max(float(im.info.get("duration") or _DEFAULT_MS), 1.0) / 1000
    return frames, times, now_s


def warm() -> None:
    """Decode one animation of each kind that Pillow can write here."""
    for format in ("gif", "webp"):
        made = io.BytesIO()
        first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
        first.save(made, image.PILLOW_NAME[format], save_all=True, append_images=[second])
        decode(made, format, Limits(), 8)
