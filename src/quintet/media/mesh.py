"""3D models: OBJ, STL, PLY, OFF, glTF and GLB, 3MF, COLLADA, through trimesh alone.

A model becomes 47 depth pictures (``media/raster.py``) of its normalised pose and scale
(``media/pose.py``) and one VIEW segment for each. Only geometry in the file itself is read:
materials, textures and files it refers to are never opened.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import trimesh

from quintet.errors import Code, FileProblem
from quintet.media import mesh_headers, pose, raster
from quintet.media.limits import Limits
from quintet.media.mesh_headers import sniff
from quintet.types import Float32, MeshMedia, Modality, Segment, SegmentKind

__all__ = ["decode", "sniff", "views", "warm"]


FREE_FACES = 200_000
"""So many triangles may come of any file; more only as many as it has bytes: a scene can place one
of its parts a million times."""

MOST_LAYERS = 50_000
"""Squares as large as the model that drawing its triangles may take; more take minutes."""

_NO_FILES: dict[str, bytes] = {}
"""What a model may refer to: an empty folder, so every reference is a KeyError."""

logging.getLogger("trimesh").addHandler(logging.NullHandler())  # no tracebacks on the terminal


def decode(file: BinaryIO, format: str, limits: Limits) -> MeshMedia:
    """The model in a file.

    Raises:
        FileProblem: NO_CONTENT for no triangles, TOO_LARGE for more vertices or faces than
            ``limits.vertices``, CORRUPT for what trimesh cannot load, numbers that are not
            finite, faces of unknown vertices, and geometry in another file.
    """
    data = mesh_headers.checked(file, format, limits)
    most = min(limits.vertices, max(len(data), FREE_FACES))
    vertices, faces = _joined(_loaded(data, format), most)
    _check(vertices, faces)
    posed = pose.normalised(vertices, faces)
    _check_cost(posed, faces)
    return MeshMedia(
        modality=Modality.MESH,
        format=format,
        segments=views(),
        metadata={"vertices": str(len(vertices)), "faces": str(len(faces))},
        views=raster.depth_views(posed, faces),
        vertex_count=len(vertices),
        face_count=len(faces),
    )


def views() -> tuple[Segment, ...]:
    """The VIEW segments of every model."""
    return tuple(
        Segment(SegmentKind.VIEW, no, azimuth_deg=azimuth, elevation_deg=elevation)
        for no, (azimuth, elevation) in enumerate(raster.VIEWS)
    )


def _loaded(data: bytes, format: str) -> trimesh.Scene:
    """A scene from bytes.

    Raises:
        FileProblem: CORRUPT, with the first words of whatever trimesh raised.
    """
    options: dict[str, Any] = {"process": False}
    if format in ("gltf", "glb", "obj"):
        options["skip_materials"] = True
    try:
        return trimesh.load_scene(io.BytesIO(data), file_type=format, resolver=_NO_FILES, **options)
    except MemoryError:
        raise
    except Exception as e:  # trimesh raises a dozen unrelated types on damaged files
        detail = " ".join(str(e).split())[:200]
        raise FileProblem(Code.CORRUPT, f"{format}: {type(e).__name__}: {detail}") from e


def _joined(scene: trimesh.Scene, most: int) -> tuple[pose.Float64, pose.Faces]:
    """All placed triangles of a scene as one model.

    Raises:
        FileProblem: NO_CONTENT, TOO_LARGE.
    """
    vertices: list[pose.Float64] = []
    faces: list[pose.Faces] = []
    count = face_count = 0
    for matrix, mesh in _placed(scene):
        placed = np.asarray(mesh.vertices, np.float64)
        with np.errstate(invalid="ignore", over="ignore"):  # _check looks at the result
            vertices.append(placed @ matrix[:3, :3].T + matrix[:3, 3])
        faces.append(np.asarray(mesh.faces, np.int64).astype(np.int32) + np.int32(count))
        count += len(placed)
        face_count += len(mesh.faces)
        if max(count, face_count) > most:
            raise FileProblem(Code.TOO_LARGE, f"more than {most} vertices or faces")
    if not faces:
        raise FileProblem(Code.NO_CONTENT, "a model without triangles")
    return np.concatenate(vertices), np.ascontiguousarray(np.concatenate(faces))


def _placed(scene: trimesh.Scene) -> Iterator[tuple[pose.Float64, trimesh.Trimesh]]:
    """Every mesh with triangles of a scene, as often as it is placed, with its 4 × 4 matrix."""
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        mesh = scene.geometry.get(name)
        if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces) and len(mesh.vertices):
            yield np.asarray(matrix, np.float64), mesh


def _check(vertices: pose.Float64, faces: pose.Faces) -> None:
    if not np.isfinite(vertices).all() or np.abs(vertices).max() > 1e30:
        raise FileProblem(Code.CORRUPT, "a coordinate that is not a finite number")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise FileProblem(Code.CORRUPT, "a face of a vertex that does not exist")


def _check_cost(posed: Float32, faces: pose.Faces) -> None:
    """Refuse many triangles as large as the model, each over the other.

    Raises:
        FileProblem: TOO_LARGE.
    """
    layers = 0.0
    for first in range(0, len(faces), FREE_FACES):  # in parts, for large models
        part = faces[first : first + FREE_FACES]
        edges = posed[part] - posed[np.roll(part, 1, axis=1)]
        layers += float((edges**2).sum(2).max(1).sum())
    if layers > MOST_LAYERS:
        raise FileProblem(Code.TOO_LARGE, f"{layers:.0f} triangles as large as the whole model")


_TETRAHEDRON = b"OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"


def warm() -> None:
    """Compile the rasteriser and load one tiny model of each kind of loader."""
    decode(io.BytesIO(_TETRAHEDRON), "off", Limits())
    model = trimesh.creation.box()
    for format in ("obj", "stl", "ply", "glb", "gltf", "dae", "3mf"):
        if format != "gltf":
            made = model.export(file_type=format)
            data = made.encode() if isinstance(made, str) else made
            decode(io.BytesIO(data), format, Limits())
