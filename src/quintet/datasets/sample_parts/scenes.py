"""Where things are seen: meadows, dusk, night, rooms, water and plain walls, with clutter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from quintet.datasets.sample_parts.classes import Rgb, SampleClass
from quintet.datasets.sample_parts.pen import dark, hsv, light, mix
from quintet.types import UInt8

USUAL = 0.65
"""Share of pictures in a scene that is usual for the class."""


def random_scene(
    cls: SampleClass, width: int, height: int, rng: np.random.Generator
) -> Image.Image:
    """A background of the given size in pixels, RGB: usual for the class, or any."""
    usual = rng.random() < USUAL
    scene = SCENES[rng.choice(cls.scenes if usual else tuple(SCENES))](width, height, rng)
    if rng.random() < 0.35:
        _clutter(scene, rng)
    return scene.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.6) * height / 240))


def gradient(width: int, height: int, top: Rgb, bottom: Rgb) -> Image.Image:
    """A vertical run from one colour to another."""
    share = np.linspace(0, 1, height)[:, None, None]
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    pixels: UInt8 = np.ascontiguousarray(np.broadcast_to(rows, (height, width, 3)), dtype=np.uint8)
    return Image.fromarray(pixels)


def _meadow(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    sky = hsv(rng.uniform(190, 215), rng.uniform(0.25, 0.5), rng.uniform(0.88, 1))
    scene = gradient(width, height, sky, light(sky, 0.8))
    draw = ImageDraw.Draw(scene)
    for _ in range(rng.integers(1, 4)):
        _cloud(draw, width, height, rng)
    green = hsv(rng.uniform(75, 130), rng.uniform(0.35, 0.6), rng.uniform(0.5, 0.8))
    _hills(draw, width, height, green, rng)
    return scene


def _dusk(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(-25, 35)
    scene = gradient(width, height, hsv(hue + 230, 0.45, 0.55), hsv(hue, 0.45, 1.0))
    draw = ImageDraw.Draw(scene)
    x, y, r = rng.uniform(0.15, 0.85) * width, rng.uniform(0.45, 0.65) * height, 0.09 * height
    draw.ellipse((x - r, y - r, x + r, y + r), light(hsv(hue + 20, 0.5, 1), 0.5))
    _hills(draw, width, height, hsv(hue + 260, 0.35, 0.42), rng)
    return scene


def _night(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(215, 265)
    scene = gradient(width, height, hsv(hue, 0.7, 0.16), hsv(hue - 15, 0.55, 0.42))
    draw = ImageDraw.Draw(scene)
    for _ in range(40):
        x, y, r = rng.uniform(0, width), rng.uniform(0, 0.8 * height), rng.uniform(0.3, 1.2)
        draw.ellipse((x - r, y - r, x + r, y + r), (236, 236, 214))
    if rng.random() < 0.6:
        _town(draw, width, height, hsv(hue, 0.5, 0.14), rng)
    else:
        _hills(draw, width, height, hsv(hue - 40, 0.4, 0.25), rng)
    return scene


def _room(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(0, 360)
    wall = hsv(hue, rng.uniform(0.1, 0.35), rng.uniform(0.75, 0.95))
    scene = gradient(width, height, light(wall, 0.2), wall)
    draw = ImageDraw.Draw(scene)
    if rng.random() < 0.6:
        for x in np.arange(0, width, rng.uniform(0.06, 0.14) * width):
            draw.line((x, 0, x, height), dark(wall, 0.08), max(1, height // 60))
    floor = round(height * rng.uniform(0.68, 0.85))
    draw.rectangle((0, floor, width, height), hsv(rng.uniform(15, 40), 0.4, rng.uniform(0.45, 0.7)))
    draw.line((0, floor, width, floor), light(wall, 0.7), max(1, height // 40))
    return scene


def _water(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(170, 220)
    scene = gradient(width, height, hsv(hue, 0.25, 0.97), hsv(hue, 0.1, 1))
    draw = ImageDraw.Draw(scene)
    level = round(height * rng.uniform(0.5, 0.75))
    sea = hsv(hue, rng.uniform(0.4, 0.65), rng.uniform(0.55, 0.8))
    draw.rectangle((0, level, width, height), sea)
    for _ in range(24):
        x, y = rng.uniform(-0.1, 1) * width, rng.uniform(level + 3, height)
        draw.line(
            (x, y, x + rng.uniform(0.04, 0.2) * width, y), light(sea, 0.35), max(1, height // 90)
        )
    return scene


def _wall(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue, value = rng.uniform(0, 360), rng.uniform(0.4, 0.95)
    colour = hsv(hue, rng.uniform(0.1, 0.5), value)
    scene = gradient(width, height, colour, mix(colour, hsv(hue + 40, 0.4, value), 0.6))
    draw = ImageDraw.Draw(scene)
    size = rng.uniform(0.08, 0.2) * height
    dots = rng.random() < 0.5
    for row, y in enumerate(np.arange(0, height + size, size)):
        for x in np.arange(-(row % 2) * size, width + size, 2 * size):
            spot = (x, y, x + size * 0.5, y + size * 0.5)
            (draw.ellipse if dots else draw.rectangle)(spot, light(colour, 0.16))
    return scene


def _glow(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    hue = rng.uniform(0, 360)
    scene = gradient(width, height, hsv(hue, 0.5, 0.35), hsv(hue + 50, 0.5, 0.6))
    layer = Image.new("RGB", scene.size)
    draw = ImageDraw.Draw(layer)
    for _ in range(14):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.12) * height
        draw.ellipse((x - r, y - r, x + r, y + r), hsv(hue + rng.uniform(-40, 80), 0.5, 0.9))
    return Image.blend(scene, layer.filter(ImageFilter.GaussianBlur(height / 60)), 0.3)


SCENES: Mapping[str, Callable[[int, int, np.random.Generator], Image.Image]] = {
    "meadow": _meadow,
    "dusk": _dusk,
    "night": _night,
    "room": _room,
    "water": _water,
    "wall": _wall,
    "glow": _glow,
}


def _hills(
    draw: ImageDraw.ImageDraw, width: int, height: int, colour: Rgb, rng: np.random.Generator
) -> None:
    for layer in range(3):
        base, swing = height * (0.62 + 0.12 * layer), height * rng.uniform(0.02, 0.08)
        turn, waves = rng.uniform(0, 6), rng.uniform(1, 3)
        xs = np.linspace(0, width, 24)
        line = [(x, base + swing * math.sin(turn + waves * 6 * x / width)) for x in xs]
        draw.polygon([(0, height), *line, (width, height)], dark(colour, 0.12 * layer))


def _cloud(draw: ImageDraw.ImageDraw, width: int, height: int, rng: np.random.Generator) -> None:
    x, y = rng.uniform(0, width), rng.uniform(0.05, 0.35) * height
    for step in range(4):
        r = height * rng.uniform(0.04, 0.08)
        cx = x + step * height * 0.06
        draw.ellipse((cx - r, y - r, cx + r, y + r * 0.7), (252, 252, 255))


def _town(
    draw: ImageDraw.ImageDraw, width: int, height: int, colour: Rgb, rng: np.random.Generator
) -> None:
    x = 0.0
    while x < width:
        wide, high = rng.uniform(0.06, 0.14) * width, rng.uniform(0.1, 0.35) * height
        draw.rectangle((x, height - high, x + wide, height), colour)
        for wy in np.arange(height - high + 4, height - 4, max(6, height / 26)):
            if rng.random() < 0.55:
                wx = x + rng.uniform(0.15, 0.7) * wide
                draw.rectangle((wx, wy, wx + height / 70, wy + height / 50), (250, 214, 130))
        x += wide


def _clutter(scene: Image.Image, rng: np.random.Generator) -> None:
    draw, (width, height) = ImageDraw.Draw(scene), scene.size
    for _ in range(rng.integers(1, 4)):
        x, y = rng.uniform(0, width), rng.uniform(0.3, 1) * height
        r = rng.uniform(0.03, 0.12) * height
        colour = hsv(rng.uniform(0, 360), rng.uniform(0.2, 0.6), rng.uniform(0.4, 0.95))
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse((x - r, y - r, x + r, y + r), colour)
        elif kind == 1:
            draw.rectangle((x - r, y - r, x + r * 1.4, y + r), colour)
        else:
            draw.polygon([(x - r, y + r), (x, y - r), (x + r, y + r)], colour)
