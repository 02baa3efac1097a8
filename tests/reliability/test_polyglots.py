"""Content decides what a file is: under a false name, and where it is two things at once."""

import io

import pytest
from good_files import animation, book, film, good_files, model, packed, pdf, picture, sound, texts
from outcomes import INDEXED, outcome

from quintet.flows.opening import opened
from quintet.flows.reading import decode

PAGE = b"<!doctype html><script>alert(1)</script><p>A dog.</p>"
VECTOR = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><text>Dog</text></svg>"
ARCHIVE = packed({"word/document.xml": "<a><p><t>Dog</t></p></a>"})
NAMES = ("a.html", "a.svg", "a.jpg", "a.mp4", "a.txt", "a.exe", "a", "a.m3u8")


@pytest.fixture(scope="module")
def tally():
    """How many of each were read as what they are."""
    return {"false names": 0, "polyglots": 0}


@pytest.mark.parametrize("kind", good_files())
def test_false_names(box, tmp_path, times, tally, kind):
    """A file is what it is under every name; 5 names in lane N."""
    for name in NAMES[: times(2, 5)]:
        (tmp_path / name).write_bytes(good_files()[kind])
        with opened(str(tmp_path / name), str(tmp_path)) as file:
            assert decode(box, file, str(tmp_path / name)).format in kind.split()
        (tmp_path / name).unlink()
        tally["false names"] += 1


def commented_gif():
    """A GIF with a page as its comment."""
    data = picture("gif")
    block = b"!\xfe" + bytes([len(PAGE)]) + PAGE + b"\0"
    at = data.index(b"!") if b"!" in data[:1000] else data.index(b",")
    return data[:at] + block + data[at:]


POLYGLOTS = {
    "jpeg and zip": (picture("jpeg") + ARCHIVE, "jpeg"),
    "jpeg and page": (picture("jpeg") + PAGE, "jpeg"),
    "jpeg and pdf": (picture("jpeg") + pdf("Dog."), "jpeg"),
    "png and zip": (picture("png") + ARCHIVE, "png"),
    "png and vector": (picture("png") + VECTOR, "png"),
    "png and script": (picture("png") + b"<?php system('id'); ?>", "png"),
    "gif and zip": (picture("gif") + ARCHIVE, "gif"),
    "gif and page": (commented_gif(), "gif"),
    "gif and script": (b"GIF89a=1;alert(1)//", None),
    "bmp and script": (b"BM=1;alert(1)//" + bytes(60), None),
    "animation and page": (animation("gif") + PAGE, "gif"),
    "webp and page": (picture("webp") + PAGE, "webp"),
    "tiff and pdf": (picture("tiff") + pdf("Dog."), "tiff"),
    "mp4 and page": (film("mp4") + PAGE, "mp4"),
    "mp4 and zip": (film("mp4") + ARCHIVE, "mp4"),
    "wav and zip": (sound("wav") + ARCHIVE, "wav"),
    "flac and page": (sound("flac") + PAGE, "flac"),
    "mp3 and page": (sound("mp3") + PAGE, "mp3"),
    "glb and zip": (model("glb") + ARCHIVE, None),
    "off and page": (model("off") + b"\n# " + PAGE, "off"),
    "pdf and zip": (pdf("Dog.") + ARCHIVE, "pdf"),
    "pdf behind a page": (b"<!--\n" + pdf("Dog.") + b"-->" + PAGE, "pdf"),
    "zip behind a page": (PAGE + ARCHIVE, None),
    "zip behind a program": (b"MZ" + bytes(200) + ARCHIVE, None),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(200), None),
    "shell and page": (b"#!/bin/sh\nid\n" + PAGE, None),
    "two books": (book("<p>Dog</p>") + book("<p>Cat</p>"), None),
    "book and letter": (packed({"META-INF/container.xml": "<a/>", "word/document.xml": "<a/>"}), 0),
    "text of a picture": (b"\xff\xd8\xff" + texts()["txt"], None),
    "mark of UTF-16 and page": (b"\xff\xfe" + PAGE.decode().encode("utf-16-le"), "html"),
    "vector": (VECTOR, "xml"),
}
"""What it is, to its bytes and the format that it must be read as; None where any, or none, is
right."""


@pytest.mark.parametrize("kind", POLYGLOTS)
def test_two_things_at_once(box, tally, kind):
    data, format = POLYGLOTS[kind]
    found = outcome(box, data)
    if format:
        assert (found.state, found.format) == (INDEXED, format)
    with io.BytesIO(data) as again:
        assert outcome(box, again.read()).format == found.format
    tally["polyglots"] += 1


def test_all_of_them(times, tally, figure):
    tried = {"false names": len(good_files()) * times(2, 5), "polyglots": len(POLYGLOTS)}
    figure(
        "F12", "files that were read by their content alone", tally, str(tried), met=tally == tried
    )
