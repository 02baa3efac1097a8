"""Adding: what is new, unchanged, moved, duplicate, missing; what is wrong; and interruptions."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from media_fakes import FakeBox, run

from quintet.errors import Code, LibraryBusy, NoSpace, SourceError
from quintet.flows.add import FEW_MISSING
from quintet.store.sqlite import Store
from quintet.types import Channel, Modality

HERE = Path(__file__).parent


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "library") as made:
        yield made


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    (folder / "dogs").mkdir(parents=True)
    for n in range(5):
        (folder / "dogs" / f"RexAtHome_{n}.txt").write_text(f"A dog number {n}.\nIt barks.")
    (folder / "小猫.txt").write_text("一只小猫在睡觉。", encoding="utf-8")
    return folder


def counts(report):
    names = ("added", "unchanged", "updated", "moved", "duplicate", "missing", "skipped", "failed")
    return {n: getattr(report, n) for n in names if getattr(report, n)}


def paths(store):
    return sorted(p for item in store.get_many(store.find()) for p in (item.path, *item.others))


def words(store, query):
    return {
        store.get_many([h.item_id])[0].path.rsplit("/", 1)[-1] for h in store.text_search(query, 50)
    }


def test_everything_of_an_item_is_there(store, media):
    assert counts(run(store, media, tags=["pets"])) == {"added": 6}
    item = store.resolve(str(media / "dogs" / "RexAtHome_3.txt"))
    assert (item.modality, item.format, item.tags) == (Modality.TEXT, "txt", ("pets",))
    assert [s.text for s in store.segments(item.id)[Channel.WRITTEN]] == [
        "A dog number 3.",
        "It barks.",
    ]
    local = store.local([item.id], Channel.WRITTEN)[item.id]
    assert local.x.shape == (2, 3)
    assert local.segment_of_step.tolist() == [0, 1]
    (alike,) = store.shelves("alike")
    assert alike == (Modality.TEXT, Channel.WRITTEN)
    assert len(store.vectors("alike", *alike).keys) == 6


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rex", 5),
        ("home 3", 1),
        ("barking", 5),
        ("dogs", 5),
        ("pets", 6),
        ("猫", 1),
        ("小猫", 1),
        ("睡", 1),
        ("狗", 0),
    ],
)
def test_words_find_names_folders_texts_and_tags(store, media, query, found):
    run(store, media, tags=["pets"])
    assert len(words(store, query)) == found


def test_a_hit_points_at_the_sentence(store, media):
    run(store, media)
    (hit,) = {h for h in store.text_search("number 4", 10) if h.field == "text"}
    assert (hit.channel, hit.segment_no, hit.snippet) == (Channel.WRITTEN, 0, "A dog number 4.")


def test_adding_again_reads_nothing(store, media):
    run(store, media)
    box = FakeBox()
    assert counts(run(store, media, box=box)) == {"unchanged": 6}
    assert box.opened == 0


def test_a_touched_file_is_hashed_but_not_decoded(store, media):
    run(store, media)
    os.utime(media / "小猫.txt", (1, 1))
    box = FakeBox()
    assert counts(run(store, media, box=box)) == {"unchanged": 6}
    assert box.opened == 0
    assert store.file(str(media / "小猫.txt")).mtime_ns == 10**9


def test_moved_files_keep_what_is_known_of_them(store, media):
    run(store, media, tags=["pets"])
    (media / "dogs").rename(media / "hounds")
    box = FakeBox()
    assert counts(run(store, media, box=box)) == {"unchanged": 1, "moved": 5}
    assert box.opened == 0
    assert all("dogs" not in p for p in paths(store))
    assert len(words(store, "hounds")) == 5
    assert words(store, "dogs") == words(store, "dog")
    assert store.get_many(store.find())[0].tags == ("pets",)


def test_a_whole_root_that_was_renamed_or_comes_back(store, media, tmp_path):
    run(store, media)
    media.rename(tmp_path / "elsewhere")
    box = FakeBox()
    assert counts(run(store, tmp_path / "elsewhere", box=box)) == {"moved": 6}
    assert box.opened == 0
    items = store.get_many(store.find())
    assert all(Path(item.path).exists() and not item.missing for item in items)
    shutil.copytree(tmp_path / "elsewhere", media)
    run(store, media)
    assert len(store.find()) == 6
    assert store.stats().missing == 0


def test_duplicates_are_one_item(store, media):
    (media / "copy.txt").write_bytes((media / "小猫.txt").read_bytes())
    assert counts(run(store, media)) == {"added": 6, "duplicate": 1}
    assert len(store.find()) == 6
    assert words(store, "copy") == words(store, "小猫")
    (media / "小猫.txt").unlink()
    assert counts(run(store, media)) == {"unchanged": 6, "missing": 1}
    item = store.resolve(str(media / "copy.txt"))
    assert item.path == str(media / "copy.txt")
    assert not item.missing


def test_missing_files_are_marked_and_come_back(store, media):
    run(store, media)
    kept = (media / "小猫.txt").read_bytes()
    (media / "小猫.txt").unlink()
    assert counts(run(store, media)) == {"unchanged": 5, "missing": 1}
    assert store.get_many(store.find(["missing=yes"]))[0].path.endswith("小猫.txt")
    assert counts(run(store, media)) == {"unchanged": 5}
    (media / "小猫.txt").write_bytes(kept)
    assert counts(run(store, media)) == {"unchanged": 6}
    assert store.find(["missing=yes"]) == []


def test_a_changed_file_is_a_new_item_with_the_old_tags(store, media):
    run(store, media, tags=["pets"])
    old = store.resolve(str(media / "小猫.txt"))
    (media / "小猫.txt").write_text("一只老虎。", encoding="utf-8")
    assert counts(run(store, media)) == {"unchanged": 5, "added": 1}
    new = store.resolve(str(media / "小猫.txt"))
    assert new.id != old.id
    assert new.tags == ("pets",)
    assert not store.has(old.id)
    assert words(store, "老虎") == {"小猫.txt"}
    assert words(store, "睡觉") == set()


def test_two_files_that_swap_their_names_keep_their_tags(store, media):
    a, b = media / "dogs" / "RexAtHome_0.txt", media / "dogs" / "RexAtHome_1.txt"
    run(store, media)
    ids = store.resolve(str(a)).id, store.resolve(str(b)).id
    store.add_tags([ids[0]], ["first"])
    a.rename(media / "x")
    b.rename(a)
    (media / "x").rename(b)
    os.utime(a, (5, 5))
    os.utime(b, (6, 6))
    box = FakeBox()
    run(store, media, box=box)
    assert box.opened == 0
    assert (store.resolve(str(a)).id, store.resolve(str(b)).id) == ids[::-1]
    assert store.resolve(str(b)).tags == ("first",)
    assert len(store.find()) == 6


def test_content_that_moves_while_its_old_path_is_overwritten(store, media):
    old, new = media / "dogs" / "RexAtHome_0.txt", media / "z.txt"
    run(store, media)
    known = store.resolve(str(old)).id
    old.rename(new)
    old.write_text("Something else.")
    run(store, media)
    assert store.resolve(str(new)).id == known
    assert store.resolve(str(old)).id != known


def test_tags_reach_files_that_are_known_already(store, media):
    run(store, media)
    run(store, media, tags=["later"])
    assert store.tags() == {"later": 6}
    assert len(words(store, "later")) == 6


# what is wrong with a source


def test_an_empty_folder_is_an_error_and_no_deletion(store, media):
    run(store, media)
    for path in sorted(media.rglob("*.txt")):
        path.unlink()
    with pytest.raises(SourceError, match="disk not mounted"):
        run(store, media)
    assert store.stats().missing == 0
    assert store.jobs()[0].state == "failed"


def test_a_root_that_is_not_there(store, media, tmp_path):
    run(store, media)
    media.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="nothing was changed"):
        run(store, media)
    assert store.stats().missing == 0


def test_many_missing_files_are_only_reported(store, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(3 * FEW_MISSING):
        (folder / f"{n}.txt").write_text(f"number {n}")
    run(store, folder)
    for n in range(FEW_MISSING):
        (folder / f"{n}.txt").unlink()
    report = run(store, folder)
    assert counts(report) == {"unchanged": 2 * FEW_MISSING}
    assert "10 of 30 known files" in report.warnings[0]
    assert store.stats().missing == 0
    assert counts(run(store, folder, accept_missing=True))["missing"] == FEW_MISSING


def test_adding_one_file_says_nothing_about_its_neighbours(store, media):
    run(store, media)
    (media / "dogs" / "RexAtHome_0.txt").unlink()
    assert counts(run(store, media / "小猫.txt")) == {"unchanged": 1}
    assert store.stats().missing == 0


def test_a_folder_inside_a_known_one(store, media):
    run(store, media)
    (media / "dogs" / "RexAtHome_0.txt").unlink()
    assert counts(run(store, media / "dogs")) == {"unchanged": 4, "missing": 1}
    assert set(store.roots().values()) == {str(media)}


def test_the_outer_folder_becomes_the_root(store, media):
    run(store, media / "dogs")
    run(store, media)
    assert set(store.roots().values()) == {str(media)}


def test_the_library_inside_the_folder_is_not_read(media):
    with Store.create(media / "shelf") as store:
        assert counts(run(store, media)) == {"added": 6}


# what is wrong with a file


def test_each_bad_file_is_one_row(store, media):
    (media / "bad.txt").write_text("bad")
    (media / "bad copy.txt").write_text("bad")
    (media / "slow.txt").write_text("slow")
    (media / "empty.txt").touch()
    (media / "confuse.txt").write_text("confuse")
    (media / "link.txt").symlink_to(media / "小猫.txt")
    (media / "loop").symlink_to(media)
    os.mkfifo(media / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(media / "sock"))
        report = run(store, media)
    assert counts(report) == {"added": 6, "failed": 4, "skipped": 5}
    codes = {row.path.rsplit("/", 1)[-1]: row.code for row in store.errors()}
    assert codes == {
        "bad.txt": Code.CORRUPT,
        "bad copy.txt": Code.CORRUPT,
        "slow.txt": Code.TIMEOUT,
        "empty.txt": Code.EMPTY,
        "confuse.txt": Code.ENCODER,
        "link.txt": Code.SYMLINK,
        "loop": Code.SYMLINK,
        "fifo": Code.SPECIAL,
        "sock": Code.SPECIAL,
    }
    assert all(row.detail.isprintable() for row in store.errors())
    assert store.errors(limit=2, offset=1) == store.errors()[1:3]


def test_failures_that_last_are_not_tried_again(store, media):
    (media / "bad.txt").write_text("bad")
    (media / "slow.txt").write_text("slow")
    run(store, media)
    box = FakeBox()
    assert counts(run(store, media, box=box)) == {"unchanged": 6, "failed": 2}
    assert box.opened == 1
    assert len(store.errors()) == 2
    assert counts(run(store, media, box=box, retry=True))["failed"] == 2
    assert box.opened == 3


def test_a_repaired_file_loses_its_error(store, media):
    (media / "bad.txt").write_text("bad")
    run(store, media)
    (media / "bad.txt").write_text("repaired")
    assert counts(run(store, media)) == {"unchanged": 6, "added": 1}
    assert store.errors() == []


def test_a_deleted_bad_file_loses_its_error(store, media):
    (media / "bad.txt").write_text("bad")
    run(store, media)
    (media / "bad.txt").unlink()
    run(store, media)
    assert store.errors() == []


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_names_that_are_no_text(store, media):
    odd = os.fsdecode(os.fsencode(str(media)) + b"/caf\xe9 \x07.txt")
    bad = os.fsdecode(os.fsencode(str(media)) + b"/bad\xff.txt")
    Path(odd).write_text("Odd.")
    Path(bad).write_text("bad")
    assert counts(run(store, media)) == {"added": 7, "failed": 1}
    assert counts(run(store, media)) == {"unchanged": 7, "failed": 1}
    assert Path(store.resolve(odd).path).read_text() == "Odd."
    assert store.stats().missing == 0
    (row,) = store.errors()
    assert row.path.isprintable()
    Path(odd).rename(media / "even.txt")
    assert counts(run(store, media)) == {"unchanged": 6, "moved": 1, "failed": 1}


def test_a_file_that_changes_while_it_is_read(store, media):
    class Changing(FakeBox):
        def open(self, file, *, sidecars=None):
            found = super().open(file, sidecars=sidecars)
            if "猫" in found.text:
                (media / "小猫.txt").write_text("Now it is something longer than before.")
            return found

    assert counts(run(store, media, box=Changing())) == {"added": 5, "failed": 1}
    assert store.errors()[0].code == Code.CHANGED
    assert counts(run(store, media)) == {"unchanged": 5, "added": 1}


def test_originals_stay_as_they_are(store, media):
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in media.rglob("*.txt")}
    run(store, media)
    run(store, media)
    store.remove(store.find())
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in media.rglob("*.txt")} == before


# side-cars


def test_subtitles_belong_to_their_video(store, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "Talk.mp4").write_text("video")
    (folder / "Talk.en.srt").write_text("Hello there")
    (folder / "alone.srt").write_text("Nobody's subtitles")
    assert counts(run(store, folder)) == {"added": 2}
    (hit,) = store.text_search("hello", 10)
    assert (hit.field, hit.channel, hit.segment_no) == ("subtitle", Channel.SAID, 0)


def test_subtitles_that_come_later_are_read(store, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "Talk.mp4").write_text("video")
    run(store, folder, tags=["seen"])
    (folder / "Talk.srt").write_text("Hello there")
    assert counts(run(store, folder)) == {"updated": 1}
    item = store.get_many(store.find())[0]
    assert item.tags == ("seen",)
    assert set(store.segments(item.id)) == {Channel.SEEN, Channel.SAID}
    (folder / "Talk.srt").write_text("Goodbye now, all of you")
    run(store, folder)
    assert len(store.text_search("goodbye", 5)) == 1
    assert store.text_search("hello", 5) == []
    assert counts(run(store, folder)) == {"unchanged": 1}


# interruptions


def test_ctrl_c_keeps_what_was_reported(store, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(120):
        (folder / f"{n}.txt").write_text(f"number {n}")
    reported = []

    def interrupt(stage, done, total):
        reported.append(done)
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, folder, on_progress=interrupt)
    kept = len(store.find())
    assert kept >= max(reported) >= 40
    assert store.jobs()[0].state == "interrupted"
    assert counts(run(store, folder)) == {"unchanged": kept, "added": 120 - kept}


ADDING = """
import sys
from pathlib import Path
from media_fakes import FakeBox, run
from quintet.store.sqlite import Store

