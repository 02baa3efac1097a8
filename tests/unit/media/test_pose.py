import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from quintet.media import pose


def odd_shape() -> trimesh.Trimesh:
    """Three different lengths and no symmetry."""
    body = trimesh.creation.box(extents=(4, 2, 1))
    head = trimesh.creation.icosphere(subdivisions=2, radius=0.6)
    head.apply_translation((2.2, 0.7, 0.5))
    return body + head


def normalised(mesh: trimesh.Trimesh) -> np.ndarray:
    return pose.normalised(np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32))


def test_inside_the_unit_sphere():
    lengths = np.linalg.norm(normalised(odd_shape()), axis=1)
    assert lengths.max() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_however_it_was_turned_moved_and_scaled(seed):
    rng = np.random.default_rng(seed)
    mesh = odd_shape()
    expected = normalised(mesh)
    mesh.apply_transform(trimesh.transformations.translation_matrix(rng.normal(0, 50, 3)))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    mesh.apply_transform(turn)
    mesh.apply_scale(10 ** rng.uniform(-3, 3))
    np.testing.assert_allclose(normalised(mesh), expected, atol=1e-4)


def test_longest_axis_first():
    spread = np.ptp(normalised(odd_shape()), axis=0)
    assert spread[0] > spread[1] > spread[2]


def test_more_triangles_of_one_surface_change_nothing():
    mesh = odd_shape()
    finer = mesh.copy().subdivide()
    np.testing.assert_allclose(
        normalised(finer).max(axis=0), normalised(mesh).max(axis=0), atol=1e-4
    )


def test_vertices_without_a_face_do_not_count():
    mesh = odd_shape()
    stray = np.vstack([mesh.vertices, [[1e6, 0, 0]]])
    found = pose.normalised(stray, np.asarray(mesh.faces, np.int32))
    np.testing.assert_allclose(found[:-1], normalised(mesh), atol=1e-5)


@pytest.mark.parametrize(
    "vertices",
    [
        np.zeros((3, 3)),
        np.eye(3),
        np.arange(9.0).reshape(3, 3),
        np.eye(3) * 1e-300,
        np.eye(3) * 1e29,
    ],
)
def test_degenerate_models_stay_finite(vertices):
    found = pose.normalised(vertices, np.array([[0, 1, 2]], np.int32))
    assert np.isfinite(found).all()
    assert np.linalg.norm(found, axis=1).max() <= 1 + 1e-5
