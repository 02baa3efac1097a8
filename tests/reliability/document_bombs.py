"""Small models and texts that ask for huge amounts of memory or time."""

import gzip
import io
import json
import struct
import zipfile
import zlib

import trimesh
from good_files import book, gltf, model, open_document, packed, pdf

TENFOLD = "".join(f"<!ENTITY a{no + 1} '{f'&a{no};' * 10}'>" for no in range(12))
LAUGHS = f"<!DOCTYPE a [<!ENTITY a0 'ha'>{TENFOLD}]>"
QUADRATIC = f"<!DOCTYPE a [<!ENTITY a0 '{'x' * 50_000}'>]>"


def tree(change, start=None):
    """A glTF with a change."""
    made = json.loads(start or gltf())
    change(made)
    return json.dumps(made).encode()


def counted(no, count):
    """A glTF one of whose accessors claims so many values."""
    return tree(lambda t: t["accessors"][no].update(count=count))


def imagined(count):
    """A glTF of values that no byte stands for: an accessor without a view is all 0."""

    def change(t):
        for accessor in t["accessors"]:
            accessor.update(count=count)
            accessor.pop("bufferView", None)

    return tree(change)


def sphere():
    """A glTF of some thousand triangles."""
    return gltf(trimesh.creation.icosphere(subdivisions=5))


def placed(times, start=None):
    """A glTF that places one model so often."""

    def change(t):
        mesh = next(n["mesh"] for n in t["nodes"] if "mesh" in n)
        t["nodes"] = [{"children": list(range(1, times + 1))}, *[{"mesh": mesh}] * times]
        t["scenes"], t["scene"] = [{"nodes": [0]}], 0

    return tree(change, start)


def laughing_nodes(levels):
    """A glTF whose nodes are each placed ten times in the next: 10 ** levels in all."""

    def change(t):
        mesh = next(n["mesh"] for n in t["nodes"] if "mesh" in n)
        t["nodes"] = [{"children": [no + 1] * 10} for no in range(levels)] + [{"mesh": mesh}]
        t["scenes"], t["scene"] = [{"nodes": [0]}], 0

    return tree(change)


def parts_3mf(levels):
    """A 3MF whose objects each hold the one before ten times."""
    corners = "".join(f'<vertex x="{x}" y="{y}" z="0"/>' for x, y in ((0, 0), (1, 0), (0, 1)))
    mesh = f'<mesh><vertices>{corners}</vertices><triangles><triangle v1="0" v2="1" v3="2"/>'
    objects = [f'<object id="1">{mesh}</triangles></mesh></object>']
    for no in range(2, levels + 2):
        inner = f'<component objectid="{no - 1}"/>' * 10
        objects.append(f'<object id="{no}"><components>{inner}</components></object>')
    core = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    return packed(
        {
            "3D/3dmodel.model": f'<model xmlns="{core}"><resources>{"".join(objects)}</resources>'
            f'<build><item objectid="{levels + 1}"/></build></model>'
        }
    )


def deep(opening, closing, depth=200_000):
    """So many of one thing in another."""
    return (opening * depth + "x" + closing * depth).encode()


def deep_gltf():
    """Brackets in brackets."""
    return b'{"asset": {"version": "2.0"}, "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def zipped_bombs(levels):
    """Archives in archives, ten in each."""
    inner = packed({"a": bytes(1 << 20)})
    for _ in range(levels):
        inner = packed({f"{no}.zip": inner for no in range(10)})
    return inner


def lying(claimed):
    """A Word file whose directory claims another size than its member has."""
    data = packed({"word/document.xml": "<a>" + " " * (64 << 20) + "</a>"})
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", claimed) + data[at + 28 :]


def overlapping(count):
    """A Word file with many members that are all the same bytes: a megabyte each."""
    data = packed({"word/document.xml": "<a>" + "b" * (1 << 20) + "</a>"})
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[at:end]
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, at, 0)
    return data[:at] + entry * count + tail


