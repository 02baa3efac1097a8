"""Rows of a benchmark: encoded once, in order, kept under a name that says what they are of."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from media_fakes import FakeBox, FakeEncoder
from PIL import Image

from quintet.datasets.benchmark import Entry
from quintet.flows import encoding
from quintet.flows.encoding import encoded
from quintet.flows.parts import BUILT_IN
from quintet.types import Modality

TEXT, AUDIO = Modality.TEXT, Modality.AUDIO


class Encoder(FakeEncoder):
    """Text: one step of three numbers a segment; other media: one step of five."""

    def encode(self, media, segments):
        if self.modality is TEXT:
            return super().encode(media, segments)
        return [np.full((1, 5), len(segments), np.float32)]


class Work:
    """Counts what is decoded and encoded, and says what the encoders are."""

    def __init__(self):
        self.boxes = []
        self.encoded = 0
        self.version = "1"

    def box(self, workers):
        self.boxes.append(FakeBox())
        self.boxes[-1].close = lambda: None
        return self.boxes[-1]

    def encoder(self, modality, spec):
        assert spec == BUILT_IN[modality]
        made = Encoder(modality)
        made.version = self.version
        inner = made.encode

        def counted(media, segments):
            self.encoded += 1
            return inner(media, segments)

        made.encode = counted
        return made

    @property
    def decoded(self):
        return sum(box.opened for box in self.boxes)


@pytest.fixture
def work(monkeypatch):
    made = Work()
    monkeypatch.setattr(encoding, "Box", made.box)
    monkeypatch.setattr(encoding, "encoder", made.encoder)
    return made


def quiet(stage, done, total):
    pass


def text_file(folder: Path, name: str, content: str) -> Entry:
    place = folder / name
    place.write_text(content, "utf-8")
    return Entry(TEXT, place)


@pytest.fixture
def mixed(tmp_path):
    """A file, a text, an array, a file that cannot be read, one of another medium, a video."""
    files = tmp_path / "files"
    files.mkdir()
    video = text_file(files, "v.mp4", "video")
    return [
        text_file(files, "a.txt", "four\nsentences\nof\ntext"),
        Entry(TEXT, "a text of its own"),
        Entry(AUDIO, np.arange(8, dtype=np.float32).reshape(2, 4)),
        text_file(files, "b.txt", "bad on purpose"),
        Entry(AUDIO, text_file(files, "c.txt", "no sound at all").content),
        Entry(Modality.VIDEO, video.content),
        text_file(files, "d.txt", "last"),
    ]


def same(first, second):
    assert len(first) == len(second)
    for x, y in zip(first, second, strict=True):
        if x is None or y is None:
            assert x is y
        else:
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            assert x.tobytes() == y.tobytes()


def test_files_texts_and_arrays_come_back_in_order(work, mixed):
    rows = encoded(mixed, "mixed", None, quiet)
    assert [None if x is None else x.shape for x in rows] == [
        (4, 3),
        (1, 3),
        (2, 4),
        None,
        None,
        (1, 5),
        (1, 3),
    ]
    assert rows[0][:, 0].tolist() == [4, 10, 4, 7]  # length of the sentence, and its number
    assert rows[1][0, 0] == len("a text of its own")
    assert rows[2] is mixed[2].content
    assert rows[6][0, 0] == len("last")


def test_order_holds_with_more_rows_than_are_in_work_at_a_time(work, monkeypatch):
    monkeypatch.setattr(encoding, "AHEAD", 3)
    entries = [Entry(TEXT, "x" * (1 + n * 7 % 31)) for n in range(40)]
    ticks = []
    rows = encoded(entries, "long", None, lambda *told: ticks.append(told))
    assert [int(x[0, 0]) for x in rows] == [len(e.content) for e in entries]
    assert ticks == [("encode long", n + 1, 40) for n in range(40)]


def test_arrays_alone_are_neither_encoded_nor_kept(work, tmp_path):
    x = np.ones((2, 3), np.float32)
    rows = encoded([Entry(TEXT, x), Entry(AUDIO, x)], "plain", tmp_path / "cache", quiet)
    assert [row is x for row in rows] == [True, True]
    assert not (tmp_path / "cache").exists()


def test_second_time_rows_are_equal_to_the_bit_and_nothing_is_decoded(work, mixed, tmp_path):
    first = encoded(mixed, "mixed", tmp_path / "cache" / "deep", quiet)
    done = (work.decoded, work.encoded)
    assert done == (5, 4)  # of five files one is bad and one of another medium
    again = encoded(mixed, "mixed", tmp_path / "cache" / "deep", quiet)
    assert (work.decoded, work.encoded) == done
    same(first, again)
    (kept,) = (tmp_path / "cache" / "deep").iterdir()
    assert kept.name.startswith("mixed-")
    assert kept.suffix == ".safetensors"


def test_without_a_folder_everything_is_encoded_again(work, mixed):
    first = encoded(mixed, "mixed", None, quiet)
    same(first, encoded(mixed, "mixed", None, quiet))
    assert (work.decoded, work.encoded) == (10, 8)


def other_version(work, entries):
    work.version = "2"


def later_file(work, entries):
    info = entries[0].content.stat()
    os.utime(entries[0].content, ns=(info.st_atime_ns, info.st_mtime_ns + 1_000_000))


def longer_file(work, entries):
    place = entries[0].content
    info = place.stat()
    place.write_text(place.read_text("utf-8") + "s", "utf-8")
    os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))


def other_file(work, entries):
    entries[0] = Entry(TEXT, entries[0].content.rename(entries[0].content.with_name("z.txt")))


def other_text(work, entries):
    entries[1] = Entry(TEXT, "another text")


def other_array(work, entries):
    entries[2] = Entry(AUDIO, entries[2].content + 1)


def other_order(work, entries):
    entries[0], entries[1] = entries[1], entries[0]


def other_modality(work, entries):
    entries[5] = Entry(AUDIO, entries[5].content)


def gone_file(work, entries):
    entries[6].content.unlink()


@pytest.mark.parametrize(
    "change",
    [
        other_version,
        later_file,
        longer_file,
        other_file,
        other_text,
        other_array,
        other_order,
        other_modality,
        gone_file,
    ],
)
def test_what_would_give_other_rows_is_encoded_again(work, mixed, tmp_path, change):
    cache = tmp_path / "cache"
    encoded(mixed, "mixed", cache, quiet)
    before = work.encoded
    change(work, mixed)
    changed = encoded(mixed, "mixed", cache, quiet)
    assert work.encoded > before
    same(changed, encoded(mixed, "mixed", None, quiet))
    assert len(list(cache.iterdir())) == 2


def test_texts_that_only_together_are_equal_are_not_taken_for_each_other(work, tmp_path):
    first = encoded([Entry(TEXT, "ab"), Entry(TEXT, "c")], "two", tmp_path, quiet)
    second = encoded([Entry(TEXT, "a"), Entry(TEXT, "bc")], "two", tmp_path, quiet)
    assert [int(x[0, 0]) for x in [*first, *second]] == [2, 1, 1, 2]


@pytest.mark.parametrize("keep", [False, True])
def test_files_that_are_gone_are_left_out(work, tmp_path, keep):
    entries = [Entry(TEXT, tmp_path / "never.txt"), text_file(tmp_path, "a.txt", "here")]
    for _ in range(2):
        rows = encoded(entries, "gone", tmp_path / "cache" if keep else None, quiet)
        assert rows[0] is None
        assert rows[1].shape == (1, 3)
    if keep:
        text_file(tmp_path, "never.txt", "there it is")
        assert encoded(entries, "gone", tmp_path / "cache", quiet)[0] is not None


def test_where_nothing_can_be_read_that_is_kept_too(work, tmp_path):
    entries = [Entry(TEXT, tmp_path / "never.txt")]
    for _ in range(2):
        assert encoded(entries, "none", tmp_path / "cache", quiet) == [None]


def test_an_error_of_ours_ends_the_run_and_leaves_nothing_behind(work, tmp_path):
    closed = []
    inner = work.box

    def box(workers):
        made = inner(workers)
        made.close = lambda: closed.append(made)
        return made

    encoding.Box = box  # put back by the fixture
    with pytest.raises(RuntimeError, match="cannot"):
        encoded([Entry(TEXT, "confuse")], "wrong", tmp_path / "cache", quiet)
    assert len(closed) == 1
    assert not (tmp_path / "cache").exists()


def test_real_files_go_through_the_real_box(tmp_path):
    Image.new("RGB", (40, 30), (200, 30, 30)).save(tmp_path / "red.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "red.png").read_bytes()[:40])
    entries = [
        Entry(Modality.IMAGE, tmp_path / "torn.png"),
        Entry(Modality.IMAGE, tmp_path / "red.png"),
        Entry(TEXT, "a red picture"),
    ]
    rows = encoded(entries, "real", tmp_path / "cache", quiet)
    assert rows[0] is None
    for row in rows[1:]:
        assert row.dtype == np.float32
        assert row.ndim == 2
        assert np.isfinite(row).all()
        assert len(row)
    same(rows, encoded(entries, "real", tmp_path / "cache", quiet))
