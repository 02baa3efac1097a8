"""Pictures: JPEG, PNG, WebP, BMP, TIFF, GIF, PPM and AVIF, through Pillow alone.

A picture becomes upright sRGB pixels of at most ``SIDE_PX`` on its longer side (JPEG is scaled
while it is decoded) and 7 × 7 REGION segments. Colour profiles other than sRGB are read as sRGB.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from PIL import (
    AvifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    MpoImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from quintet.errors import Code, FileProblem
from quintet.media.exif import picture_metadata
from quintet.media.limits import Limits
from quintet.types import ImageMedia, Modality, Segment, SegmentKind, UInt8

SIDE_PX = 384
"""The longer side after scaling; smaller pictures keep their size."""

GRID = 7
"""A picture has GRID × GRID regions, row by row from the top left."""

PILLOW_NAME = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "gif": "GIF",
    "ppm": "PPM",
    "avif": "AVIF",
}
"""Our format names and the only Pillow plug-ins that are ever tried."""

_PLUGINS = (AvifImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Registered by their import; ``preinit`` registers the others and ``init`` would load forty."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a decode box has no threads

ANIMATED = ("gif", "webp", "png", "avif")
"""Formats that may hold more than one frame; then the file is a video."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF_BRANDS = (b"avif", b"avis")


def sniff(file: BinaryIO) -> str | None:
    """The format of a picture with one frame, by its first bytes; None for anything else."""
    found = magic(file)
    if found in ANIMATED and is_animated(file, found):
        return None
    return found


def magic(file: BinaryIO) -> str | None:
    """The format of a picture, animated or not, by its first bytes."""
    file.seek(0)
    head = file.read(32)
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(_TIFF):
        return "tiff"
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS:
        return "avif"
    return _weak_magic(head)


def _weak_magic(head: bytes) -> str | None:
    """Two-byte signatures, which need a second look so that a text is no picture."""
    header_bytes = int.from_bytes(head[14:18], "little")
    if head[:2] == b"BM" and header_bytes in (12, 16, 40, 52, 56, 64, 108, 124):
        return "bmp"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n" and head[3:4]:
        return "ppm" if head[3:4].isdigit() or head[3:4] in b"# \t\r\n" else None
    return None


def is_animated(file: BinaryIO, format: str) -> bool:
    """Whether a picture holds more than one frame; damaged ones count as still."""
    try:
        with opened(file, format, Limits()) as im:
            return bool(getattr(im, "is_animated", False))
    except (FileProblem, OSError, SyntaxError, ValueError, EOFError):
        return False


def decode(file: BinaryIO, format: str, limits: Limits) -> ImageMedia:
    """The picture in a file.

    Raises:
        FileProblem: TOO_LARGE for more declared pixels than ``limits.pixels``.
        OSError, SyntaxError, ValueError …: what Pillow raises on damaged files.
    """
    with opened(file, format, limits) as im:
        metadata = picture_metadata(im)
        width, height = im.size
        if format == "jpeg":
            im.draft("RGB", (SIDE_PX, SIDE_PX))
        pixels = np.asarray(ImageOps.exif_transpose(_small(im)))
        if im.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            width, height = height, width
    return ImageMedia(
        modality=Modality.IMAGE,
        format=format,
        segments=regions(),
        metadata={**metadata, "width": str(width), "height": str(height)},
        pixels=pixels,
    )


def regions() -> tuple[Segment, ...]:
    """The GRID × GRID boxes of every picture, row by row."""
    return tuple(
        Segment(
            SegmentKind.REGION,
            row * GRID + column,
            box=(column / GRID, row / GRID, (column + 1) / GRID, (row + 1) / GRID),
        )
        for row in range(GRID)
        for column in range(GRID)
    )


@contextmanager
def opened(file: BinaryIO, format: str, limits: Limits) -> Iterator[Image.Image]:
    """A Pillow image whose declared size has been checked; its pixels are not yet decoded.

    Raises:
        FileProblem: TOO_LARGE.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = limits.pixels
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=[PILLOW_NAME[format]]) as im:
                yield im
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as e:
        raise FileProblem(Code.TOO_LARGE, f"more than {limits.pixels} pixels") from e
    except UnidentifiedImageError as e:
        raise FileProblem(Code.CORRUPT, f"not readable as {format}") from e
    finally:
        Image.MAX_IMAGE_PIXELS = before


def rgb(im: Image.Image) -> Image.Image:
    """Any Pillow mode as RGB: transparency over white, 16 bits and floats to 8."""
    if im.mode in ("I", "F") or im.mode.startswith("I;"):
        return Image.fromarray(_eight_bits(np.asarray(im))).convert("RGB")
    if im.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in im.info:
        over = im.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(white, over).convert("RGB")
    if im.mode == "LAB":
        return _srgb(im)
    return im.convert("RGB")


def _srgb(lab: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(lab, *profiles, outputMode="RGB")
    if converted is None:
        raise FileProblem(Code.CORRUPT, "Lab colours that cannot be converted")
    return converted


def fit(width: int, height: int, side_px: int) -> tuple[int, int]:
    """The size of a picture scaled down to a longer side of at most ``side_px``, never up.

    >>> fit(1000, 10, 100), fit(30, 40, 100)
    ((100, 1), (30, 40))
    """
    scale = min(1.0, side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _small(im: Image.Image) -> Image.Image:
    size = fit(*im.size, SIDE_PX)
    exif = im.getexif()
    small = rgb(im)
    if size != small.size:
        small = small.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    small.info.pop("exif", None)
    small.getexif()[0x0112] = exif.get(0x0112, 1)
    return small


def _eight_bits(x: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> UInt8:
    """16-bit greys by their upper byte; wider ones and floats stretched over their own range."""
    values = np.nan_to_num(x.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if x.dtype.kind in "iu" and low >= 0 and high <= 0xFFFF:
        return (values / 257).astype(np.uint8)
    return ((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)


def warm() -> None:
    """Load the plug-ins and decode one picture, so that a child needs no import."""
    Image.preinit()
    rgb(Image.new("LAB", (8, 8)))
    for format in ("png", "jpeg"):
        made = io.BytesIO()
        Image.new("RGB", (8, 8)).save(made, PILLOW_NAME[format])
        decode(made, format, Limits())
