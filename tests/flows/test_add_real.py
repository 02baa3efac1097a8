"""Adding with the real decoding box and the built-in encoders, on small real files."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from quintet.datasets.sample import make_item
from quintet.errors import Code
from quintet.flows.add import Work, add
from quintet.flows.parts import BUILT_IN, encoder
from quintet.flows.rebuild import encode_again, rebuild
from quintet.media.isolate import Box
from quintet.store.sqlite import Store
from quintet.types import OWN_CHANNEL, Channel, Modality

SRT = "1\n00:00:00,000 --> 00:00:01,000\nThe zeppelin lands.\n"


def silent(stage, done, total):
    pass


@pytest.fixture(scope="module")
def work():
    """The real parts, warm for all tests of this file."""
    encoders = {m: encoder(m, BUILT_IN[m]) for m in Modality}
    with Box(workers=2) as box:
        yield lambda tags=(): Work(box, encoders, None, tags, 2, silent)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """One thing in five media, two files each, a video with subtitles."""
    folder = tmp_path_factory.mktemp("media")
    for modality in Modality:
        for no in (0, 1):
            made = make_item(folder, modality, "bell", no)
            if modality is Modality.VIDEO and no == 0:
                made.with_suffix(".srt").write_text(SRT)
    return folder


@pytest.fixture
def media(originals, tmp_path):
    return Path(shutil.copytree(originals, tmp_path / "media"))


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "library") as made:
        yield made


def codes(store):
    return {Path(row.path).name: row.code for row in store.errors()}


def of_kind(folder, modality):
    found = sorted((folder / "bell" / modality.value).iterdir())
    return next(p for p in found if p.suffix != ".srt")


def test_every_medium_gets_segments_features_and_alikes(store, media, work):
    report = add(store, [media], work(["xylograph"]))
    assert (report.added, report.failed, report.skipped) == (10, 0, 0)
    items = store.get_many(store.find())
    assert {m: sum(i.modality is m for i in items) for m in Modality} == dict.fromkeys(Modality, 2)
    for item in items:
        own = OWN_CHANNEL[item.modality]
        segments = store.segments(item.id)[own]
        local = store.local([item.id], own)[item.id]
        assert len(segments) > 0
        assert local.segment_of_step.max() < len(segments)
        assert [s.no for s in segments] == list(range(len(segments)))
        assert item.tags == ("xylograph",)
    assert len(store.text_search("xylograph", 50)) == 10
    assert {i for i, n in store.stats().items.items() if n != 2} == set()
    assert store.verify() == []


def test_subtitles_beside_a_video_are_found_at_their_time(store, media, work):
    add(store, [media], work())
    (hit,) = store.text_search("zeppelin", 5)
    (item,) = store.get_many([hit.item_id])
    cue = store.segments(item.id)[Channel.SAID][hit.segment_no]
    assert item.modality is Modality.VIDEO
    assert (hit.field, hit.channel, cue.start_s, cue.end_s) == ("subtitle", Channel.SAID, 0, 1)
    assert not any(p.endswith(".srt") for i in store.get_many(store.find()) for p in (i.path,))


def test_content_decides_what_a_file_is(store, media, work):
    picture = of_kind(media, Modality.IMAGE)
    picture.rename(picture.with_suffix(".txt"))
    clip = of_kind(media, Modality.VIDEO)
    clip.rename(clip.with_suffix(".jpg"))
    assert add(store, [media], work()).failed == 0
    assert store.resolve(str(picture.with_suffix(".txt"))).modality is Modality.IMAGE
    assert store.resolve(str(clip.with_suffix(".jpg"))).modality is Modality.VIDEO


def test_broken_files_cost_one_row_each_and_the_run_goes_on(store, media, work):
    picture = of_kind(media, Modality.IMAGE).read_bytes()
    sound = of_kind(media, Modality.AUDIO).read_bytes()
    (media / "cut.jpg").write_bytes(picture[: len(picture) // 50])
    (media / "cut.wav").write_bytes(sound[:20])
    (media / "noise.mp4").write_bytes(bytes(range(1, 256)) * 40)
    (media / "empty.png").touch()
    (media / "solid.obj").write_text("v 0 0 0\nf 1 2 3\n")
    report = add(store, [media], work())
    assert (report.added, report.failed + report.skipped) == (10, 5)
    assert set(codes(store)) == {"cut.jpg", "cut.wav", "noise.mp4", "empty.png", "solid.obj"}
    assert codes(store)["empty.png"] == Code.EMPTY
    assert {row.stage for row in store.errors()} == {"decode"}
    shutil.copy(of_kind(media, Modality.IMAGE), media / "cut.jpg")
    (media / "cut.wav").unlink()
    add(store, [media], work())
    assert set(codes(store)) == {"noise.mp4", "empty.png", "solid.obj"}


def test_a_file_that_becomes_unreadable_leaves_its_old_content_missing(store, media, work):
    add(store, [media], work())
    path = of_kind(media, Modality.IMAGE)
    whole, item = path.read_bytes(), store.resolve(str(path))
    path.write_bytes(whole[:40])
    assert add(store, [media], work()).missing == 1
    assert store.get_many([item.id])[0].missing
    assert set(codes(store)) == {path.name}
    report = add(store, [media], work())
    assert (report.missing, report.failed) == (0, 1)
    path.write_bytes(whole)
    assert add(store, [media], work()).failed == 0
    assert not store.get_many([item.id])[0].missing
    assert store.errors() == []


def test_files_that_may_not_be_read(store, media, work, monkeypatch):
    path = str(of_kind(media, Modality.AUDIO))
    real = os.open

    def refuse(name, *rest, **options):
        if str(name) in (path, Path(path).name):
            raise PermissionError(13, "Permission denied")
        return real(name, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    report = add(store, [media], work())
    assert (report.added, report.failed) == (9, 1)
    assert codes(store) == {Path(path).name: Code.UNREADABLE}


def test_another_disk_that_is_away_is_not_forgotten(store, media, tmp_path, work):
    disk = tmp_path / "disk"
    disk.mkdir()
    shutil.copy(of_kind(media, Modality.IMAGE), disk / "x.img")
    add(store, [disk], work())
    away = disk.rename(tmp_path / "away")
    disk.mkdir()
    report = add(store, [media], work())
    assert (report.added, report.moved) == (9, 1)
    assert store.file(str(disk / "x.img")).missing
    disk.rmdir()
    away.rename(disk)
    assert add(store, [disk], work()).unchanged == 1
    assert store.stats().missing == 0


def test_many_copies_of_one_file(store, tmp_path, work):
    folder = tmp_path / "copies"
    folder.mkdir()
    for n in range(700):
        (folder / f"{n}.txt").write_text("The same words.")
    report = add(store, [folder], work())
    assert (report.added, report.duplicate) == (1, 699)
    assert report.seconds < 20
    (folder / "0.txt").rename(folder / "zero.txt")
    report = add(store, [folder], work())
    assert (report.moved, report.unchanged, report.missing) == (1, 699, 0)


def test_originals_are_not_touched(store, originals, work):
    def state():
        return {
            p: (p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode)
            for p in sorted(originals.rglob("*"))
            if p.is_file()
        }

    before = state()
    add(store, [originals], work())
    encode_again(store, work().box, work().encoders, None, silent)
    rebuild(store, None, silent)
    assert state() == before


def damage(folder, table):
    """Flip one bit of the first blob of a table."""
    column = {"features": "x", "vectors": "z"}[table]
    with sqlite3.connect(folder / "library.sqlite") as db:
        sql = f"SELECT item_id, channel, {column} FROM {table}"
        item_id, channel, blob = db.execute(sql).fetchone()
        wrong = bytes([blob[0] ^ 1]) + blob[1:]
        sql = f"UPDATE {table} SET {column} = ? WHERE item_id = ? AND channel = ?"
        db.execute(sql, (wrong, item_id, channel))
    db.close()
    return item_id


def test_rebuild_mends_damaged_vectors(store, media, work):
    add(store, [media], work())
    before = {s: store.vectors("alike", *s).z.tolist() for s in store.shelves("alike")}
    item_id = damage(store.folder, "vectors")
    (line,) = store.verify()
    assert item_id[:12] in line
    assert rebuild(store, None, silent).damaged == [line]
    assert store.verify() == []
    after = {s: store.vectors("alike", *s).z for s in store.shelves("alike")}
    assert {s: z.shape for s, z in after.items()} == {
        s: (len(z), len(z[0])) for s, z in before.items()
    }


def test_rebuild_with_features_mends_damaged_features(store, media, work):
    add(store, [media], work())
    item_id = damage(store.folder, "features")
    assert store.damaged() == [item_id]
    assert encode_again(store, work().box, work().encoders, None, silent) == (1, 0)
    assert store.verify() == []
    assert add(store, [media], work()).unchanged == 10


def test_damaged_features_of_a_file_that_is_gone_are_forgotten(store, media, work):
    add(store, [media], work())
    item_id = damage(store.folder, "features")
    Path(store.get_many([item_id])[0].path).unlink()
    assert encode_again(store, work().box, work().encoders, None, silent) == (0, 1)
    assert store.verify() == []
    assert store.has(item_id)
    assert rebuild(store, None, silent).damaged == []
