"""A pen on a transparent square, in coordinates from -1 to 1 (x right, y down)."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw

from quintet.datasets.sample_parts.classes import Rgb

Point = tuple[float, float]
LINE = 0.03
"""Width of outlines, as a fraction of half the square."""


def hsv(hue_deg: float, saturation: float, value: float) -> Rgb:
    """A colour from hue in degrees, saturation and value in 0..1."""
    r, g, b = colorsys.hsv_to_rgb(hue_deg % 360 / 360, saturation, value)
    return round(r * 255), round(g * 255), round(b * 255)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """``share`` of b in a, 0..1.

    >>> mix((0, 0, 0), (100, 200, 50), 0.5)
    (50, 100, 25)
    """
    r, g, b_ = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return r, g, b_


def dark(colour: Rgb, share: float = 0.45) -> Rgb:
    """The same colour in shade."""
    return mix(colour, (20, 16, 36), share)


def light(colour: Rgb, share: float = 0.45) -> Rgb:
    """The same colour in the sun."""
    return mix(colour, (255, 252, 240), share)


class Pen:
    """Draws filled shapes with a darker outline.

    Args:
        side_px: side of the square in pixels.
    """

    def __init__(self, side_px: int) -> None:
        self.image = Image.new("RGBA", (side_px, side_px))
        self._draw = ImageDraw.Draw(self.image)
        self._half = side_px / 2

    def disc(self, at: Point, radius: float, fill: Rgb, *, edge: bool = True) -> None:
        """A circle."""
        self.oval(at, (radius, radius), fill, edge=edge)

    def oval(self, at: Point, radii: Point, fill: Rgb, *, edge: bool = True) -> None:
        """An upright ellipse."""
        (x, y), (rx, ry) = at, radii
        corners = self._px([(x - rx, y - ry), (x + rx, y + ry)])
        self._draw.ellipse(corners, fill, dark(fill) if edge else None, self._width(LINE))

    def box(
        self, low: Point, high: Point, fill: Rgb, *, round_by: float = 0.0, edge: bool = True
    ) -> None:
        """A rectangle between two corners, with rounded corners."""
        (x0, y0), (x1, y1) = low, high
        corners = self._px([(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))])
        outline = dark(fill) if edge else None
        self._draw.rounded_rectangle(
            corners, round_by * self._half, fill, outline, self._width(LINE)
        )

    def shape(self, points: Sequence[Point], fill: Rgb, *, edge: bool = True) -> None:
        """A closed polygon."""
        self._draw.polygon(self._px(points), fill)
        if edge:
            self.line([*points, points[0]], dark(fill), LINE)

    def line(self, points: Sequence[Point], colour: Rgb, width: float = LINE) -> None:
        """A line through points, with round joints."""
        self._draw.line(self._px(points), colour, self._width(width), "curve")

    def arc(self, at: Point, radius: float, span_deg: Point, colour: Rgb, width: float) -> None:
        """A part of a circle, degrees clockwise from three o'clock."""
        (x, y), r = at, radius
        corners = self._px([(x - r, y - r), (x + r, y + r)])
        self._draw.arc(corners, *span_deg, colour, self._width(width))

    def _px(self, points: Iterable[Point]) -> list[Point]:
        h = self._half
        return [(h + x * h, h + y * h) for x, y in points]

    def _width(self, width: float) -> int:
        return max(1, round(width * self._half))
