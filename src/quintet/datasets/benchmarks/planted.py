"""planted: made-up features of five media with a known common structure; needs no data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split
from quintet.types import Float32, Modality

__all__ = ["planted"]

CLASSES = ("amber", "birch", "coral", "delta", "ember", "flint", "grove", "haze")
SIZES = {
    Modality.IMAGE: (400, 200, 12, 40),
    Modality.VIDEO: (80, 40, 8, 64),
    Modality.TEXT: (320, 160, 10, 30),
    Modality.AUDIO: (160, 80, 6, 24),
    Modality.MESH: (80, 40, 10, 20),
}
"""Modality to training rows, test rows, most steps of a row, width of a step."""

COMMON = 6
"""Dimensions of the hidden vector that a class draws its items from."""

NOISE = 1.4
"""Spread of a step around its place, where places of neighbouring classes are about 2 apart."""

TELLING = 0.4
"""Share of the steps that show the class; the others show nothing but their medium."""

ORIGIN = Origin(source="made up here, from fixed seeds", licence="that of Quintet")

ABOUT = (
    "Made up here. Each of 8 classes has a place in a hidden space of 6 dimensions, each item "
    "one around it; every medium shows it through a random mixing and tanh of its own, in two "
    "fifths of the steps of a row, among noise and steps that show another thing. Nothing is "
    "aligned. MAP over all results."
)


def planted(data: Path) -> Benchmark:  # noqa: ARG001 - loaders share one signature
    """The rows; the same every time. ``data`` is not read."""
    hidden = 2 * np.random.default_rng(7).standard_normal((len(CLASSES), COMMON))
    entries = [
        Entry(m, x, c, -1, f"{m}-{split}-{i}", split)
        for number, m in enumerate(SIZES)
        for split, count in _splits(m).items()
        for i, (x, c) in enumerate(_rows(m, number, split, count, hidden))
    ]
    return Benchmark("planted", "classes", entries, ABOUT, CLASSES)


def _splits(modality: Modality) -> Mapping[Split, int]:
    return {"train": SIZES[modality][0], "test": SIZES[modality][1]}


def _rows(
    modality: Modality, number: int, split: Split, count: int, hidden: np.ndarray
) -> list[tuple[Float32, int]]:
    steps, d = SIZES[modality][2:]
    mixing = np.random.default_rng([1, number]).standard_normal((2, COMMON, d)) / np.sqrt(COMMON)
    chance = np.random.default_rng([2, number, split == "test"])
    rows = []
    for i in range(count):
        c = i % len(CLASSES)
        place = hidden[c] + 0.7 * chance.standard_normal(COMMON)
        t = int(chance.integers(max(2, steps // 2), steps + 1))
        tells = chance.random(t) < TELLING
        tells[int(chance.integers(t))] = True
        shown = np.where(tells[:, None], place, 2 * chance.standard_normal((t, COMMON)))
        which = np.where(tells[:, None], shown @ mixing[0], shown @ mixing[1])
        x = 2 * np.tanh(which) + NOISE * chance.standard_normal((t, d))
        rows.append((x.astype(np.float32), c))
    return rows
