"""What plots show, in their own coordinates: the templates draw it as SVG without any style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quintet.evaluate.retrieval import Table
from quintet.types import Modality

WIDTH = 600
ROW = 44


@dataclass(frozen=True)
class Row:
    """One query medium: x of random order, of the model before and of the model now."""

    modality: Modality
    y: int
    random: float
    now: float
    before: float | None
    value: float
    value_before: float | None


def to_all(now: Table, before: Table | None) -> list[Row]:
    """X→All of each medium, 0..1 over WIDTH."""
    media = [m for m in Modality if m in now.to_all]
    return [
        Row(
            modality=m,
            y=ROW * n + ROW // 2,
            random=_x(now.random[m]),
            now=_x(now.to_all[m]),
            before=_x(before.to_all[m]) if before and m in before.to_all else None,
            value=now.to_all[m],
            value_before=before.to_all.get(m) if before else None,
        )
        for n, m in enumerate(media)
    ]


def curve(values: Sequence[float], width: int = 600, height: int = 160) -> str:
    """An SVG path through values, the largest at the top.

    >>> curve([2.0, 1.0], 10, 10)
    'M0.0 0.0L10.0 10.0'
    """
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    points = [f"{n * step:.1f} {height * (high - v) / span:.1f}" for n, v in enumerate(values)]
    return "M" + "L".join(points)


def _x(value: float) -> float:
    return round(WIDTH * min(max(value, 0.0), 1.0), 1)
