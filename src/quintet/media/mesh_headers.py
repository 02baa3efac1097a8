"""Which model format bytes are, and whether the sizes in its header can be true."""

from __future__ import annotations

import io
import json
import re
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from quintet.errors import Code, FileProblem
from quintet.media import archive, markup
from quintet.media.limits import Limits

FORMATS = ("obj", "stl", "ply", "off", "gltf", "glb", "3mf", "dae")
"""Every format that ``sniff`` may name."""

HEAD_BYTES = 1 << 16
STL_HEADER_BYTES, STL_FACE_BYTES = 84, 50
_STL_WORDS = (b"SOLID", b"STL", b"BINARY STL", b"EXPORTED FROM BLENDER")

_NUMBER = rb"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d+)?"
_OBJ_VERTEX = re.compile(rb"^[ \t]*v(?:[ \t]+" + _NUMBER + rb"){3,}[ \t]*(?:#.*)?\r?$", re.M)
_OBJ_LINE = re.compile(
    rb"[ \t]*(?:#.*|(?:v|vt|vn|vp|f|fo|o|g|s|l|p|mg|mtllib|usemtl|usemap|maplib|cstype|deg|curv|"
    rb"curv2|surf|parm|trim|hole|scrv|sp|end|bmat|step|con|lod|bevel|c_interp|d_interp|shadow_obj|"
    rb"trace_obj|ctech|stech)(?:[ \t].*)?)?"
)
_OFF = re.compile(rb"\s*(?:#[^\n]*\n\s*)*(?:ST)?C?N?4?n?OFF(?=[\s\d#])(?![ \t]*BINARY)")
_ASCII_STL = re.compile(rb"\s*solid\b.{0,400}?\b(?:facet\s+normal|endsolid)\b", re.S | re.I)
_GLTF_ASSET = re.compile(rb'"asset"\s*:\s*\{')
_PLY_SIZES = {
    b"char": 1, b"uchar": 1, b"int8": 1, b"uint8": 1,
    b"short": 2, b"ushort": 2, b"int16": 2, b"uint16": 2,
    b"int": 4, b"uint": 4, b"int32": 4, b"uint32": 4, b"float": 4, b"float32": 4,
    b"double": 8, b"float64": 8,
}  # fmt: skip
_GLTF_BYTES: dict[Any, int] = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_GLTF_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


