import io

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from quintet.errors import UsageError
from quintet.media import mesh
from quintet.media.limits import Limits
from quintet.models.encoders.mesh_lightfield import MeshLightfield
from quintet.types import Media, MeshMedia, Modality


def media(model: trimesh.Trimesh) -> MeshMedia:
    data = model.export(file_type="stl")
    return mesh.decode(io.BytesIO(data), "stl", Limits())


def described(model: trimesh.Trimesh) -> np.ndarray:
    found = media(model)
    return np.concatenate(MeshLightfield().encode(found, found.segments))


def pooled(model: trimesh.Trimesh) -> np.ndarray:
    x = described(model)
    return np.concatenate([x.mean(axis=0), x.std(axis=0), x.max(axis=0)])


def turned(model: trimesh.Trimesh, seed: int) -> trimesh.Trimesh:
    turn = np.eye(4)
    turn[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    return model.copy().apply_transform(turn)


def hammer(length: float = 3.0) -> trimesh.Trimesh:
    head = trimesh.creation.box(extents=(0.5, 1.6, 0.4))
    head.apply_translation((length / 2, 0.2, 0.1))
    return trimesh.creation.box(extents=(length, 0.3, 0.2)) + head


def ball() -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions=3)


def test_forty_seven_rows_of_a_hundred():
    found = media(hammer())
    rows = MeshLightfield().encode(found, found.segments)
    assert [r.shape for r in rows] == [(1, 100)] * 47
    assert {r.dtype for r in rows} == {np.dtype(np.float32)}


def test_chosen_segments_only():
    found = media(hammer())
    every = MeshLightfield().encode(found, found.segments)
    some = MeshLightfield().encode(found, found.segments[5:7])
    np.testing.assert_allclose(np.array(some), np.array(every[5:7]), atol=1e-6)


def test_nearly_the_same_however_the_model_is_turned():
    model = hammer()
    expected = pooled(model)
    between = np.linalg.norm(expected - pooled(ball()))
    for seed in range(5):
        assert np.linalg.norm(pooled(turned(model, seed)) - expected) < 0.1 * between


def test_alike_models_are_nearer_than_others():
    apart = np.linalg.norm(pooled(hammer()) - pooled(ball()))
    assert np.linalg.norm(pooled(hammer()) - pooled(hammer(3.4))) < 0.5 * apart


def test_zernike_magnitudes_do_not_change_with_a_quarter_turn():
    found = media(hammer())
    turned_views = np.ascontiguousarray(np.rot90(found.views, axes=(1, 2)))
    other = MeshMedia(
        modality=Modality.MESH,
        format="stl",
        segments=found.segments,
        views=turned_views,
        vertex_count=1,
        face_count=1,
    )
    a = np.concatenate(MeshLightfield().encode(found, found.segments))
    b = np.concatenate(MeshLightfield().encode(other, found.segments))
    np.testing.assert_allclose(a[:, :25], b[:, :25], atol=1e-4)


@pytest.mark.parametrize(
    "vertices", [np.eye(3), np.zeros((3, 3)), np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0.0]])]
)
def test_degenerate_models_are_finite(vertices):
    assert np.isfinite(described(trimesh.Trimesh(vertices, [[0, 1, 2]], process=False))).all()


def test_encoding_twice_gives_the_same_and_changes_nothing():
    found = media(hammer())
    before = found.views.copy()
    first = MeshLightfield().encode(found, found.segments)
    second = MeshLightfield().encode(found, found.segments)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert (found.views == before).all()


def test_other_media_are_refused():
    with pytest.raises(UsageError, match="image"):
        MeshLightfield().encode(Media(modality=Modality.IMAGE, format="png", segments=()), ())