def members(count):
    """A Word file with so many members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a>b</a>")
        for no in range(count):
            archive.writestr(f"{no}", b"")
    return out.getvalue()


def pdf_pages(count):
    """A PDF whose tree names one page so often."""
    kids = b"/Kids[" + b"4 0 R " * count + b"]/Count %d" % count
    return pdf("One.").replace(b"/Kids[4 0 R]/Count 1", kids)


def pdf_stream(size):
    """A PDF whose page inflates to so many bytes of words."""
    body = zlib.compress(b"BT /F 12 Tf (word) Tj ET " * (size // 25), 9)
    data = pdf("One.")
    at, end = data.index(b"5 0 obj"), data.index(b"trailer")
    head = b"5 0 obj\n<</Filter/FlateDecode/Length %d>>stream\n" % len(body)
    return data[:at] + head + body + b"\nendstream\nendobj\n" + data[end:]


def ply(count, kind="float x"):
    """A PLY that claims so many vertices."""
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\nproperty {kind}\n"
    return head.encode() + b"end_header\n" + bytes(100)


def ply_list():
    """A PLY whose first face claims 2 ** 31 corners."""
    head = (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty float x\n"
        b"property float y\nproperty float z\nelement face 1\n"
        b"property list uint int vertex_indices\nend_header\n"
    )
    return head + bytes(36) + b"\xff\xff\xff\x7f" + bytes(12)


MODELS = {
    "3mf of 64 MiB of XML": lambda: packed({"3D/3dmodel.model": "<a>" + " " * (64 << 20)}),
    "3mf of laughs": lambda: packed({"3D/3dmodel.model": LAUGHS + "<a>&a12;</a>"}),
    "3mf of parts in parts": lambda: parts_3mf(9),
    "stl of 2^32 triangles": lambda: b"STL".ljust(80, b"\0") + b"\xff" * 4 + bytes(500),
    "ply of 4 · 10^9 points": lambda: ply(4_000_000_000),
    "ply of 10^400 points": lambda: ply("9" * 400),
    "ply of a face with 2^31 corners": ply_list,
    "off of 4 · 10^9 points": lambda: b"OFF\n4000000000 1 0\n0 0 0\n",
    "obj of a face with 300 000 corners": lambda: (
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf" + b" 1 2 3" * 100_000 + b"\n"
    ),
    "obj of 300 000 empty faces": lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 1\n" + b"f 1 1 1\n" * 300_000,
    "gltf of 10^12 values": lambda: counted(0, 10**12),
    "gltf of 5 · 10^7 values that are all 0": lambda: imagined(50_000_000),
    "gltf of one model placed 100 000 times": lambda: placed(100_000),
    "gltf of one model placed 9 000 times": lambda: placed(9_000, sphere()),
    "gltf of nodes in nodes": lambda: laughing_nodes(9),
    "gltf of 200 000 brackets": deep_gltf,
    "gltf with a number of 5 000 000 digits": lambda: (
        b'{"asset": {"version": "2.0"}, "x": ' + b"9" * 5_000_000 + b"}"
    ),
    "glb of 4 GiB of JSON": lambda: model("glb")[:12] + b"\xff" * 4 + model("glb")[16:],
    "collada of laughs": lambda: f"{LAUGHS}<COLLADA><x>&a12;</x></COLLADA>".encode(),
    "collada of 200 000 elements": lambda: b"<COLLADA>" + deep("<x>", "</x>"),
}
TEXTS = {
    "xml of laughs": lambda: f"<?xml version='1.0'?>{LAUGHS}<a>&a12;</a>".encode(),
    "xml of quadratic laughs": lambda: (
        f"<?xml version='1.0'?>{QUADRATIC}<a>{'&a0;' * 50_000}</a>".encode()
    ),
    "xml of laughs in parameters": lambda: (
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY % a 'x'>"
        + b"".join(b"<!ENTITY %% b%d '%%a;%%a;%%a;'>" % no for no in range(20_000))
        + b"]><a/>"
    ),
    "xml of 200 000 elements in elements": lambda: b"<?xml version='1.0'?>" + deep("<a>", "</a>"),
    "xml of 100 000 attributes": lambda: (
        "<?xml version='1.0'?><a {}/>".format(" ".join(f"a{no}='1'" for no in range(100_000)))
    ).encode(),
    "svg of laughs": lambda: f"<svg>{LAUGHS}<text>&a12;</text></svg>".encode(),
    "html of 200 000 elements in elements": lambda: b"<!doctype html>" + deep("<div>", "</div>"),
    "html of 300 000 attributes": lambda: (
        "<!doctype html><p {}>x".format(" ".join(f"a{no}=1" for no in range(300_000)))
    ).encode(),
    "docx of 64 MiB": lambda: packed({"word/document.xml": "<a>" + " " * (64 << 20) + "</a>"}),
    "docx that claims 10 bytes": lambda: lying(10),
    "docx that claims 4 GiB": lambda: lying(2**32 - 2),
    "docx of overlapping members": lambda: overlapping(9_000),
    "docx of 20 000 members": lambda: members(20_000),
    "odt of laughs": lambda: open_document("&a12;", LAUGHS),
    "epub of laughs": lambda: book("x", head=LAUGHS, href="&a12;"),
    "epub of laughs in a chapter": lambda: book("&a12;" * 1000),
    "zip of a model of 64 MiB": lambda: packed({"a.obj": bytes(64 << 20)}),
    "zip of 10 GiB, four levels deep": lambda: zipped_bombs(4),
    "gzip of 64 MiB": lambda: gzip.compress(bytes(64 << 20), 9),
    "pdf of 300 000 pages": lambda: pdf_pages(300_000),
    "pdf that claims 2^31 pages": lambda: pdf("x").replace(b"/Count 1", b"/Count 2147483647"),
    "pdf of a page in itself": lambda: pdf("x").replace(b"/Kids[4 0 R]", b"/Kids[2 0 R]"),
    "pdf of a page of 200 MiB": lambda: pdf_stream(200 << 20),
    "pdf of 500 000 arrays in arrays": lambda: pdf("x").replace(b"/Count", b"[" * 500_000),
    "rtf of 1 000 000 groups": lambda: b"{\\rtf1" + b"{" * 1_000_000 + b"x",
    "txt of 21 000 000 letters": lambda: b"ab cd " * 3_500_000,
    "md of brackets": lambda: b"# A\n\n" + b"[" * 500_000,
    "md of stars": lambda: b"# A\n\n" + b"*a **b " * 100_000,
}
BOMBS = MODELS | TEXTS
"""What it is, to a function that makes it."""
