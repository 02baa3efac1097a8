"""Previews are drawn once, kept within a limit, and only of originals that are still the same."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from quintet.errors import OriginalChanged, OriginalGone, UnknownName
from quintet.flows import previews
from quintet.flows.originals import Original
from quintet.flows.previews import Previews, drawn
from quintet.store.records import FileRow
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Item,
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)

RED = ImageMedia(
    modality=Modality.IMAGE,
    format="png",
    segments=(),
    pixels=np.full((600, 900, 3), (200, 10, 10), np.uint8),
)


class CountingBox:
    """Decodes everything to one medium, slowly."""

    def __init__(self, media=RED):
        self.media = media
        self.opened = 0
        self._lock = threading.Lock()

    def open(self, file, *, sidecars=None):
        with self._lock:
            self.opened += 1
        time.sleep(0.05)
        return self.media


def original(folder, n=0, modality=Modality.IMAGE):
    path = folder / f"{n}.bin"
    path.write_bytes(b"data")
    info = path.stat()
    item_id = f"{n:064x}"
    place = (info.st_size, info.st_mtime_ns)
    item = Item(item_id, modality, "png", str(path), *place, "2026-01-01")
    return Original(item, (FileRow(str(path), str(folder), *place, info.st_ino, item_id),))


def test_requests_at_the_same_time_decode_once(tmp_path):
    box = CountingBox()
    made = Previews(tmp_path, box)
    own = original(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: made.get(own, "thumb"), range(8)))
    assert box.opened == 1
    assert len(set(found)) == 1


def test_another_process_finds_what_is_kept(tmp_path):
    own = original(tmp_path)
    first = Previews(tmp_path, CountingBox()).get(own, "thumb")
    box = CountingBox()
    assert Previews(tmp_path, box).get(own, "thumb") == first
    assert box.opened == 0


def test_another_way_of_drawing_is_another_preview(tmp_path, monkeypatch):
    own, box = original(tmp_path), CountingBox()
    made = Previews(tmp_path, box)
    made.get(own, "thumb")
    monkeypatch.setattr(previews, "VERSION", previews.VERSION + 1)
    made.get(own, "thumb")
    assert box.opened == 2


def test_the_oldest_go_when_there_are_too_many(tmp_path):
    made = Previews(tmp_path, CountingBox())
    size = len(made.get(original(tmp_path, 0), "thumb"))
    limited = Previews(tmp_path, box := CountingBox(), most_bytes=10 * size)
    for n in range(20):
        limited.get(original(tmp_path, n), "thumb")
        for path in (tmp_path / "previews").glob(f"*/{n:064x}*"):
            os.utime(path, (1000 + n, 1000 + n))
    kept = sorted((tmp_path / "previews").glob("*/*"))
    assert sum(p.stat().st_size for p in kept) <= 10 * size
    assert {int(p.name[:64], 16) for p in kept} == set(range(20 - len(kept), 20))
    opened = box.opened
    limited.get(original(tmp_path, 19), "thumb")
    assert box.opened == opened
    limited.get(original(tmp_path, 0), "thumb")
    assert box.opened == opened + 1


def test_nothing_half_written_is_left(tmp_path):
    made = Previews(tmp_path, CountingBox())
    made.get(original(tmp_path), "thumb")
    assert [p.name for p in (tmp_path / "previews").glob("*/*")] == [
        previews.tag("0" * 64, "thumb")
    ]


def test_a_folder_that_cannot_be_written_still_shows(tmp_path):
    (tmp_path / "previews").write_text("a file in the way")
    assert Previews(tmp_path, CountingBox()).get(original(tmp_path), "thumb")


def test_the_original_is_gone(tmp_path):
    own = original(tmp_path)
    os.unlink(own.item.path)  # noqa: PTH108
    with pytest.raises(OriginalGone, match="quintet add"):
        Previews(tmp_path, CountingBox()).get(own, "thumb")


def test_the_original_is_another_file(tmp_path):
    own = original(tmp_path)
    with open(own.item.path, "ab") as file:  # noqa: PTH123
        file.write(b"more")
    with pytest.raises(OriginalChanged, match="another one now"):
        Previews(tmp_path, CountingBox()).get(own, "thumb")


def test_a_folder_on_the_way_that_became_a_link(tmp_path):
    (tmp_path / "root" / "sub").mkdir(parents=True)
    own = original(tmp_path / "root" / "sub")
    row = own.files[0]
    below = Original(own.item, (FileRow(row.path, str(tmp_path / "root"), *_place(row)),))
    with below.opened() as (file, _):
        assert file.read() == b"data"
    (tmp_path / "root" / "sub").rename(tmp_path / "moved")
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "moved")
    with pytest.raises(OriginalGone), below.opened():
        pass


def _place(row):
    return row.size_bytes, row.mtime_ns, row.inode, row.item_id


def test_a_further_copy_is_used(tmp_path):
    gone, there = original(tmp_path, 0), original(tmp_path, 1)
    os.unlink(gone.item.path)  # noqa: PTH108
    both = Original(gone.item, (*gone.files, *there.files))
    assert Previews(tmp_path, CountingBox()).get(both, "thumb")


def test_a_silent_film_is_not_decoded_for_its_sound_again(tmp_path):
    box = CountingBox(film(shots=2))
    own = original(tmp_path, modality=Modality.VIDEO)
    made = Previews(tmp_path, box)
    for _ in range(3):
        with pytest.raises(UnknownName):
            made.get(own, "wave")
    assert box.opened == 1


def film(shots):
    return VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=tuple(
            Segment(SegmentKind.SHOT, n, start_s=float(n), end_s=n + 1.0) for n in range(shots)
        ),
        frames=np.repeat(np.arange(shots, dtype=np.uint8), 40 * 30 * 3).reshape(shots, 30, 40, 3),
        times_s=np.arange(shots, dtype=np.float32),
        shot_of_frame=np.arange(shots),
        duration_s=float(shots),
    )


def test_a_long_film_has_sixty_tiles_of_all_of_it():
    told = json.loads(drawn(film(shots=200), "strip.json")["strip.json"])
    numbers = [tile["no"] for tile in told["tiles"]]
    assert len(numbers) == 60
    assert numbers[0] == 0
    assert numbers[-1] > 190
    assert told["tiles"][-1]["start_s"] == numbers[-1]


def test_peaks_lie_where_the_sound_is():
    samples = np.zeros(4000, np.int16)
    samples[3000:] = 900
    sound = AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=(),
        samples=samples,
        sample_rate_hz=1000,
        duration_s=4.0,
    )
    found = json.loads(drawn(sound, "wave.json")["wave.json"])["peaks"]
    assert found[:740] == [0.0] * 740
    assert found[760:] == [1.0] * 240


def test_a_long_text_is_cut():
    text = "Word. " * 2000
    segments = tuple(
        Segment(SegmentKind.SENTENCE, n, start_char=6 * n, end_char=6 * n + 5) for n in range(2000)
    )
    media = TextMedia(modality=Modality.TEXT, format="txt", segments=segments, text=text)
    told = json.loads(drawn(media, "text.json")["text.json"])
    assert len(told["text"]) == 4000
    assert told["segments"][-1]["start_char"] < 4000 <= told["segments"][-1]["end_char"] + 6