def sniff(file: BinaryIO) -> str | None:
    """The format of a 3D model by its content, None for anything else.

    Raises:
        FileProblem: CORRUPT or TOO_LARGE for an archive that cannot be opened.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head[:4] == b"glTF":
        return "glb"
    if re.match(rb"ply\s*\n", head) or head.startswith(b"ply\r"):
        return "ply"
    if head.startswith(archive.MAGIC):
        return "3mf" if _is_3mf(archive.names(file)) else None
    if _is_stl(head, size):
        return "stl"
    return None if b"\0" in head else _written(head, file)


def _written(head: bytes, file: BinaryIO) -> str | None:
    """The formats that are text."""
    bare = head.removeprefix(b"\xef\xbb\xbf")
    if _OFF.match(bare):
        return "off"
    if b"<COLLADA" in head[:4096]:
        return "dae"
    if bare.lstrip()[:1] == b"{":
        file.seek(0)
        return "gltf" if _GLTF_ASSET.search(file.read(64 * HEAD_BYTES)) else None
    return "obj" if _is_obj(bare) else None


def _is_3mf(names: frozenset[str]) -> bool:
    return any("3d/3dmodel.model" in name.lower() for name in names)


def _is_stl(head: bytes, size: int) -> bool:
    """ASCII by its first words, binary by a count of faces that fits the size.

    A binary file that begins with one of the usual words and whose count does not fit is taken,
    to be refused by name.
    """
    if _ASCII_STL.match(head):
        return True
    if size < STL_HEADER_BYTES:
        return False
    (count,) = struct.unpack_from("<I", head, 80)
    named = head[:80].upper().startswith(_STL_WORDS) and b"\0" in head
    return named or count * STL_FACE_BYTES + STL_HEADER_BYTES == size


def _is_obj(head: bytes) -> bool:
    """A vertex, and nine of ten lines begin with a word of the format."""
    if not _OBJ_VERTEX.search(head):
        return False
    lines = re.split(rb"\r\n|\n|\r", head)
    whole = lines[:-1] if len(head) == HEAD_BYTES else lines
    known = sum(_OBJ_LINE.fullmatch(line) is not None for line in whole)
    return known >= 0.9 * max(len(whole), 1)


def checked(file: BinaryIO, format: str, limits: Limits) -> bytes:
    """All bytes of a model whose declared sizes can be true.

    Raises:
        FileProblem: TOO_LARGE for a declared count over ``limits.vertices`` or a file over
            ``limits.inflated_bytes``; CORRUPT for a count that the file is too short for and for
            geometry in another file.
    """
    size = file.seek(0, 2)
    check_size(size, format, limits)
    file.seek(0)
    data = file.read()
    check = _CHECKS.get(format)
    if check is not None:
        check(data, limits)
    return data


def check_size(size_bytes: int, format: str, limits: Limits) -> None:  # noqa: ARG001 - as texts
    """Refuse a model by its size.

    Raises:
        FileProblem: TOO_LARGE.
    """
    if size_bytes > limits.inflated_bytes:
        raise FileProblem(Code.TOO_LARGE, f"a model of {size_bytes} bytes")


def _check_count(count: int, least_bytes: float, data: bytes, limits: Limits) -> None:
    if count > limits.vertices:
        raise FileProblem(Code.TOO_LARGE, f"{count} vertices or faces declared")
    if count < 0 or count * least_bytes > len(data):
        raise FileProblem(Code.CORRUPT, f"{count} vertices or faces declared in {len(data)} bytes")


def _check_stl(data: bytes, limits: Limits) -> None:
    if _ASCII_STL.match(data[:HEAD_BYTES]):
        return
    (count,) = struct.unpack_from("<I", data, 80)
    _check_count(count, STL_FACE_BYTES, data, limits)


def _check_ply(data: bytes, limits: Limits) -> None:
    """Counts of the elements against what one of each needs at the least."""
    header, end, _ = data[:HEAD_BYTES].partition(b"end_header")
    if not end:
        raise FileProblem(Code.CORRUPT, "PLY header without an end")
    binary = b"format binary" in header
    for element in re.split(rb"^element\b", header, flags=re.M)[1:]:
        first, *properties = (line.split() for line in element.splitlines())
        if len(first) != 2 or not first[1].isdigit():
            raise FileProblem(Code.CORRUPT, "PLY element without a count")
        least = sum(_ply_bytes(words, binary) for words in properties)
        _check_count(int(first[1][:20]), least, data, limits)


def _ply_bytes(words: list[bytes], binary: bool) -> int:
    """Bytes that one property needs at the least; of an empty list its length."""
    if words[:1] != [b"property"] or len(words) < 3:
        return 0
    kind = words[2] if words[1] == b"list" else words[1]
    return _PLY_SIZES.get(kind, 1) if binary else 2


def _check_off(data: bytes, limits: Limits) -> None:
    bare = re.sub(rb"#[^\n]*", b"", data[:HEAD_BYTES])
    found = re.match(rb"\s*\w*OFF\s*(\d{1,20})\s+(\d{1,20})", bare)
    if found is None:
        raise FileProblem(Code.CORRUPT, "OFF without counts")
    for count, least_bytes in zip(found.groups(), (6, 4), strict=True):
        _check_count(int(count), least_bytes, data, limits)


def _check_gltf(data: bytes, limits: Limits) -> None:
    _check_tree(_json(data, limits), len(data), limits)


def _check_tree(tree: Any, size: int, limits: Limits) -> None:
    if not isinstance(tree, dict):
        raise FileProblem(Code.CORRUPT, "glTF: not an object")
    if not _dicts(tree, "meshes"):
        raise FileProblem(Code.NO_CONTENT, "glTF without a mesh")
    nodes = len(_dicts(tree, "nodes"))
    if nodes > limits.members:
        raise FileProblem(Code.TOO_LARGE, f"glTF of {nodes} nodes; the limit is {limits.members}")
    for buffer in _dicts(tree, "buffers"):
        uri = buffer.get("uri")
        if isinstance(uri, str) and not uri.startswith("data:"):
            raise FileProblem(
                Code.CORRUPT, f"glTF: geometry in another file is not read: {uri[:80]!r}"
            )
    for accessor in _dicts(tree, "accessors"):
        _check_accessor(accessor, size, limits)


def _check_accessor(accessor: dict[str, Any], size: int, limits: Limits) -> None:
    """A count that the file cannot hold, or, for one without bytes of its own, too large a one."""
    count = accessor.get("count")
    if not isinstance(count, int) or count < 0:
        raise FileProblem(Code.CORRUPT, "glTF: accessor without a count")
    if count > 3 * limits.vertices:  # three indices a face
        raise FileProblem(Code.TOO_LARGE, f"glTF: accessor of {count} values")
    width = _GLTF_WIDTH.get(str(accessor.get("type")), 1)
    each = _GLTF_BYTES.get(accessor.get("componentType"), 1) * width
    if "bufferView" in accessor and count > size:  # values may overlap
        raise FileProblem(Code.CORRUPT, f"glTF: {count} values in {size} bytes")
    if count * each > limits.inflated_bytes:
        raise FileProblem(Code.TOO_LARGE, f"glTF: accessor of {count * each} bytes")


def _dicts(tree: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = tree.get(name)
    return [d for d in found if isinstance(d, dict)] if isinstance(found, list) else []


def _json(data: bytes, limits: Limits) -> Any:
    if len(re.findall(rb"[\[{]", data)) > limits.json_depth and _depth(data) > limits.json_depth:
        raise FileProblem(Code.TOO_LARGE, f"JSON nested deeper than {limits.json_depth}")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as e:
        raise FileProblem(Code.CORRUPT, f"glTF: {e}") from e


def _depth(data: bytes) -> int:
    """Deepest nesting of brackets outside strings."""
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]', data, re.S):
        sign = token.group()
        if sign in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in b"]}":
            depth -= 1
    return deepest


def _check_glb(data: bytes, limits: Limits) -> None:
    """The first chunk of a GLB is its JSON."""
    if len(data) < 20:
        raise FileProblem(Code.CORRUPT, "GLB of fewer than 20 bytes")
    (length,) = struct.unpack_from("<I", data, 12)
    if length > len(data) - 20:
        raise FileProblem(Code.CORRUPT, f"GLB: a JSON of {length} bytes in {len(data)}")
    _check_tree(_json(data[20 : 20 + length], limits), len(data), limits)


def _check_3mf(data: bytes, limits: Limits) -> None:
    with archive.opened(io.BytesIO(data), limits) as members:
        for name in members.namelist():
            if name.lower().endswith(".model"):
                markup.xml(archive.read(members, name, limits))


def _check_dae(data: bytes, _: Limits) -> None:
    markup.xml(data)


_CHECKS: dict[str, Callable[[bytes, Limits], None]] = {
    "stl": _check_stl,
    "ply": _check_ply,
    "off": _check_off,
    "gltf": _check_gltf,
    "glb": _check_glb,
    "3mf": _check_3mf,
    "dae": _check_dae,
}
