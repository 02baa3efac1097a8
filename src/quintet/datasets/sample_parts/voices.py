"""How each class sounds: one synthesiser per class, (n,) float64 around -1..1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from quintet.types import Float32

Wave = NDArray[np.float64]
TAU = 2 * np.pi


def silence(seconds: float, rate: int) -> Wave:
    """An empty recording."""
    return np.zeros(round(seconds * rate))


def noise_band(n: int, rate: int, low: float, high: float, rng: np.random.Generator) -> Wave:
    """White noise between two frequencies in Hz."""
    high = min(high, 0.45 * rate)
    sos = butter(2, (min(low, 0.8 * high), high), "bandpass", fs=rate, output="sos")
    band: Wave = np.asarray(sosfilt(sos, rng.standard_normal(n)))
    return band / (np.std(band) + 1e-9) * 0.3


def add_at(out: Wave, at_s: float, rate: int, event: Wave) -> None:
    """Mix an event into a recording; what runs over the end is cut."""
    start = round(at_s * rate)
    part = event[: max(0, len(out) - start)]
    out[start : start + len(part)] += part


def decay(n: int, rate: int, half_s: float) -> Wave:
    """From 1 towards 0, halved every ``half_s`` seconds."""
    fall: Wave = 0.5 ** (np.arange(n) / rate / half_s)
    return fall


def tone(pitch_hz: Wave, rate: int, harmonics: tuple[float, ...] = (1.0,)) -> Wave:
    """A tone whose pitch changes, with the given strengths of its harmonics."""
    turn = TAU * np.cumsum(pitch_hz) / rate
    return np.asarray(sum(a * np.sin((k + 1) * turn) for k, a in enumerate(harmonics)))


def moments(
    seconds: float, gap_s: float, jitter: float, rng: np.random.Generator
) -> Iterator[float]:
    """Times of repeated events, with jitter as a fraction of the gap."""
    at = rng.uniform(0, min(gap_s, 0.3))
    while at < seconds:
        yield at
        at += gap_s * rng.uniform(1 - jitter, 1 + jitter)


def ball(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Thuds that come faster and softer."""
    out, pitch = silence(seconds, rate), rng.uniform(70, 190)
    at, gap, level = rng.uniform(0, 0.3), rng.uniform(0.5, 0.9), 1.0
    shrink = rng.uniform(0.72, 0.95)
    while at < seconds:
        add_at(out, at, rate, level * thud(pitch * rng.uniform(0.95, 1.05), 0.2, rate, rng))
        at, gap, level = at + gap, gap * shrink, level * 0.9
        if gap < 0.06:
            at, gap, level = at + 0.4, rng.uniform(0.5, 0.9), 1.0
    return out


