"""A 3D model of a class: its shape, stretched, bent, roughened, turned and painted."""

from __future__ import annotations

import numpy as np
import trimesh
from trimesh import creation

from quintet.datasets.sample_parts.classes import SampleClass
from quintet.datasets.sample_parts.objects import random_style
from quintet.datasets.sample_parts.solids import SOLIDS, Mesh, joined, moved, random_turn


def solid(cls: SampleClass, rng: np.random.Generator) -> Mesh:
    """A random ``trimesh.Trimesh`` of a class, some hundred to some thousand triangles."""
    mesh = SOLIDS[cls.name](rng)
    mesh.apply_scale(rng.uniform(0.88, 1.14, 3))
    if rng.random() < 0.2:
        mesh = _on_plinth(mesh, rng)
    _bend(mesh, rng.normal(0, 0.08))
    rough = rng.uniform(0, 0.02) * mesh.scale
    mesh.vertices = mesh.vertices + rng.normal(0, rough, mesh.vertices.shape) * 0.3
    mesh.apply_transform(random_turn(rng))
    mesh.apply_scale(10 ** rng.uniform(-0.5, 1.5))
    style = random_style(cls, rng)
    height = mesh.vertices[:, 2:]
    share = (height - height.min()) / (np.ptp(height) + 1e-9)
    colour = np.array(style.second) * (1 - share) + np.array(style.main) * share
    mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=colour.astype(np.uint8))
    return mesh


def _on_plinth(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """The thing on a block or a disc, as scans and shop models come."""
    low, high = mesh.bounds
    wide, deep = (high - low)[:2] * rng.uniform(0.7, 1.2)
    thick = rng.uniform(0.05, 0.2) * (high - low)[2]
    if rng.random() < 0.5:
        foot = creation.box(extents=(wide, deep, thick))
    else:
        foot = creation.cylinder(max(wide, deep) / 2, thick, sections=24)
    middle = (low + high) / 2
    return joined(mesh, moved(foot, (middle[0], middle[1], low[2] - thick / 2)))


def _bend(mesh: Mesh, amount: float) -> None:
    """Shear and taper a little, in place."""
    v = np.array(mesh.vertices)
    span = np.ptp(v[:, 2]) + 1e-9
    share = (v[:, 2] - v[:, 2].min()) / span
    v[:, 0] += amount * span * share**2
    v[:, :2] *= (1 + amount * (share - 0.5))[:, None]
    mesh.vertices = v
