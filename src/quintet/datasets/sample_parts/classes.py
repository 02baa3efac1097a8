"""The classes of the demonstration sample, and the random numbers of one item."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from quintet.errors import UnknownName
from quintet.types import Modality

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SampleClass:
    """One thing that has a look, a motion, a description, a sound and a shape.

    Attributes:
        name: English name, also the folder.
        name_zh: Chinese name.
        hues: likely main colours of the thing, degrees on the colour wheel.
        scenes: where it is mostly seen: names of ``scenes.SCENES``.
    """

    name: str
    name_zh: str
    hues: tuple[float, ...]
    scenes: tuple[str, ...]


CLASSES: tuple[SampleClass, ...] = (
    SampleClass("ball", "皮球", (0, 30, 140, 210, 320), ("meadow", "room", "water")),
    SampleClass("bell", "铃铛", (35, 45, 50, 210), ("dusk", "room", "wall")),
    SampleClass("bird", "小鸟", (0, 30, 195, 215, 300), ("meadow", "dusk", "water")),
    SampleClass("campfire", "篝火", (15, 25, 40), ("night", "dusk")),
    SampleClass("car", "汽车", (0, 45, 120, 205, 280), ("meadow", "night", "wall")),
    SampleClass("clock", "时钟", (10, 35, 180, 230, 340), ("room", "wall")),
    SampleClass("drum", "鼓", (0, 20, 190, 225, 330), ("room", "glow", "wall")),
    SampleClass("firework", "烟花", (0, 45, 130, 200, 300), ("night",)),
    SampleClass("siren", "警报器", (0, 5, 25, 215), ("night", "wall", "glow")),
    SampleClass("train", "火车", (0, 110, 150, 215, 260), ("meadow", "dusk")),
    SampleClass("wave", "海浪", (185, 200, 215, 170), ("water", "dusk")),
    SampleClass("windmill", "风车", (0, 30, 100, 200, 45), ("meadow", "dusk")),
)

_BY_NAME = {c.name: c for c in CLASSES}
_ORDER = {m: no for no, m in enumerate(Modality)}


def class_named(name: str) -> SampleClass:
    """The class with this English name.

    Raises:
        UnknownName: there is none; the message gives the nearest.
    """
    if name not in _BY_NAME:
        raise UnknownName("sample class", name, _BY_NAME)
    return _BY_NAME[name]


def rng_of(modality: Modality, name: str, no: int, seed: int) -> np.random.Generator:
    """The random numbers of one item: the same whatever else is made, in whatever order."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), _ORDER[modality], no])
