"""How each class looks: one painter per class, with a random style and a phase of its motion."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from quintet.datasets.sample_parts.classes import Rgb, SampleClass
from quintet.datasets.sample_parts.pen import Pen, Point, dark, hsv, light, mix

TAU = 2 * math.pi
STEEL: Rgb = (92, 96, 112)
BRASS: Rgb = (214, 168, 74)
WOOD: Rgb = (134, 88, 52)
CREAM: Rgb = (250, 243, 224)
SKIN: Rgb = (240, 222, 184)
TYRE: Rgb = (48, 46, 58)
GLASS: Rgb = (176, 218, 236)


@dataclass(frozen=True, slots=True)
class Style:
    """What stays the same through a clip.

    Attributes:
        main, second: the colours of the thing.
        u: 8 numbers in 0..1 for proportions and details.
    """

    main: Rgb
    second: Rgb
    u: tuple[float, ...]

    def between(self, no: int, low: float, high: float) -> float:
        """Number ``no`` of the style, scaled into a range."""
        return low + (high - low) * self.u[no]


def random_style(cls: SampleClass, rng: np.random.Generator) -> Style:
    """A style with a colour that is usual for the class, and sometimes any."""
    usual = rng.random() < 0.85
    hue = float(rng.choice(cls.hues)) + rng.normal(0, 8) if usual else rng.uniform(0, 360)
    main = hsv(hue, rng.uniform(0.45, 0.9), rng.uniform(0.6, 0.95))
    second = hsv(hue + rng.choice([30, 150, 180, 210]), rng.uniform(0.2, 0.7), rng.uniform(0.7, 1))
    return Style(main, second, tuple(float(v) for v in rng.random(8)))


def around(at: Point, radius: float, turn: float) -> Point:
    """The point at ``turn`` (0..1, clockwise from the top) of a circle."""
    return at[0] + radius * math.sin(TAU * turn), at[1] - radius * math.cos(TAU * turn)


def star(at: Point, radii: Point, points: int, turn: float = 0.0) -> list[Point]:
    """The corners of a star."""
    return [around(at, radii[i % 2], turn + i / (2 * points)) for i in range(2 * points)]


def ball(pen: Pen, style: Style, phase: float) -> None:
    """A striped, starred or plain ball that turns."""
    pen.disc((0, 0), 0.8, style.main)
    if style.u[0] < 0.4:
        for i in range(0, 6, 2):
            start, end = phase + i / 6, phase + (i + 1) / 6
            arc = [around((0, 0), 0.78, start + (end - start) * k / 6) for k in range(7)]
            pen.shape([(0.1, -0.1), *arc], style.second)
        pen.disc((0.1, -0.1), 0.12, CREAM)
    elif style.u[0] < 0.7:
        pen.shape(star((0, 0), (0.5, 0.22), 5, phase), style.second)
    else:
        for k in (-0.5, 0.0, 0.5):
            a = around((0, 0), 0.77, phase + 0.25 - k * 0.3)
            b = around((0, 0), 0.77, phase + 0.75 + k * 0.3)
            pen.line([a, b], style.second, 0.1)
    pen.oval((-0.3, -0.42), (0.16, 0.1), light(style.main, 0.7), edge=False)


def bell(pen: Pen, style: Style, phase: float) -> None:
    """A bell with a clapper; ``phase`` swings the clapper."""
    width, flare = style.between(0, 0.36, 0.52), style.between(1, 0.62, 0.85)
    swing = 0.18 * math.sin(TAU * phase)
    pen.disc((0, -0.78), 0.13, style.second)
    pen.disc((swing, 0.66), 0.15, dark(style.main, 0.3))
    curve = [(0.12, -0.7), (width * 0.8, -0.6), (width, -0.3), (width * 1.1, 0.15)]
    curve += [(flare * 0.9, 0.45), (flare, 0.58)]
    pen.shape([*[(-x, y) for x, y in curve], *reversed(curve)], style.main)
    pen.box((-flare - 0.04, 0.5), (flare + 0.04, 0.64), light(style.main, 0.2), round_by=0.06)
    pen.line([(-width * 1.02, 0.08), (width * 1.02, 0.08)], style.second, 0.07)
    pen.line([(-width * 0.6, -0.4), (-width * 0.75, 0.0)], light(style.main, 0.7), 0.07)


def bird(pen: Pen, style: Style, phase: float) -> None:
    """A bird in flight; ``phase`` flaps the wing."""
    flap = math.sin(TAU * phase)
    plump = style.between(0, 0.26, 0.38)
    beak = mix(BRASS, (240, 120, 40), style.u[1])
    pen.shape([(-0.5, 0.05), (-0.95, -0.12), (-0.9, 0.12), (-0.98, 0.28), (-0.45, 0.2)], style.main)
    pen.shape([(0.62, -0.22), (0.92, -0.12), (0.62, -0.04)], beak)
    pen.oval((-0.05, 0.1), (0.58, plump), style.main)
    pen.oval((0.0, 0.24), (0.4, plump * 0.5), light(style.main, 0.6), edge=False)
    pen.disc((0.48, -0.14), 0.25, style.main)
    pen.disc((0.55, -0.19), 0.07, CREAM, edge=False)
    pen.disc((0.57, -0.19), 0.04, (24, 22, 34), edge=False)
    tip = (-0.35, 0.05 - 0.75 * flap)
    pen.shape([(0.2, 0.02), tip, (-0.5, 0.1 - 0.45 * flap), (-0.35, 0.15)], style.second)


def campfire(pen: Pen, style: Style, phase: float) -> None:
    """Flames on crossed logs; ``phase`` makes them flicker."""
    for i in range(int(style.between(0, 4, 8))):
        x = -0.75 + 1.5 * i / 6
        pen.oval((x, 0.78 + 0.05 * (i % 2)), (0.16, 0.11), STEEL)
    flames = ((0.62, mix(style.main, (236, 84, 36), 0.6)), (0.45, (250, 158, 48)))
    for reach, colour in (*flames, (0.26, (255, 226, 120))):
        pen.shape(_flame(reach, phase + reach, style), colour, edge=False)
    for sign in (-1, 1):
        pen.line([(-0.7 * sign, 0.78), (0.62 * sign, 0.52)], dark(WOOD, 0.5), 0.2)
        pen.line([(-0.7 * sign, 0.78), (0.62 * sign, 0.52)], WOOD, 0.15)
    for i in range(5):
        rise = (phase + style.u[i]) % 1
        at = (math.sin(9 * style.u[i] + 4 * rise) * 0.5, 0.2 - 1.1 * rise)
        pen.disc(at, 0.035 * (1.2 - rise), (255, 190, 90), edge=False)


def _flame(reach: float, phase: float, style: Style) -> list[Point]:
    tongues = 3 + int(style.u[6] * 3)
    points = [(-reach, 0.6)]
    for i in range(tongues):
        x = reach * (-0.75 + 1.5 * i / (tongues - 1))
        lick = 0.14 * math.sin(TAU * (phase * (1 + i % 2) + i * 0.37))
        height = 1.5 * reach * (1.05 - (x / reach) ** 2 * 0.6) + lick
        points += [(x + 0.5 * lick, 0.55 - height)]
        points += [(x + reach * 0.3, 0.6 - height * 0.5)] if i < tongues - 1 else []
    return [*points, (reach, 0.6), (0, 0.8)]


def wheel(pen: Pen, at: Point, radius: float, phase: float, hub: Rgb) -> None:
    """A wheel with spokes."""
    pen.disc(at, radius, TYRE)
    pen.disc(at, radius * 0.62, light(STEEL, 0.5), edge=False)
    for i in range(3):
        a, b = (around(at, radius * 0.55, phase + i / 6 + k) for k in (0, 0.5))
        pen.line([a, b], STEEL, radius * 0.16)
    pen.disc(at, radius * 0.22, hub, edge=False)


def car(pen: Pen, style: Style, phase: float) -> None:
    """A car from the side; ``phase`` turns its wheels."""
    roof = style.between(0, -0.55, -0.32)
    front, back = style.between(1, 0.25, 0.5), style.between(2, -0.75, -0.4)
    cabin = [(back - 0.15, 0.0), (back, roof), (front - 0.15, roof), (front + 0.15, 0.0)]
    pen.shape(cabin, style.main)
    pen.shape(
        [(back - 0.03, -0.02), (back + 0.06, roof + 0.08), (-0.16, roof + 0.08), (-0.16, -0.02)],
        GLASS,
    )
    pen.shape(
        [(-0.04, -0.02), (-0.04, roof + 0.08), (front - 0.2, roof + 0.08), (front + 0.03, -0.02)],
        GLASS,
    )
    pen.box((-0.92, -0.02), (0.92, 0.38), style.main, round_by=style.between(3, 0.05, 0.18))
    pen.line([(-0.85, 0.2), (0.85, 0.2)], style.second, 0.06)
    pen.disc((0.84, 0.1), 0.07, (255, 240, 170))
    pen.box((-0.93, 0.06), (-0.84, 0.18), (210, 50, 50))
    for x in (-0.52, 0.52):
        wheel(pen, (x, 0.4), style.between(4, 0.19, 0.26), phase, style.second)


def clock(pen: Pen, style: Style, phase: float) -> None:
    """A clock face; ``phase`` turns the hands."""
    square = style.u[0] < 0.3
    if style.u[1] > 0.55:
        for x in (-0.45, 0.45):
            pen.disc((x, -0.72), 0.22, style.second)
            pen.line([(x, 0.6), (x * 1.4, 0.95)], dark(style.main), 0.12)
    if square:
        pen.box((-0.78, -0.78), (0.78, 0.78), style.main, round_by=0.2)
    else:
        pen.disc((0, 0), 0.82, style.main)
    pen.disc((0, 0), 0.64, mix(CREAM, style.second, 0.15))
    for i in range(12):
        inner = 0.46 if i % 3 == 0 else 0.53
        pen.line([around((0, 0), inner, i / 12), around((0, 0), 0.58, i / 12)], TYRE, 0.04)
    hour = style.u[2] + phase / 12
    pen.line([(0, 0), around((0, 0), 0.3, hour)], TYRE, 0.09)
    pen.line([(0, 0), around((0, 0), 0.48, style.u[3] + phase)], TYRE, 0.06)
    pen.line([(0, 0), around((0, 0), 0.52, style.u[4] + phase * 3)], (200, 60, 60), 0.025)
    pen.disc((0, 0), 0.06, style.main, edge=False)


def drum(pen: Pen, style: Style, phase: float) -> None:
    """A drum with two sticks that strike in turn."""
    wide, low = style.between(0, 0.6, 0.8), style.between(1, 0.35, 0.7)
    top, tilt = -0.2, 0.22
    pen.oval((0, low), (wide, tilt), style.main)
    pen.box((-wide, top), (wide, low), style.main, edge=False)
    count = 5 + int(style.u[2] * 4)
    for i in range(count):
        x0, x1 = (wide * (-1 + 2 * (i + k) / count) for k in (0, 0.5))
        pen.line([(x0, top), (x1, low + 0.12), (2 * x1 - x0, top)], style.second, 0.04)
    pen.oval((0, low), (wide, tilt), style.main, edge=False) if style.u[3] < 0.2 else None
    pen.oval((0, top), (wide + 0.03, tilt), light(style.second, 0.3))
    pen.oval((0, top - 0.02), (wide * 0.9, tilt * 0.8), SKIN)
    for sign in (-1, 1):
        lift = 0.25 * max(0.0, math.sin(TAU * phase + (0 if sign > 0 else math.pi)))
        tip = (0.18 * sign, top - 0.03 - lift)
        pen.line([(0.75 * sign, top - 0.62 - 0.5 * lift), tip], WOOD, 0.06)
        pen.disc(tip, 0.07, CREAM)


def firework(pen: Pen, style: Style, phase: float) -> None:
    """A burst of sparks; ``phase`` opens and fades it."""
    grow = 0.25 + 0.75 * math.sqrt(phase % 1)
    arms = 9 + int(style.u[0] * 8)
    rings = ((1.0, light(style.main, 0.25)), (0.68, style.second), (0.38, (255, 244, 190)))
    for ring, colour in rings:
        reach = 0.92 * ring * grow
        for i in range(arms):
            turn = i / arms + 0.03 * ring
            inner, tip = around((0, 0), reach * 0.45, turn), around((0, 0), reach, turn)
            fall = 0.12 * grow * grow * style.u[1]
            end = (tip[0], tip[1] + fall)
            pen.line([inner, end], colour, 0.045)
            pen.disc(end, 0.055 * (1.3 - 0.6 * grow) * (1 + style.u[2]), light(colour), edge=False)
    pen.disc((0, 0), 0.16 * (1.2 - grow), (255, 252, 232), edge=False)


def siren(pen: Pen, style: Style, phase: float) -> None:
    """A warning lamp on a foot; ``phase`` makes it flash."""
    wide, high = style.between(0, 0.38, 0.55), style.between(1, 0.55, 0.9)
    lit = 0.5 + 0.5 * math.sin(TAU * phase)
    glow = mix(style.main, (255, 236, 190), 0.55 * lit)
    for i in range(7):
        turn = -0.27 + 0.54 * i / 6
        reach = 0.82 + 0.14 * lit
        pen.line([around((0, 0.1), 0.72, turn), around((0, 0.1), reach, turn)], glow, 0.06)
    dome = [around((0, 0), 1.0, -0.25 + 0.5 * i / 16) for i in range(17)]
    pen.shape([(x * wide, 0.45 + y * high) for x, y in dome], glow)
    beam = [(0, 0.1), around((0, 0.1), 0.4, phase - 0.06), around((0, 0.1), 0.4, phase + 0.06)]
    pen.shape(beam, light(glow, 0.7), edge=False)
    pen.box((-wide - 0.1, 0.44), (wide + 0.1, 0.62), STEEL, round_by=0.05)
    pen.box((-wide - 0.22, 0.6), (wide + 0.22, 0.82), dark(style.second, 0.55), round_by=0.08)
    pen.line([(-wide * 0.6, 0.25), (-wide * 0.45, -0.05)], light(glow, 0.8), 0.06)


def train(pen: Pen, style: Style, phase: float) -> None:
    """An engine with a chimney and a wagon; ``phase`` turns the wheels and puffs."""
    for i in range(4):
        puff = (phase + i / 4) % 1
        pen.disc(
            (0.6 - 0.9 * puff, -0.62 - 0.25 * puff), 0.08 + 0.12 * puff, (226, 226, 232), edge=False
        )
    tall = style.between(0, -0.5, -0.3)
    pen.box((-0.98, -0.28), (-0.5, 0.3), style.second, round_by=0.04)
    pen.box((-0.9, -0.16), (-0.6, 0.08), GLASS)
    pen.line([(-0.5, 0.25), (-0.4, 0.25)], TYRE, 0.08)
    pen.box((0.0, -0.22), (0.86, 0.26), style.main, round_by=0.12)
    pen.box((-0.42, tall), (0.06, 0.3), style.main, round_by=0.03)
    pen.box((-0.34, tall + 0.1), (-0.04, -0.08), GLASS)
    pen.box((-0.5, tall - 0.1), (0.14, tall), dark(style.main, 0.3), round_by=0.04)
    pen.box((0.52, -0.52), (0.7, -0.2), dark(style.main, 0.5))
    pen.oval((0.24, -0.24), (0.1, 0.1), BRASS)
    pen.shape([(0.84, 0.28), (1.0, 0.5), (0.78, 0.5)], (190, 60, 50))
    radius = style.between(1, 0.13, 0.19)
    for x in (-0.86, -0.62, -0.24, 0.2, 0.58):
        wheel(pen, (x, 0.36), radius, phase, style.second)
    pen.line([(-1, 0.36 + radius), (1, 0.36 + radius)], STEEL, 0.05)


def wave(pen: Pen, style: Style, phase: float) -> None:
    """Rows of sea under a crest that curls over; ``phase`` rolls them along."""
    dx, top = 0.12 * math.sin(TAU * phase) - 0.1, style.between(0, -0.8, -0.5)
    far = mix(style.main, (16, 60, 110), 0.35)
    pen.shape(_swell(0.1, phase + 0.5, style), far, edge=False)
    back = bow((-1.0, 0.55), (-0.5, 0.5), (-0.5 + dx, top), (0.1 + dx, top))
    lip = bow((0.1 + dx, top), (0.45 + dx, top), (0.66 + dx, top + 0.25), (0.58 + dx, top + 0.58))
    hollow = bow(lip[-1], (0.45 + dx, top + 0.3), (0.2 + dx, top + 0.3), (0.1 + dx, top + 0.65))
    foot = bow(hollow[-1], (0.05 + dx, 0.4), (0.5, 0.5), (1.0, 0.52))
    pen.shape([*back, *lip, *hollow, *foot, (1.0, 1.0), (-1.0, 1.0)], style.main)
    for share in (0.3, 0.6):
        inner = [(x + share * 0.35, y + share * 0.5) for x, y in back[3:]]
        pen.line(inner, light(style.main, 0.5), 0.04)
    for at in [*back[-3:], *lip[::2], *hollow[:4:2]]:
        pen.disc(at, style.between(1, 0.07, 0.12), CREAM, edge=False)
    for row in range(3):
        shade = mix(style.main, (16, 60, 110), 0.12 + 0.18 * row)
        pen.shape(_swell(0.4 + 0.2 * row, phase + 0.3 * row, style), shade, edge=False)
        pen.line(_swell(0.4 + 0.2 * row, phase + 0.3 * row, style)[1:-1], light(shade, 0.6), 0.035)


def bow(a: Point, b: Point, c: Point, d: Point, steps: int = 9) -> list[Point]:
    """A cubic Bezier curve from a to d."""
    shares = [k / (steps - 1) for k in range(steps)]
    weights = [((1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s * s * (1 - s), s**3) for s in shares]
    return [
        (
            sum(w * p[0] for w, p in zip(ws, (a, b, c, d), strict=True)),
            sum(w * p[1] for w, p in zip(ws, (a, b, c, d), strict=True)),
        )
        for ws in weights
    ]


def _swell(y: float, phase: float, style: Style) -> list[Point]:
    deep, count = style.between(2, 0.05, 0.1), 2 + int(style.u[3] * 3)
    xs = [-1 + k / 12 for k in range(25)]
    top = [(x, y + deep * math.sin(math.pi * count * x - TAU * phase)) for x in xs]
    return [(-1.0, 1.0), *top, (1.0, 1.0)]


def windmill(pen: Pen, style: Style, phase: float) -> None:
    """A mill tower with turning sails."""
    foot, top = style.between(0, 0.28, 0.42), style.between(1, 0.12, 0.22)
    pen.shape([(-top, -0.25), (top, -0.25), (foot, 0.95), (-foot, 0.95)], style.second)
    pen.shape([(-top - 0.08, -0.22), (0, -0.55), (top + 0.08, -0.22)], style.main)
    pen.box((-0.1, 0.62), (0.1, 0.95), WOOD, round_by=0.05)
    pen.box((-0.08, 0.15), (0.08, 0.34), GLASS)
    sails = 3 if style.u[2] < 0.3 else (4 if style.u[2] < 0.8 else 6)
    hub = (0.0, -0.22)
    for i in range(sails):
        turn = phase / 2 + i / sails
        tip, root = around(hub, 0.74, turn), around(hub, 0.16, turn)
        side = around((0, 0), style.between(3, 0.12, 0.24), turn + 0.25)
        pen.shape(
            [
                root,
                tip,
                (tip[0] + side[0], tip[1] + side[1]),
                (root[0] + side[0], root[1] + side[1]),
            ],
            mix(CREAM, style.main, style.u[4]),
        )
        pen.line([hub, tip], WOOD, 0.05)
    pen.disc(hub, 0.08, style.main)


PAINTERS: Mapping[str, Callable[[Pen, Style, float], None]] = {
    f.__name__: f
    for f in (
        ball, bell, bird, campfire, car, clock, drum, firework, siren, train, wave, windmill
    )
}  # fmt: skip
