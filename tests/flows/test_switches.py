"""A format that is switched off is never looked into; what is indexed already stays."""

import io

import pytest
from PIL import Image

import quintet
from quintet.errors import Code, FileProblem, UnknownName
from quintet.media import image
from quintet.media import open as opening


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "media"
    place.mkdir()
    for name in ("a.tiff", "b.png"):
        Image.new("RGB", (60, 40), (200, 30, 30)).save(place / name)
    (place / "c.txt").write_text("a red field.")
    return place


def states(lib):
    return {row.path.rsplit("/", 1)[-1]: row.code for row in lib.errors()}


def test_off_means_a_row_and_on_again_means_an_item(folder, tmp_path):
    with quintet.create(tmp_path / "home") as lib:
        lib.switch_formats(off=["tiff"])
        assert lib.add(folder).added == 2
        assert states(lib) == {"a.tiff": Code.OFF}
        assert [row.name for row in lib.formats() if not row.on] == ["tiff"]
        with pytest.raises(FileProblem, match="quintet formats --on tiff"):
            lib.search(like=folder / "a.tiff")
        lib.switch_formats(on=["tiff"])
        assert lib.add(folder).added == 1
        assert states(lib) == {}


def test_what_is_indexed_stays_and_is_found(folder, tmp_path):
    with quintet.create(tmp_path / "home") as lib:
        lib.add(folder)
        lib.switch_formats(off=["png", "txt"])
        report = lib.add(folder)
        assert (report.added, report.failed) == (0, 0)
        assert lib.search("red")[0].item.format == "txt"


def test_an_unknown_format_is_refused(tmp_path):
    with quintet.create(tmp_path) as lib, pytest.raises(UnknownName, match="tiff"):
        lib.switch_formats(off=["tif"])


def test_no_library_sees_a_picture_or_a_container_that_is_off(monkeypatch):
    def seen(*_):
        raise AssertionError("a decoder was asked")

    monkeypatch.setattr(image, "opened", seen)
    monkeypatch.setattr("quintet.media.container.opened", seen)
    for format, head in (
        ("gif", b"GIF89a"),
        ("mkv", b"\x1aE\xdf\xa3"),
        ("mp4", b"\0\0\0\x20ftypisom"),
    ):
        with pytest.raises(FileProblem) as told:
            opening.sniff(io.BytesIO(head + bytes(64)), (format,))
        assert told.value.code is Code.OFF