def thud(pitch: float, seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """One hit on something hollow."""
    n = round(seconds * rate)
    fall = pitch * (1 + 0.6 * decay(n, rate, 0.02))
    skin = noise_band(n, rate, 200, rng.uniform(1200, 4000), rng) * decay(n, rate, 0.015)
    return tone(fall, rate) * decay(n, rate, seconds / 5) + 0.6 * skin


def bell(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Strikes with inharmonic partials that ring."""
    out, pitch = silence(seconds, rate), rng.uniform(250, 1400)
    ring = rng.uniform(0.15, 0.7)
    for at in moments(seconds, rng.uniform(0.3, 1.4), 0.05, rng):
        add_at(out, at, rate, strike(pitch, ring, rate))
    return out


def strike(pitch: float, half_s: float, rate: int) -> Wave:
    """One stroke of a bell."""
    n = round(2.5 * rate)
    t = np.arange(n) / rate
    partials = (
        (0.5, 0.4),
        (1.0, 1.0),
        (1.19, 0.6),
        (1.5, 0.4),
        (2.0, 0.6),
        (2.74, 0.4),
        (3.76, 0.25),
    )
    ring = [
        a * np.sin(TAU * min(pitch * f, 0.45 * rate) * t) * decay(n, rate, half_s / (0.5 + 0.5 * f))
        for f, a in partials
    ]
    return np.asarray(sum(ring)) * 0.5


def bird(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Chirps that sweep up and down."""
    out, middle = silence(seconds, rate), rng.uniform(1800, min(4800, 0.3 * rate))
    length, shape = rng.uniform(0.05, 0.25), rng.uniform(-0.5, 0.5)
    for at in moments(seconds, rng.uniform(0.12, 0.7), 0.4, rng):
        x = np.linspace(0, 1, round(length * rng.uniform(0.7, 1.3) * rate))
        trill = 0.06 * np.sin(TAU * rng.uniform(2, 9) * x)
        pitch = middle * (1 + shape * (x - 0.5) + trill) * rng.uniform(0.85, 1.15)
        add_at(out, at, rate, tone(pitch, rate, (1.0, 0.15)) * np.sin(np.pi * x))
    return out


def campfire(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """A soft roar with crackles."""
    n = round(seconds * rate)
    out = noise_band(n, rate, 60, rng.uniform(400, 1500), rng) * rng.uniform(0.2, 0.9)
    return out + crackles(seconds, rate, rng.uniform(5, 30), rng)


def crackles(seconds: float, rate: int, per_s: float, rng: np.random.Generator) -> Wave:
    """Short snaps at random moments."""
    out = silence(seconds, rate)
    for _ in range(rng.poisson(per_s * seconds)):
        n = round(rng.uniform(0.004, 0.03) * rate)
        snap = noise_band(n, rate, 900, rng.uniform(3000, 9000), rng) * decay(n, rate, 0.004)
        add_at(out, rng.uniform(0, seconds), rate, snap * rng.exponential(1.2))
    return out


def car(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """An engine that speeds up or slows down, sometimes with a horn."""
    n = round(seconds * rate)
    low, high = rng.uniform(35, 80), rng.uniform(60, 150)
    pitch = np.linspace(low, high, n) * (
        1 + 0.03 * np.sin(TAU * rng.uniform(2, 8) * np.arange(n) / rate)
    )
    strengths = tuple(1 / (1 + k) ** rng.uniform(0.5, 1.1) for k in range(10))
    out = 0.4 * tone(pitch, rate, strengths) + noise_band(n, rate, 80, 1500, rng) * rng.uniform(
        0.2, 1
    )
    if rng.random() < 0.3:
        horn = tone(np.full(round(0.4 * rate), rng.uniform(330, 480)), rate, (1, 0.7, 0.5, 0.3))
        add_at(out, rng.uniform(0.2, seconds - 0.5), rate, 0.5 * horn)
    return out


def clock(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Ticks and tocks, sometimes with a chime."""
    out, bright = silence(seconds, rate), rng.uniform(900, 3500)
    for no, at in enumerate(moments(seconds, rng.uniform(0.2, 0.8), 0.02, rng)):
        n = round(0.04 * rate)
        pitch = bright * (1.0 if no % 2 else 0.75)
        click = tone(np.full(n, pitch), rate) + noise_band(n, rate, 800, 6000, rng)
        add_at(out, at, rate, click * decay(n, rate, 0.006))
    if rng.random() < 0.25:
        add_at(
            out, rng.uniform(0, seconds / 2), rate, 0.5 * strike(rng.uniform(300, 900), 0.4, rate)
        )
    return out


def drum(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """A repeated pattern of deep and high strokes."""
    out, pitch = silence(seconds, rate), rng.uniform(60, 200)
    pattern = rng.choice([0.0, 0.6, 1.0], 8, p=[0.35, 0.3, 0.35])
    pattern[0] = 1.0
    for no, at in enumerate(moments(seconds, rng.uniform(0.12, 0.3), 0.03, rng)):
        if pattern[no % 8]:
            high = 1.0 if pattern[no % 8] == 1.0 else rng.uniform(1.4, 1.6)
            add_at(out, at, rate, pattern[no % 8] * thud(pitch * high, 0.3, rate, rng))
    return out


def firework(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Whistle, boom and crackle."""
    out = silence(seconds, rate)
    for at in moments(seconds, rng.uniform(0.8, 1.8), 0.3, rng):
        rise = rng.uniform(0.3, 0.8)
        n = round(rise * rate)
        whistle = tone(np.linspace(rng.uniform(700, 1200), rng.uniform(1500, 3000), n), rate)
        add_at(out, at, rate, 0.25 * whistle * np.linspace(0.2, 1, n))
        n = round(0.9 * rate)
        boom = noise_band(n, rate, 30, rng.uniform(250, 900), rng) * decay(n, rate, 0.12)
        add_at(out, at + rise, rate, 3.0 * boom)
        if rng.random() < 0.7:
            add_at(out, at + rise + 0.15, rate, crackles(0.7, rate, 40, rng))
    return out


def siren(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """A wailing or two-tone alarm."""
    t = np.arange(round(seconds * rate)) / rate
    low = rng.uniform(350, 900)
    high, speed = low * rng.uniform(1.25, 2.2), rng.uniform(0.3, 3)
    turn = np.sin(TAU * (speed * t + rng.random()))
    if rng.random() < 0.35:
        turn = np.sign(turn)
    pitch = low + (high - low) * (0.5 + 0.5 * turn)
    return 0.6 * tone(pitch, rate, (1.0, rng.uniform(0, 0.5), rng.uniform(0, 0.4)))


def train(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Puffs of steam or clacking rails, sometimes with a whistle."""
    n = round(seconds * rate)
    out = 0.3 * noise_band(n, rate, 40, 300, rng)
    clack, high = rng.random() < 0.5, rng.uniform(1000, 4000)
    for no, at in enumerate(moments(seconds, rng.uniform(0.14, 0.35), 0.04, rng)):
        if clack and no % 4 > 1:
            continue
        m = round((0.07 if clack else 0.16) * rate)
        puff = noise_band(m, rate, 150, high, rng) * decay(m, rate, 0.02 if clack else 0.06)
        add_at(out, at, rate, puff * (1.6 if no % 4 == 0 else 1.0))
    if rng.random() < 0.4:
        m, pitch = round(0.8 * rate), rng.uniform(350, 600)
        chord = sum(tone(np.full(m, pitch * f), rate, (1, 0.4)) for f in (1.0, 1.26, 1.5))
        add_at(out, rng.uniform(0, seconds / 2), rate, 0.25 * np.asarray(chord))
    return out


def wave(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Noise that swells and breaks."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    swell = (0.5 + 0.5 * np.sin(TAU * (rng.uniform(0.15, 0.6) * t + rng.random()))) ** 2
    deep = noise_band(n, rate, 80, rng.uniform(400, 1200), rng)
    hiss = noise_band(n, rate, 800, rng.uniform(2500, 7000), rng)
    return deep * (0.2 + swell) + hiss * swell * rng.uniform(0.3, 1)


def windmill(seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Whooshing sails and a creaking axle."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    whoosh = (0.5 + 0.5 * np.sin(TAU * (rng.uniform(0.6, 2.5) * t + rng.random()))) ** rng.uniform(
        1, 3
    )
    out = noise_band(n, rate, 120, rng.uniform(600, 2500), rng) * (0.15 + whoosh)
    for at in moments(seconds, rng.uniform(0.5, 1.5), 0.2, rng):
        m = round(rng.uniform(0.1, 0.3) * rate)
        creak = tone(
            np.linspace(rng.uniform(300, 700), rng.uniform(300, 700), m), rate, (1, 0.6, 0.4)
        )
        add_at(out, at, rate, creak * np.hanning(m) * rng.uniform(0, 0.4))
    return out


VOICES: Mapping[str, Callable[[float, int, np.random.Generator], Wave]] = {
    f.__name__: f
    for f in (
        ball, bell, bird, campfire, car, clock, drum, firework, siren, train, wave, windmill
    )
}  # fmt: skip


def quiet(samples: Wave) -> Float32:
    """As float32, with peaks below full scale."""
    return np.asarray(samples / max(1.0, float(np.abs(samples).max()) / 0.98), np.float32)