def tell(stage, done, total):
    print(done, flush=True)

with Store.open(Path(sys.argv[1]), write=True) as store:
    run(store, Path(sys.argv[2]), box=FakeBox(0.004), on_progress=tell)
"""


def test_kill_9_loses_nothing_that_was_reported(tmp_path):
    folder, library = tmp_path / "many", tmp_path / "library"
    folder.mkdir()
    for n in range(600):
        (folder / f"{n}.txt").write_text(f"number {n}" if n % 5 else f"copy {n % 15}")
    contents = len({p.read_bytes() for p in folder.iterdir()})
    Store.create(library).close()
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    interrupted = 0
    for wait_for in (1, 60, 130, 220, 300, 390):
        reported = 0
        with subprocess.Popen(
            [sys.executable, "-c", ADDING, str(library), str(folder)],
            stdout=subprocess.PIPE,
            env=env,
            text=True,
        ) as child:
            for line in child.stdout:
                reported = max(reported, int(line))
                if reported >= wait_for:
                    time.sleep(0.01 * (wait_for % 7))
                    child.send_signal(signal.SIGKILL)
                    break
            reported = max([reported, *map(int, child.stdout.read().split())])
        with Store.open(library, write=True) as store:
            interrupted += store.jobs(1)[0].state == "interrupted"
            assert store.stats().files >= reported
            assert store.verify() == []
    assert interrupted >= 5
    with Store.open(library, write=True) as store:
        report = run(store, folder)
        assert report.failed == report.missing == report.moved == 0
        assert len(store.find()) == contents
        assert store.stats().files == 600
        alike = store.vectors("alike", Modality.TEXT, Channel.WRITTEN)
        assert sorted(alike.item_ids) == store.find()


def test_a_second_writer_is_told_who_the_first_is(store):
    with pytest.raises(LibraryBusy, match=str(os.getpid())):
        Store.open(store.folder, write=True)


def test_a_full_disk_ends_the_run_and_keeps_what_was_done(store, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(200):
        (folder / f"{n}.txt").write_text(f"number {n}\n" + "x" * 2000)
    pages = store._rows("PRAGMA page_count")[0][0]
    store._rows(f"PRAGMA max_page_count = {pages + 250}")
    with pytest.raises(NoSpace, match="full"):
        run(store, folder)
    kept = len(store.find())
    assert 0 < kept < 200
    assert store.verify() == []
    store._rows("PRAGMA max_page_count = 1000000")
    assert counts(run(store, folder)) == {"unchanged": kept, "added": 200 - kept}
