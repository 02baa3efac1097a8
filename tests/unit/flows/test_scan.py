"""Walking a folder: what is seen, what is passed and why, which subtitles belong to which film."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from quintet.errors import Code, SourceError
from quintet.flows.scan import Passed, Seen, look, scan, sidecars


def names(found, root):
    return [f.path.removeprefix(f"{root}/") for f in found]


def test_files_come_in_order_of_name_folders_after_files(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "a/z/deep.txt", "c.txt", "0.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    found = list(scan(str(tmp_path)))
    assert names(found, tmp_path) == ["0.txt", "c.txt", "a/z/deep.txt", "b/1.txt", "b/2.txt"]
    info = (tmp_path / "0.txt").stat()
    assert found[0] == Seen(str(tmp_path / "0.txt"), 5, info.st_mtime_ns, info.st_ino)


def test_hidden_entries_and_the_library_are_left_out(tmp_path):
    for name in (".hidden", ".quintet/library.sqlite", "shelf/library.sqlite", "seen.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = scan(str(tmp_path), leave_out=str(tmp_path / "shelf"))
    assert names(found, tmp_path) == ["seen.txt"]


def test_entries_that_are_no_files_are_passed(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to("nowhere")
    codes = {f.path.rsplit("/", 1)[1]: f.code for f in scan(str(tmp_path))}
    assert codes == {"fifo": Code.SPECIAL, "loop": Code.SYMLINK, "broken": Code.SYMLINK}


def test_a_root_may_be_one_file_or_a_link_to_a_folder(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.txt").touch()
    (tmp_path / "link").symlink_to("media")
    assert names(scan(str(tmp_path / "media" / "a.txt")), tmp_path) == ["media/a.txt"]
    assert names(scan(str(tmp_path / "link")), tmp_path) == ["link/a.txt"]
    (tmp_path / "file").symlink_to("media/a.txt")
    (passed,) = scan(str(tmp_path / "file"))
    assert passed.code is Code.SYMLINK


def test_a_root_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        next(scan(str(tmp_path / "nowhere")))


UNREADABLE = """
import os, sys
from quintet.errors import SourceError
from quintet.flows.scan import scan
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
for f in scan(sys.argv[1]):
    print(f.path.rsplit("/", 1)[1], getattr(f, "code", "seen"), getattr(f, "folder", ""))
try:
    next(scan(sys.argv[1] + "/closed"))
except SourceError as e:
    print("refused")
"""


def test_a_closed_folder_is_one_row_and_as_a_root_an_error():
    # pytest's own folders are closed to other users, so this one stands beside them
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "closed").mkdir(0o000)
        (place / "open.txt").touch()
        found = subprocess.run(
            [sys.executable, "-c", UNREADABLE, name], capture_output=True, text=True, check=True
        ).stdout
        (place / "closed").chmod(0o700)
    assert found.splitlines() == ["open.txt seen ", "closed unreadable True", "refused"]


@pytest.mark.parametrize(
    ("beside", "belong"),
    [
        (["talk.srt"], ["talk.srt"]),
        (["talk.en.srt", "talk.zh.VTT"], ["talk.en.srt", "talk.zh.VTT"]),
        (["talks.srt", "tal.srt", "talk.txt", "talk"], []),
        (["other.srt"], []),
    ],
)
def test_subtitles_of_a_film(tmp_path, beside, belong):
    (tmp_path / "talk.MP4").touch()
    for name in beside:
        (tmp_path / name).touch()
    found = {f.path.rsplit("/", 1)[1]: f for f in scan(str(tmp_path))}
    assert set(found) == {"talk.MP4", *beside} - set(belong)
    assert list(found["talk.MP4"].sidecars) == belong
    assert sidecars(str(tmp_path / "talk.MP4")) == {n: str(tmp_path / n) for n in belong}
    assert look(str(tmp_path / "talk.MP4")) == found["talk.MP4"]


def test_other_subtitles_are_another_signature(tmp_path):
    film = tmp_path / "talk.mp4"
    film.touch()
    seen = [look(str(film)).beside]
    (tmp_path / "talk.srt").write_text("one")
    seen.append(look(str(film)).beside)
    (tmp_path / "talk.srt").write_text("other")
    seen.append(look(str(film)).beside)
    assert len(set(seen)) == 3
    assert seen[0] == ""


def test_a_file_that_vanishes_between_listing_and_looking(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.txt").touch()
    walk = scan(str(tmp_path))
    next(walk)
    (tmp_path / "1.txt").unlink()
    passed = next(walk)
    assert isinstance(passed, Passed)
    assert passed.code is Code.VANISHED
    assert len(list(walk)) == 1
