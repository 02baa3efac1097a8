"""A film of a class: the thing moves in its own manner before a drifting scene."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from quintet.datasets.sample_parts.classes import SampleClass
from quintet.datasets.sample_parts.objects import TAU, random_style
from quintet.datasets.sample_parts.picture import LYING, Pose, place
from quintet.datasets.sample_parts.scenes import random_scene
from quintet.types import UInt8

SIZES_PX = ((160, 120), (176, 144), (192, 144), (144, 176))
RATES_HZ = (10, 12, 15)
MARGIN = 1.25
"""The scene is this much larger than the frame, so that the camera can drift."""


@dataclass(frozen=True, slots=True)
class Film:
    """frames: (t, h, w, 3) uint8, shown at ``rate_hz``."""

    frames: UInt8
    rate_hz: int


@dataclass(frozen=True, slots=True)
class Manner:
    """Random numbers of a motion: speed in turns per second, amount and start in 0..1, a lane."""

    speed: float
    amount: float
    start: float
    lane: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a film: ``seconds`` from the start, and as a ``share`` of the whole in 0..1."""

    seconds: float
    share: float


Step = tuple[float, float, float, float]
"""Offset x and y as fractions of the frame, angle in degrees, phase of the thing."""


def clip(cls: SampleClass, rng: np.random.Generator) -> Film:
    """A random film of a class, 2.4 to 3.6 seconds, 120 to 192 pixels a side."""
    width, height = SIZES_PX[rng.integers(len(SIZES_PX))]
    rate = int(rng.choice(RATES_HZ))
    count = round(rate * rng.uniform(2.4, 3.6))
    scene = random_scene(cls, round(width * MARGIN), round(height * MARGIN), rng)
    style, manner = random_style(cls, rng), random_manner(rng)
    pose = random_pose(cls, rng)
    drift = rng.uniform(0, MARGIN - 1, (2, 2))
    grain = rng.uniform(0, 6)
    frames = np.empty((count, height, width, 3), np.uint8)
    for no in range(count):
        share = no / max(1, count - 1)
        at = (drift[0] * (1 - share) + drift[1] * share) * (width, height)
        x, y = round(at[0]), round(at[1])
        frame = scene.crop((x, y, x + width, y + height))
        moved, phase = _moved(pose, MOTIONS[cls.name](Moment(no / rate, share), manner))
        place(frame, cls.name, style, phase, moved)
        noise = rng.standard_normal((height, width, 1), dtype=np.float32) * grain
        frames[no] = np.clip(np.asarray(frame, np.float32) + noise, 0, 255)
    return Film(frames, rate)


def random_manner(rng: np.random.Generator) -> Manner:
    """Speed, amount, start and lane of a motion."""
    return Manner(float(rng.uniform(0.6, 1.7)), *(float(v) for v in rng.random(3)))


def random_pose(cls: SampleClass, rng: np.random.Generator) -> Pose:
    """Where the thing is before it moves."""
    size = rng.uniform(0.5, 0.85) * LYING.get(cls.name, 1.0)
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.45, 0.58)
    return Pose(x, y, size, float(rng.normal(0, 5)), bool(rng.random() < 0.5))


def _moved(pose: Pose, step: Step) -> tuple[Pose, float]:
    dx, dy, turn, phase = step
    sign = -1 if pose.mirrored else 1
    moved = Pose(
        pose.x + dx * sign, pose.y + dy, pose.size, pose.angle_deg + turn * sign, pose.mirrored
    )
    return moved, phase


def _swing(at: Moment, m: Manner) -> Step:
    turn = math.sin(TAU * (m.speed * at.seconds + m.start))
    return 0.03 * turn, 0.0, (12 + 22 * m.amount) * turn, m.speed * at.seconds + m.start + 0.2


def _bounce(at: Moment, m: Manner) -> Step:
    turn = (m.speed * at.seconds + m.start) % 1
    return (
        0.25 * (at.share - 0.5),
        0.22 - (0.25 + 0.35 * m.amount) * 4 * turn * (1 - turn),
        0.0,
        at.share,
    )


def _fly(at: Moment, m: Manner) -> Step:
    rise = 0.12 * math.sin(TAU * (0.4 * at.seconds + m.start))
    return (0.4 + 0.5 * m.amount) * (at.share - 0.5), rise, 60 * rise, 1.6 * m.speed * at.seconds


def _flicker(at: Moment, m: Manner) -> Step:
    return 0.0, 0.0, 2 * math.sin(TAU * 1.3 * at.seconds), 1.5 * m.speed * at.seconds + m.start


def _drive(at: Moment, m: Manner) -> Step:
    jolt = 0.008 * math.sin(TAU * 3 * at.seconds)
    return (0.5 + 0.7 * m.amount) * (at.share - 0.5), jolt, 90 * jolt, 1.2 * m.speed * at.seconds


def _haul(at: Moment, m: Manner) -> Step:
    return (
        (0.3 + 0.5 * m.amount) * (at.share - 0.5),
        0.02 * (m.lane - 0.5),
        0.0,
        m.speed * at.seconds,
    )


def _tick(at: Moment, m: Manner) -> Step:
    steps = math.floor(at.seconds * 3 * m.speed) / 24
    return 0.0, 0.0, 4 * math.sin(TAU * (m.speed * at.seconds)) * m.amount, m.start + steps


def _beat(at: Moment, m: Manner) -> Step:
    phase = 1.6 * m.speed * at.seconds + m.start
    return 0.0, 0.012 * abs(math.sin(TAU * phase)), 0.0, phase


def _burst(at: Moment, m: Manner) -> Step:
    phase = 0.6 * m.speed * at.seconds + m.start
    return 0.25 * math.sin(2.4 * math.floor(phase) + 6 * m.lane), -0.06, 0.0, phase % 1


def _flash(at: Moment, m: Manner) -> Step:
    return 0.0, 0.0, 0.0, 1.2 * m.speed * at.seconds + m.start


def _roll(at: Moment, m: Manner) -> Step:
    phase = 0.6 * m.speed * at.seconds + m.start
    swell = 0.03 * math.sin(TAU * phase)
    return 0.15 * (at.share - 0.5), swell, 60 * swell, phase


def _spin(at: Moment, m: Manner) -> Step:
    return 0.0, 0.0, 0.0, 0.7 * m.speed * at.seconds + m.start


MOTIONS: Mapping[str, Callable[[Moment, Manner], Step]] = {
    "ball": _bounce,
    "bell": _swing,
    "bird": _fly,
    "campfire": _flicker,
    "car": _drive,
    "clock": _tick,
    "drum": _beat,
    "firework": _burst,
    "siren": _flash,
    "train": _haul,
    "wave": _roll,
    "windmill": _spin,
}
