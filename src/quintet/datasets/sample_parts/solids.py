"""What shape each class has: one modeller per class, built from turned and joined solids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh import creation
from trimesh.transformations import rotation_matrix

Wide = NDArray[np.float64]
Mesh = Any
"""A ``trimesh.Trimesh``; the library ships no types."""
X, Y, Z = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def moved(mesh: Mesh, at: Sequence[float], angle_deg: float = 0.0, axis: Sequence[int] = Z) -> Mesh:
    """The mesh, turned about an axis through the origin and then shifted."""
    mesh.apply_transform(_turn(np.deg2rad(angle_deg), axis))
    mesh.apply_translation(at)
    return mesh


def joined(*parts: Mesh) -> Mesh:
    """One mesh of several parts."""
    return trimesh.util.concatenate(list(parts))


def turned(profile: Sequence[tuple[float, float]], sections: int) -> Mesh:
    """A solid of revolution about z from (radius, height) points."""
    return creation.revolve(np.asarray(profile, float), sections=sections)


def block(size: Sequence[float], at: Sequence[float]) -> Mesh:
    """A box around a centre."""
    return moved(creation.box(extents=size), at)


def rod(a: Sequence[float], b: Sequence[float], radius: float, sections: int = 10) -> Mesh:
    """A cylinder between two points."""
    return creation.cylinder(radius, segment=np.array([a, b], float), sections=sections)


def globe(radii: Sequence[float] | Wide, at: Sequence[float], rings: int = 2) -> Mesh:
    """An ellipsoid."""
    mesh = creation.icosphere(subdivisions=rings)
    mesh.apply_scale(radii)
    return moved(mesh, at)


def disc(radius: float, thick: float, at: Sequence[float], sections: int = 20) -> Mesh:
    """A flat cylinder whose axis is y."""
    return moved(moved(creation.cylinder(radius, thick, sections=sections), (0, 0, 0), 90, X), at)


def ball(rng: np.random.Generator) -> Mesh:
    """A ball, round or a little flat, sometimes with raised bands."""
    mesh = globe(rng.uniform(0.85, 1.1, 3), (0, 0, 0), int(rng.integers(2, 4)))
    if rng.random() < 0.5:
        mesh = joined(mesh, *(moved(creation.torus(1.0, 0.06), (0, 0, 0), a, X) for a in (0, 90)))
    return mesh


def bell(rng: np.random.Generator) -> Mesh:
    """A turned bell with a handle and a clapper."""
    waist, flare, high = rng.uniform(0.4, 0.65), rng.uniform(0.75, 1.1), rng.uniform(1.2, 1.9)
    outside = [(0.0, high), (waist * 0.7, high * 0.97), (waist * 0.95, high * 0.85)]
    outside += [(waist * 1.05, high * 0.45), (flare * 0.9, high * 0.16), (flare, 0.0)]
    inside = [(flare * 0.92, 0.02), (waist * 0.9, high * 0.5), (0.0, high * 0.88)]
    body = turned([*outside, *inside][::-1], int(rng.integers(14, 32)))
    handle = moved(creation.torus(0.2, 0.06), (0, 0, high + 0.15), 90, X)
    return joined(body, handle, globe((0.16, 0.16, 0.16), (0, 0, 0.05), 1))


def bird(rng: np.random.Generator) -> Mesh:
    """Body, head, beak, tail and two raised wings."""
    fat, span, lift = rng.uniform(0.28, 0.45), rng.uniform(0.9, 1.5), rng.uniform(-10, 45)
    wings = [
        moved(
            globe((0.28, span / 2, 0.05), (0, side * span / 2, 0)),
            (0, side * 0.1, 0.1),
            side * lift,
            X,
        )
        for side in (-1, 1)
    ]
    head = rng.uniform(0.2, 0.3)
    beak = moved(creation.cone(0.08, 0.3, sections=8), (0.85 + head * 0.7, 0, 0.25), 90, Y)
    tail = moved(globe((0.4, 0.2, 0.04), (-0.95, 0, 0)), (0, 0, 0.08), rng.uniform(-15, 15), Y)
    return joined(
        globe((0.75, fat, fat), (0, 0, 0)), globe((head,) * 3, (0.75, 0, 0.25)), beak, tail, *wings
    )


def campfire(rng: np.random.Generator) -> Mesh:
    """Logs leaned together, with a ring of stones and sometimes flames."""
    logs = int(rng.integers(4, 8))
    turns = np.arange(logs) / logs * 2 * np.pi + rng.normal(0, 0.15, logs)
    steep = rng.uniform(0.5, 1.1)
    parts = [
        rod((np.cos(a), np.sin(a), 0), (-0.1 * np.cos(a), -0.1 * np.sin(a), steep), 0.12)
        for a in turns
    ]
    if rng.random() < 0.7:
        stones = np.arange(9) / 9 * 2 * np.pi
        parts += [
            globe(rng.uniform(0.12, 0.22, 3), (1.25 * np.cos(a), 1.25 * np.sin(a), 0), 1)
            for a in stones
        ]
    if rng.random() < 0.6:
        parts += [
            moved(
                creation.cone(rng.uniform(0.25, 0.4), rng.uniform(0.9, 1.6), sections=9),
                (*rng.normal(0, 0.12, 2), 0.15),
            )
            for _ in range(3)
        ]
    return joined(*parts)


def car(rng: np.random.Generator) -> Mesh:
    """Body, cabin and four wheels."""
    long, wide, high = rng.uniform(1.7, 2.4), rng.uniform(0.8, 1.0), rng.uniform(0.35, 0.5)
    cabin = block(
        (long * rng.uniform(0.4, 0.65), wide * 0.85, high * 0.9),
        (rng.uniform(-0.25, 0.1), 0, high * 0.9),
    )
    radius = rng.uniform(0.2, 0.3)
    wheels = [
        disc(radius, 0.16, (x * long * 0.32, y * wide * 0.5, -high * 0.5))
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    return joined(block((long, wide, high), (0, 0, 0)), cabin, *wheels)


def clock(rng: np.random.Generator) -> Mesh:
    """A round or square case with a rim, hands, and sometimes feet and bells."""
    thick = rng.uniform(0.15, 0.5)
    case = (
        disc(1.0, thick, (0, 0, 0), 36)
        if rng.random() < 0.75
        else block((1.9, thick, 1.9), (0, 0, 0))
    )
    rim = moved(
        creation.torus(0.95, 0.1, major_sections=28, minor_sections=8), (0, -thick / 2, 0), 90, X
    )
    face = -thick / 2 - 0.04
    parts = [case, rim]
    for length, angle in zip((0.5, 0.75), rng.uniform(0, 2 * np.pi, 2), strict=True):
        parts.append(
            rod((0, face, 0), (length * np.sin(angle), face, length * np.cos(angle)), 0.05, 6)
        )
    if rng.random() < 0.5:
        parts += [globe((0.3, 0.2, 0.25), (x, 0, 1.0), 1) for x in (-0.55, 0.55)]
        parts += [rod((x, 0, -0.85), (1.4 * x, 0, -1.25), 0.08) for x in (-0.5, 0.5)]
    return joined(*parts)


def drum(rng: np.random.Generator) -> Mesh:
    """A cylinder with two rims, sometimes with sticks or legs."""
    radius, high = rng.uniform(0.7, 1.0), rng.uniform(0.5, 1.4)
    bulge = rng.uniform(0.95, 1.15)
    profile = [(0, 0), (radius, 0), (radius * bulge, high / 2), (radius, high), (0, high)]
    rims = [moved(creation.torus(radius, 0.06, minor_sections=8), (0, 0, z)) for z in (0, high)]
    parts = [turned(profile, int(rng.integers(16, 40))), *rims]
    if rng.random() < 0.5:
        parts += [
            rod((0.1 * s, 0.2 * s, high + 0.05), (0.9 * s, 0.6, high + 0.4), 0.05) for s in (-1, 1)
        ]
    return joined(*parts)


def firework(rng: np.random.Generator) -> Mesh:
    """Rays with sparks at their ends."""
    rays = rng.standard_normal((int(rng.integers(14, 30)), 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    rays *= rng.uniform(0.75, 1.0, (len(rays), 1))
    spark = rng.uniform(0.06, 0.12)
    parts = [rod(0.15 * ray, ray, 0.025, 5) for ray in rays]
    parts += [globe((spark,) * 3, ray, 1) for ray in rays]
    return joined(globe((0.2, 0.2, 0.2), (0, 0, 0), 1), *parts)


def siren(rng: np.random.Generator) -> Mesh:
    """A dome on a stepped foot."""
    wide, high = rng.uniform(0.5, 0.8), rng.uniform(0.6, 1.2)
    step = rng.uniform(0.1, 0.3)
    arc = np.linspace(0, np.pi / 2, 8)
    dome = [(wide * np.cos(a), 0.35 + high * np.sin(a)) for a in arc]
    dome[-1] = (0.0, dome[-1][1])
    foot = [
        (0, 0),
        (wide + 2 * step, 0),
        (wide + 2 * step, 0.18),
        (wide + step, 0.2),
        (wide + step, 0.35),
    ]
    body = turned([*foot, *dome], int(rng.integers(14, 32)))
    if rng.random() < 0.4:
        body = joined(
            body, moved(creation.torus(wide + step, 0.05, minor_sections=8), (0, 0, 0.35))
        )
    return body


def train(rng: np.random.Generator) -> Mesh:
    """Boiler, cab, chimney, wheels and sometimes a wagon."""
    long, radius = rng.uniform(1.1, 1.6), rng.uniform(0.28, 0.38)
    boiler = rod((0, 0, 0.2), (long, 0, 0.2), radius, 18)
    cab = block((0.6, 0.8, rng.uniform(0.85, 1.1)), (-0.2, 0, 0.3))
    chimney = rod((long * 0.8, 0, 0.3), (long * 0.8, 0, rng.uniform(0.75, 1.0)), 0.1)
    parts = [boiler, cab, chimney, block((long + 0.5, 0.6, 0.12), (long / 2 - 0.25, 0, -0.15))]
    spots = list(np.linspace(-0.3, long * 0.9, int(rng.integers(3, 5))))
    if rng.random() < 0.6:
        parts.append(block((0.9, 0.75, rng.uniform(0.5, 0.9)), (-1.15, 0, 0.15)))
        spots += [-1.4, -0.95]
    parts += [disc(0.2, 0.1, (x, side * 0.35, -0.25), 14) for x in spots for side in (-1, 1)]
    return joined(*parts)


def wave(rng: np.random.Generator) -> Mesh:
    """A slab of sea with a crest."""
    count = int(rng.integers(16, 28))
    x, y = np.meshgrid(np.linspace(-1, 1, count), np.linspace(-1, 1, count), indexing="ij")
    swell = np.zeros_like(x)
    for _ in range(2):
        a, turn = rng.uniform(-0.6, 0.6), rng.uniform(0, 6)
        swell += rng.uniform(0.08, 0.2) * np.sin(rng.uniform(3, 8) * (x + a * y) + turn)
    crest = rng.uniform(0.3, 0.7) * np.exp(-(((x - 0.2 * y) / rng.uniform(0.15, 0.35)) ** 2))
    lean = crest * rng.uniform(0.2, 0.9)
    return slab(x + lean, y, 0.4 + swell + crest)


def slab(x: Wide, y: Wide, top: Wide) -> Mesh:
    """A closed block under a height field; all (n, n)."""
    n = len(x)
    upper = np.stack([x, y, top], axis=-1).reshape(-1, 3)
    lower = np.stack([x, y, np.zeros_like(top)], axis=-1).reshape(-1, 3)
    i = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    quads = np.concatenate([np.stack([i, i + n, i + n + 1], 1), np.stack([i, i + n + 1, i + 1], 1)])
    rim = np.concatenate(
        [
            np.arange(n),
            np.arange(1, n) * n + n - 1,
            n * n - 2 - np.arange(n - 1),
            (n - 2 - np.arange(n - 1)) * n,
        ]
    )
    a, b, low = rim[:-1], rim[1:], n * n
    sides = np.concatenate([np.stack([a, a + low, b], 1), np.stack([b, a + low, b + low], 1)])
    faces = np.concatenate([quads, quads[:, ::-1] + low, sides])
    return trimesh.Trimesh(np.concatenate([upper, lower]), faces, process=False)


def windmill(rng: np.random.Generator) -> Mesh:
    """A tower with a cap and sails."""
    foot, top, high = rng.uniform(0.4, 0.6), rng.uniform(0.2, 0.35), rng.uniform(1.5, 2.2)
    tower = turned([(0, 0), (foot, 0), (top, high), (0, high)], int(rng.choice([6, 8, 16, 24])))
    cap = moved(creation.cone(top * 1.3, 0.45, sections=16), (0, 0, high))
    sails = int(rng.choice([3, 4, 4, 6]))
    start, wide, long = rng.uniform(0, 90), rng.uniform(0.15, 0.3), rng.uniform(0.8, 1.2)
    parts = []
    for no in range(sails):
        sail = block((long, 0.05, wide), (long / 2 + 0.12, 0, wide / 2))
        parts.append(moved(sail, (0, -top - 0.2, high), start + 360 * no / sails, Y))
    return joined(tower, cap, rod((0, 0, high), (0, -top - 0.25, high), 0.07), *parts)


SOLIDS: Mapping[str, Callable[[np.random.Generator], Mesh]] = {
    f.__name__: f
    for f in (
        ball, bell, bird, campfire, car, clock, drum, firework, siren, train, wave, windmill
    )
}  # fmt: skip


def _turn(angle: float, axis: Sequence[int] | Wide) -> Wide:
    """A (4, 4) rotation by an angle in radians."""
    return np.asarray(rotation_matrix(angle, axis))  # type: ignore[no-untyped-call]


def random_turn(rng: np.random.Generator) -> Wide:
    """A (4, 4) rotation: upright mostly, now and then tumbled."""
    turn = _turn(rng.uniform(0, 2 * np.pi), Z)
    if rng.random() < 0.25:
        turn = _turn(rng.uniform(0, np.pi), rng.standard_normal(3)) @ turn
    return turn
