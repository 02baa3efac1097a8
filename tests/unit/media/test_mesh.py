import base64
import io
import json
import struct
import zipfile

import numpy as np
import pytest
import trimesh

from quintet.errors import Code, FileProblem
from quintet.media import mesh
from quintet.media.limits import Limits
from quintet.types import MeshMedia, Modality, SegmentKind

CANARY = "canary-51ad"
FORMATS = ("obj", "stl", "stl_ascii", "ply", "off", "glb", "gltf", "3mf", "dae")


def exported(model: trimesh.Trimesh | trimesh.Scene, format: str) -> bytes:
    if format == "gltf":
        return json.dumps(as_gltf(model)).encode()
    made = model.export(file_type=format)
    return made.encode() if isinstance(made, str) else made


def as_gltf(model: trimesh.Trimesh) -> dict:
    """One JSON with its buffers inside."""
    files = trimesh.Scene(model).export(file_type="gltf")
    tree = json.loads(files["model.gltf"])
    for buffer in tree["buffers"]:
        data = base64.b64encode(files[buffer["uri"]]).decode()
        buffer["uri"] = f"data:application/octet-stream;base64,{data}"
    return tree


def read(data: bytes, limits: Limits | None = None) -> MeshMedia:
    file = io.BytesIO(data)
    format = mesh.sniff(file)
    assert format is not None
    return mesh.decode(file, format, limits or Limits())


def problem(data: bytes, limits: Limits | None = None) -> Code:
    with pytest.raises(FileProblem) as caught:
        read(data, limits)
    return caught.value.code


def shape() -> trimesh.Trimesh:
    return trimesh.creation.capsule(height=2, radius=0.5, count=[8, 8])


@pytest.mark.parametrize("format", FORMATS)
def test_reads_every_format(format):
    media = read(exported(shape(), format))
    assert media.format == format.removesuffix("_ascii")
    assert media.modality is Modality.MESH
    assert media.face_count == len(shape().faces)
    assert media.views.shape == (47, 128, 128)
    assert media.views.dtype == np.uint8
    assert (media.views.reshape(47, -1) > 0).sum(axis=1).min() > 500


def test_every_format_gives_the_same_pictures():
    pictures = [read(exported(shape(), format)).views.astype(int) for format in FORMATS]
    for other in pictures[1:]:
        assert (np.abs(other - pictures[0]) > 3).mean() < 0.01


def test_views_say_where_the_camera_is():
    segments = read(exported(shape(), "off")).segments
    assert [s.no for s in segments] == list(range(47))
    assert {s.kind for s in segments} == {SegmentKind.VIEW}
    assert (segments[13].azimuth_deg, segments[13].elevation_deg) == (30, 30)


def test_placed_parts_of_a_scene_are_joined():
    scene = trimesh.Scene()
    box = trimesh.creation.box()
    for x in (0, 5):
        scene.add_geometry(box, transform=trimesh.transformations.translation_matrix((x, 0, 0)))
    media = read(exported(scene, "glb"))
    assert media.face_count == 24
    front = media.views[3]  # along the second axis
    assert (front[60:68] > 0).any(axis=0).sum() < 60  # two boxes and a gap


@pytest.mark.parametrize(
    "data",
    [b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
     b"property float z\nend_header\n0 0 0\n",
     b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", b"OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", bytes(84),
     b"solid nothing\nendsolid nothing\n", b'{"asset": {"version": "2.0"}}'],
)  # fmt: skip
def test_models_without_triangles(data):
    assert problem(data) is Code.NO_CONTENT


@pytest.mark.parametrize("bad", ["nan", "inf", "1e300"])
def test_coordinates_must_be_numbers(bad):
    code = problem(f"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 {bad}\n3 0 1 2\n".encode())
    assert code is Code.CORRUPT


