"""One small good file of every format, as bytes: what mutations and disguises start from."""

import base64
import functools
import io
import json
import zipfile
from fractions import Fraction

import av
import docx
import numpy as np
import soundfile
import trimesh
from PIL import Image

RATE = 12
PICTURES = ("jpeg", "png", "webp", "bmp", "tiff", "gif", "ppm", "avif")
SOUNDS = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "mp3": "MP3", "aiff": "AIFF", "au": "AU"}
FILMS = {
    "mp4": ("mp4", "mpeg4"),
    "mkv": ("matroska", "mpeg4"),
    "avi": ("avi", "mpeg4"),
    "mov": ("mov", "mjpeg"),
    "mpegts": ("mpegts", "mpeg2video"),
    "flv": ("flv", "flv"),
}
MODELS = ("obj", "stl", "ply", "off", "glb", "dae", "3mf")


@functools.cache
def good_files() -> dict[str, bytes]:
    """Name of a format to a file of it."""
    return {
        **{name: picture(name) for name in PICTURES},
        **{f"animated {name}": animation(name) for name in ("gif", "webp", "png")},
        **{name: sound(name) for name in SOUNDS},
        **{name: film(name) for name in FILMS},
        **{name: model(name) for name in MODELS},
        "gltf": gltf(),
        **texts(),
        "pdf": pdf("A dog runs over the grass."),
        "docx": word_file("A dog runs.", "A cat sleeps."),
        "odt": open_document("A dog runs."),
        "epub": book("<p>A dog runs.</p>"),
    }


def _drawn(side: int = 48) -> Image.Image:
    x = np.arange(side * side * 3, dtype=np.uint32).reshape(side, side, 3)
    return Image.fromarray((x * 37 // 11 % 251).astype(np.uint8))


def picture(name: str, **options: object) -> bytes:
    """A picture of 48 × 48 pixels."""
    out = io.BytesIO()
    _drawn().save(out, name.upper(), **options)
    return out.getvalue()


def animation(name: str) -> bytes:
    """Five frames."""
    out = io.BytesIO()
    first, *rest = [_drawn().rotate(20 * n) for n in range(5)]
    first.save(out, name.upper(), save_all=True, append_images=rest, duration=100)
    return out.getvalue()


def sound(name: str, seconds: float = 0.5) -> bytes:
    """A tone."""
    out = io.BytesIO()
    t = np.arange(int(22_050 * seconds)) / 22_050
    soundfile.write(out, 0.5 * np.sin(2 * np.pi * 440 * t), 22_050, format=SOUNDS[name])
    return out.getvalue()


def film(name: str, count: int = 12, **tags: str) -> bytes:
    """A second of film of 48 × 48 pixels."""
    container, codec = FILMS[name]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as made:
        made.metadata.update(tags)
        stream = made.add_stream(codec, rate=RATE)
        stream.width = stream.height = 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for n in range(count):
            frame = np.asarray(_drawn().rotate(30 * n).convert("RGB"))
            made.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        made.mux(stream.encode(None))
    return out.getvalue()


def solid() -> trimesh.Trimesh:
    """Few triangles that are no symmetric body."""
    shape = trimesh.creation.box((1.0, 2.0, 3.0))
    shape.vertices[0] += 0.5
    return shape


def model(name: str) -> bytes:
    """A model in one file."""
    made = solid().export(file_type=name)
    return made.encode() if isinstance(made, str) else made


def gltf(shape: trimesh.Trimesh | None = None) -> bytes:
    """A glTF that holds its buffers itself."""
    files = trimesh.exchange.gltf.export_gltf(trimesh.Scene(shape or solid()))
    tree = json.loads(files["model.gltf"])
    for buffer in tree["buffers"]:
        data = base64.b64encode(files[buffer["uri"]]).decode()
        buffer["uri"] = f"data:application/octet-stream;base64,{data}"
    return json.dumps(tree).encode()


def texts() -> dict[str, bytes]:
    """The formats that are written by hand."""
    return {
        "txt": "A dog runs. 一只狗在跑。\nThe end.\n".encode(),
        "md": b"# A dog\n\n* It **runs**, see [here](http://x.org).\n* It sleeps.\n",
        "html": b"<!doctype html><title>Dog</title><body><p>A dog <b>runs</b>.</p><p>End.</p>",
        "xml": b'<?xml version="1.0"?><a><b>A dog</b><c>runs.</c></a>',
        "srt": b"1\n00:00:01,000 --> 00:00:02,000\nA dog.\n\n2\n00:00:03,000 --> 00:00:04,000\nE\n",
        "vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\nA dog.\n\n00:03.000 --> 00:04.000\nEnd.\n",
        "rtf": b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 A dog \\b runs\\b0 .\\par End.}",
    }


def pdf(line: str) -> bytes:
    """A PDF of one page with one line."""
    stream = f"BT /F 12 Tf 40 100 Td ({line}) Tj ET"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents 5 0 R"
        "/Resources<</Font<</F 3 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
    )
    body = "".join(f"{no} 0 obj\n{content}\nendobj\n" for no, content in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n".encode()


def word_file(*paragraphs: str) -> bytes:
    """A Word file."""
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def packed(members: dict[str, str | bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, how)
    return out.getvalue()


def open_document(text: str, head: str = "") -> bytes:
    """An OpenDocument text of one paragraph; ``head`` stands before the root element."""
    office = 'xmlns:office="urn:o" xmlns:text="urn:t"'
    body = f"<office:document-content {office}><text:p>{text}</text:p></office:document-content>"
    kind = "application/vnd.oasis.opendocument.text"
    return packed({"mimetype": kind, "content.xml": head + body})


def book(chapter: str, href: str = "one.xhtml", head: str = "") -> bytes:
    """An EPUB of one chapter; ``href`` is where the book says that it is."""
    package = (
        f'{head}<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>'
        f'<item id="a" href="{href}" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>'
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": package,
            "one.xhtml": f"<html><body>{chapter}</body></html>",
        }
    )
