"""A picture of a class: the thing, shaded and shadowed, in a random scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from quintet.datasets.sample_parts.classes import CLASSES, SampleClass
from quintet.datasets.sample_parts.objects import PAINTERS, Style, random_style
from quintet.datasets.sample_parts.pen import Pen
from quintet.datasets.sample_parts.scenes import random_scene
from quintet.types import UInt8

SIZES_PX = ((320, 240), (360, 240), (256, 256), (240, 320), (384, 256), (300, 225))
OVERSAMPLE = 2
LYING = {"wave": 1.35, "train": 1.15, "car": 1.05}
"""Things that are drawn larger, because they fill only a band of their square."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a thing is in a frame.

    Attributes:
        x, y: centre, fractions of the frame.
        size: side of its square as a fraction of the frame's shorter side.
        angle_deg: turned counter-clockwise.
        mirrored: looks to the left.
    """

    x: float
    y: float
    size: float
    angle_deg: float = 0.0
    mirrored: bool = False


def picture(cls: SampleClass, rng: np.random.Generator) -> UInt8:
    """A random picture of a class, (h, w, 3) uint8, 240 to 384 pixels a side."""
    width, height = SIZES_PX[rng.integers(len(SIZES_PX))]
    frame = random_scene(cls, width, height, rng)
    if rng.random() < 0.2:
        _stray(frame, cls, rng)
    size = rng.uniform(0.68, 0.98) * LYING.get(cls.name, 1.0)
    pose = Pose(
        rng.uniform(0.42, 0.58),
        rng.uniform(0.46, 0.56),
        size,
        float(np.clip(rng.normal(0, 6), -20, 20)),
        bool(rng.random() < 0.5),
    )
    place(frame, cls.name, random_style(cls, rng), float(rng.random()), pose)
    return develop(frame, rng)


def place(frame: Image.Image, name: str, style: Style, phase: float, pose: Pose) -> None:
    """Paint a thing with shading and a soft shadow into an RGB frame."""
    side = max(8, round(min(frame.size) * pose.size))
    pen = Pen(side * OVERSAMPLE)
    PAINTERS[name](pen, style, phase)
    thing = pen.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if pose.mirrored else pen.image
    if abs(pose.angle_deg) > 0.5:
        thing = thing.rotate(pose.angle_deg, Image.Resampling.BILINEAR, expand=True)
    small = (thing.width // OVERSAMPLE, thing.height // OVERSAMPLE)
    thing = thing.resize(small, Image.Resampling.BOX)
    x = round(frame.width * pose.x - thing.width / 2)
    y = round(frame.height * pose.y - thing.height / 2)
    alpha = thing.getchannel("A")
    shadow = alpha.filter(ImageFilter.BoxBlur(side / 40)).point([v * 2 // 5 for v in range(256)])
    frame.paste((16, 14, 32), (x + side // 40, y + side // 28), shadow)
    frame.paste(_shade(thing), (x, y), alpha)


def _shade(thing: Image.Image) -> Image.Image:
    """Light from the upper left."""
    tone = _ramp().resize(thing.size)
    return ImageChops.multiply(thing.convert("RGB"), Image.merge("RGB", (tone, tone, tone)))


@cache
def _ramp() -> Image.Image:
    """Brightness that falls from the upper left to the lower right."""
    slope = Image.linear_gradient("L").rotate(-30)
    return slope.point([255 - v * 7 // 20 for v in range(256)])


def _stray(frame: Image.Image, cls: SampleClass, rng: np.random.Generator) -> None:
    """Something of another class, small and far away."""
    other = CLASSES[rng.integers(len(CLASSES))]
    if other is cls:
        return
    pose = Pose(rng.choice([0.13, 0.87]), rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.32))
    place(frame, other.name, random_style(other, rng), float(rng.random()), pose)


def develop(frame: Image.Image, rng: np.random.Generator) -> UInt8:
    """Blur, light, tint and grain of a camera."""
    if rng.random() < 0.3:
        frame = frame.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.4)))
    pixels = np.asarray(frame, dtype=np.float32)
    pixels = pixels * rng.uniform(0.8, 1.12) * rng.normal(1, 0.03, 3).astype(np.float32)
    grain = rng.standard_normal(pixels.shape[:2], dtype=np.float32)[:, :, None]
    return np.clip(pixels + grain * rng.uniform(0, 9), 0, 255).astype(np.uint8)
