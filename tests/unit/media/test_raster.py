import numpy as np
import pytest
import trimesh

from quintet.media import raster

PIXELS = (np.arange(raster.VIEW_SIDE_PX) + 0.5) / raster.VIEW_SIDE_PX * 2 - 1


def drawn(mesh: trimesh.Trimesh) -> np.ndarray:
    vertices = np.asarray(mesh.vertices, np.float32)
    return raster.depth_views(vertices, np.asarray(mesh.faces, np.int32))


def depth(picture: np.ndarray) -> np.ndarray:
    return (picture.astype(float) - 128) / 127


def test_forty_seven_different_directions():
    towards = raster.cameras()[:, 2]
    assert towards.shape == (47, 3)
    assert len(np.unique(towards.round(4), axis=0)) == 47
    assert all(0 <= a < 360 and -90 <= e <= 90 for a, e in raster.VIEWS)


def test_cameras_are_right_handed_turns():
    turns = raster.cameras()
    np.testing.assert_allclose(
        turns @ turns.transpose(0, 2, 1), np.tile(np.eye(3), (47, 1, 1)), atol=1e-6
    )
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-5)


def test_a_sphere_has_the_depth_of_a_sphere_from_everywhere():
    radius = 0.8
    views = drawn(trimesh.creation.icosphere(subdivisions=5, radius=radius))
    x, y = np.meshgrid(PIXELS, PIXELS)
    inside = np.hypot(x, y) < radius - 0.03
    expected = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    for picture in views:
        assert not picture[np.hypot(x, y) > radius + 0.02].any()
        np.testing.assert_allclose(depth(picture)[inside], expected[inside], atol=0.02)


def test_a_cube_from_the_side_is_a_flat_square():
    views = drawn(trimesh.creation.box(extents=(1, 1, 1)))
    front = views[raster.VIEWS.index((0.0, 0.0))]
    x, y = np.meshgrid(np.abs(PIXELS), np.abs(PIXELS))
    square = (x < 0.5) & (y < 0.5)
    assert (front > 0).sum() == square.sum()
    np.testing.assert_allclose(depth(front)[square], 0.5, atol=0.01)


def test_up_is_up_and_right_is_right():
    corner = trimesh.creation.box(extents=(0.2, 0.2, 0.2))
    corner.apply_translation((0, 0.6, 0.6))
    picture = drawn(corner)[raster.VIEWS.index((0.0, 0.0))]
    rows, columns = np.nonzero(picture)
    assert rows.max() < 40
    assert columns.min() > 88


def test_the_nearer_surface_hides_the_farther():
    near = trimesh.creation.box(extents=(0.1, 0.4, 0.4))
    near.apply_translation((0.5, 0, 0))
    far = trimesh.creation.box(extents=(0.1, 0.8, 0.8))
    far.apply_translation((-0.3, 0, 0))
    for scene in (near + far, far + near):
        picture = depth(drawn(scene)[0])
        assert picture[64, 64] == pytest.approx(0.55, abs=0.01)
        assert picture[64, 40] == pytest.approx(-0.25, abs=0.01)


def test_neighbouring_triangles_leave_no_hole():
    plate = trimesh.creation.icosphere(subdivisions=3, radius=0.9)
    for picture in drawn(plate):
        for row in picture:
            covered = np.nonzero(row)[0]
            assert len(covered) == 0 or (row[covered[0] : covered[-1] + 1] > 0).all()


def test_triangles_without_area_draw_nothing():
    vertices = np.zeros((3, 3), np.float32)
    assert not raster.depth_views(vertices, np.array([[0, 1, 2]], np.int32)).any()