def test_faces_must_have_their_vertices():
    assert problem(b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 9\n") is Code.CORRUPT


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_truncated_files_cost_one_clear_problem(format, part):
    data = exported(shape(), format)
    file = io.BytesIO(data[: int(len(data) * part)])
    try:
        found = mesh.sniff(file)
        if found is not None:
            mesh.decode(file, found, Limits())
    except FileProblem as e:
        assert e.code in (Code.CORRUPT, Code.NO_CONTENT, Code.TOO_LARGE)  # noqa: PT017


def test_too_many_triangles():
    assert problem(exported(shape(), "ply"), Limits(vertices=10)) is Code.TOO_LARGE
    assert problem(exported(shape(), "obj"), Limits(vertices=10)) is Code.TOO_LARGE


def test_stl_that_claims_four_thousand_million_triangles():
    data = b"STL".ljust(80, b"\0") + struct.pack("<I", 2**32 - 1) + bytes(500)
    assert problem(data) is Code.TOO_LARGE


def test_stl_that_claims_more_than_it_holds():
    data = b"STL".ljust(80, b"\0") + struct.pack("<I", 1000) + bytes(500)
    assert problem(data) is Code.CORRUPT


def test_ply_and_off_that_claim_too_much():
    header = (
        "ply\nformat binary_little_endian 1.0\nelement vertex {}\nproperty float x\nend_header\n"
    )
    assert problem(header.format(4_000_000_000).encode()) is Code.TOO_LARGE
    assert problem(header.format(1_000_000).encode()) is Code.CORRUPT
    assert problem(b"OFF\n4000000000 1 0\n0 0 0\n") is Code.TOO_LARGE
    assert problem(b"OFF\n1000000 1 0\n0 0 0\n") is Code.CORRUPT


def test_gltf_that_claims_too_much():
    tree = as_gltf(shape())
    tree["accessors"][0]["count"] = 10**12
    assert problem(json.dumps(tree).encode()) is Code.TOO_LARGE
    tree["accessors"][0]["count"] = 10**6
    assert problem(json.dumps(tree).encode()) is Code.CORRUPT


def test_deep_json():
    data = b'{"asset": {"version": "2.0"}, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert problem(data) is Code.TOO_LARGE


def test_3mf_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", b"<model>" + b" " * 300_000_000)
    assert problem(out.getvalue()) is Code.TOO_LARGE


@pytest.mark.parametrize("kind", ["dae", "3mf"])
def test_laughs(kind):
    entities = "".join(
        f'<!ENTITY {new} "{("&" + old + ";") * 10}">'
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    body = f'<!DOCTYPE m [<!ENTITY a "ha">{entities}]><COLLADA><model>&i;</model></COLLADA>'
    if kind == "3mf":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("3D/3dmodel.model", body)
        body_bytes = out.getvalue()
    else:
        body_bytes = body.encode()
    assert problem(body_bytes) in (Code.TOO_LARGE, Code.CORRUPT, Code.NO_CONTENT)


def test_no_other_file_is_opened(tmp_path, monkeypatch):
    """A material, a buffer and an entity beside the model are never asked for."""
    (tmp_path / "secret").write_text(CANARY)
    monkeypatch.chdir(tmp_path)
    obj = b"mtllib secret\nusemtl x\nv 0 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 3\n"
    assert read(obj).face_count == 1
    tree = as_gltf(shape())
    tree["buffers"][0]["uri"] = "secret"
    with pytest.raises(FileProblem, match="another file") as caught:
        read(json.dumps(tree).encode())
    assert CANARY not in str(caught.value)
    uri = (tmp_path / "secret").as_uri()
    dae = exported(shape(), "dae").replace(b"<COLLADA", b"<!--x--><COLLADA")
    named = b'<!DOCTYPE COLLADA [<!ENTITY x SYSTEM "' + uri.encode() + b'">]>'
    at = dae.index(b"<!--x-->")
    assert read(dae[:at] + named + dae[at:]).face_count == len(shape().faces)


@pytest.mark.parametrize(
    "data",
    [b"A dog runs.", b'{"a": 1}', b"\x89PNG\r\n\x1a\n\0\0", b"off we go", b"solid ground. " * 9,
     b"v is a letter\nf is another\n", b"", b"<html></html>", bytes(200)],
)  # fmt: skip
def test_other_things_are_no_models(data):
    assert mesh.sniff(io.BytesIO(data)) is None


def test_warm_reads_every_kind():
    mesh.warm()
