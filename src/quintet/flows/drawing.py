"""Decoded media as small pictures: frames of shots, wave forms, shaded views, sprites."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from quintet.types import Float32, Int16, UInt8, VideoMedia

INK = (116, 143, 180, 255)
"""Of a wave form: seen on light and on dark ground."""

LIGHT = np.array([-0.45, -0.55, 0.7], dtype=np.float32)
"""From the left, from above, towards the viewer; rows of a picture grow downwards."""

DEPTH_PX = 0.35
"""How deep one step of a depth picture is, in pixels of a view of 256."""

SMOOTH_PX = 1.2
"""Depth has 255 steps; without smoothing each of them is an edge."""

QUALITY = 78


def shot_frames(media: VideoMedia) -> dict[int, UInt8]:
    """The middle frame of each shot."""
    middle = {}
    for no in np.unique(media.shot_of_frame).tolist():
        own = np.flatnonzero(media.shot_of_frame == no)
        middle[int(no)] = media.frames[own[len(own) // 2]]
    return middle


def peaks(samples: Int16, count: int) -> Float32:
    """(count,) largest amplitude in each of so many equal parts of a sound, the loudest 1."""
    if not len(samples):
        return np.zeros(count, dtype=np.float32)
    edges = np.linspace(0, len(samples), count + 1).astype(np.int64)[:-1]
    loud = np.maximum.reduceat(
        np.abs(samples.astype(np.float32)), np.minimum(edges, len(samples) - 1)
    )
    return np.asarray(loud / max(float(loud.max()), 1.0), dtype=np.float32)


def wave(heights: Float32, height: int) -> Image.Image:
    """A wave form on transparent ground, one column a peak."""
    made = Image.new("RGBA", (len(heights), height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(made)
    middle = height / 2
    for x, peak in enumerate(heights.tolist()):
        reach = max(0.5, peak * (middle - 1))
        draw.line((x, middle - reach, x, middle + reach), fill=INK)
    return made


def shaded(depth: UInt8, side: int) -> Image.Image:
    """A depth picture (0 nothing, 255 nearest) as a body in the light, on transparent ground."""
    from scipy.ndimage import gaussian_filter  # takes half a second, and only a body needs it

    there = (depth > 0).astype(np.float32)
    near = gaussian_filter(depth.astype(np.float32), SMOOTH_PX)
    near = np.where(there > 0, near / np.maximum(gaussian_filter(there, SMOOTH_PX), 1e-3), 0)
    mask = _scaled(there, side)
    smooth = _scaled(near, side) / np.maximum(mask, 0.25)
    down, right = np.gradient(smooth * (DEPTH_PX * side / 256))
    normals = np.stack([-right, -down, np.ones_like(right)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    lit = np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    tone = (0.30 + 0.55 * lit + 0.15 * smooth / 255)[..., None]
    colour = np.clip(tone * np.array([188, 205, 232], dtype=np.float32), 0, 255)
    made = Image.fromarray(colour.astype(np.uint8), "RGB").convert("RGBA")
    made.putalpha(Image.fromarray((mask * 255).astype(np.uint8)))
    return made


def _scaled(values: Float32, side: int) -> Float32:
    made = Image.fromarray(values).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(made, dtype=np.float32)


def sprite(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size side by side, row by row."""
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    made = Image.new(tiles[0].mode, (width * min(columns, len(tiles)), height * rows))
    for n, tile in enumerate(tiles):
        made.paste(tile, (n % columns * width, n // columns * height))
    return made


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """A picture scaled down so that its longer side is at most ``side``."""
    made = picture.copy()
    made.thumbnail((side, side), Image.Resampling.LANCZOS)
    return made


def webp(picture: Image.Image) -> bytes:
    """A picture as the bytes of a WebP file."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
