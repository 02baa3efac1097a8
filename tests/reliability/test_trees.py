"""Folders of any shape: the scan ends, each entry is told once, nothing is waited for."""

import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from good_files import film
from media_fakes import FakeBox, run

from quintet.errors import Code, FileProblem
from quintet.flows.reading import look
from quintet.flows.scan import Passed, Seen, scan


def odd_tree(root):
    """Every kind of entry; returns name to what is expected of it."""
    root.mkdir()
    (root / "a.txt").write_text("A dog.")
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")
    (root / "to root").symlink_to("/")
    (root / "to file").symlink_to("a.txt")
    os.mkfifo(root / "fifo")
    os.link(root / "a.txt", root / "hard.txt")
    (root / "empty").touch()
    (root / "Twin.txt").write_text("One.")
    (root / "twin.txt").write_text("Two.")
    expected = dict.fromkeys(("loop", "self", "dangling", "to root", "to file"), Code.SYMLINK)
    expected |= {"fifo": Code.SPECIAL, "empty": Code.EMPTY}
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(root)  # names of sockets are short
        listening.bind("socket")
        os.chdir(before)
        expected["socket"] = Code.SPECIAL
    with suppress(OSError):
        os.mknod(root / "device", 0o600 | 0x2000, os.makedev(1, 5))
        expected["device"] = Code.SPECIAL
    with suppress(OSError):
        with (root / "sparse").open("wb") as out:
            out.truncate(1 << 40)
        expected["sparse"] = Code.TOO_LARGE
    if os.getuid():
        (root / "closed.txt").write_text("No.")
        (root / "closed.txt").chmod(0)
        expected["closed.txt"] = Code.UNREADABLE
    return expected


def test_every_entry_is_told_once_and_none_is_waited_for(store, tmp_path, figure):
    root = tmp_path / "tree"
    expected = odd_tree(root)
    started = time.monotonic()
    report = run(store, root)
    seconds = time.monotonic() - started
    rows = [(row.path.rsplit("/", 1)[-1], row.code) for row in store.errors()]
    assert dict(rows) == expected
    assert len(rows) == len(expected)
    assert report.added + report.duplicate == 4  # a.txt, hard.txt and the twins
    figure(
        "F8",
        f"{len(expected) + 4} entries of {len(expected)} odd kinds, each told once, in",
        f"{seconds:.2f} s",
        "5 s",
        met=seconds <= 5,
    )


@pytest.mark.parametrize(
    ("begin", "code"),
    [
        (b"", Code.UNKNOWN_FORMAT),
        (b"A dog runs.\n" * 99_999, Code.TOO_LARGE),
        (b"OFF\n4 4 0\n" + b"0 0 0\n" * 19_999, Code.TOO_LARGE),
    ],
)
def test_large_files_of_no_large_medium_are_not_hashed(box, tmp_path, begin, code):
    path = tmp_path / "sparse.txt"
    path.write_bytes(begin)
    os.truncate(path, 64 << 30)
    (seen,) = scan(str(tmp_path))
    with path.open("rb") as file, pytest.raises(FileProblem) as caught:
        look(box, file, seen)
    assert caught.value.code is code


def test_large_films_and_small_files_are_hashed(box, tmp_path):
    for name, begin, size in (("film", film("avi"), 1 << 30), ("small", b"\0", 1 << 20)):
        (tmp_path / name).write_bytes(begin)
        os.truncate(tmp_path / name, size)
    for seen in scan(str(tmp_path)):
        with Path(seen.path).open("rb") as file:
            look(box, file, seen)
            assert file.tell() == 0


def test_a_large_file_is_told_before_it_is_hashed(store, tmp_path, monkeypatch):
    class Looking(FakeBox):
        def look(self, file):
            raise FileProblem(Code.TOO_LARGE, "looked at")

    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.txt").write_bytes(b"")
    os.truncate(tmp_path / "root" / "a.txt", 1 << 30)
    monkeypatch.setattr("quintet.flows.add.digest", None)
    run(store, tmp_path / "root", box=Looking(), workers=1)
    assert [(row.code, row.detail) for row in store.errors()] == [(Code.TOO_LARGE, "looked at")]


def test_deep_trees_end(store, tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1000):  # longer than a path may be
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (tmp_path / "deep" / "a.txt").write_text("A dog.")
    found = list(scan(str(tmp_path / "deep")))
    seen = [f for f in found if isinstance(f, Seen)]
    passed = [f for f in found if isinstance(f, Passed)]
    assert [f.path for f in seen] == [str(tmp_path / "deep" / "a.txt")]
    assert [f.code for f in passed] == [Code.UNREADABLE]
    report = run(store, tmp_path / "deep")
    assert (report.added, report.failed) == (1, 1)
    subprocess.run(["rm", "-rf", tmp_path / "deep"], check=True)  # rmtree would recurse


def test_a_folder_that_becomes_a_link_leads_nowhere(store, tmp_path):
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    for folder in ("root/sub", "secret"):
        (tmp_path / folder / "b.txt").write_text("secret" if folder == "secret" else "public")
    (tmp_path / "root" / "a.txt").write_text("A dog.")

    class Swapping(FakeBox):
        def open(self, file, *, sidecars=None):
            with suppress(FileNotFoundError):
                (tmp_path / "root" / "sub").rename(tmp_path / "away")
                (tmp_path / "root" / "sub").symlink_to(tmp_path / "secret")
            return super().open(file, sidecars=sidecars)

    run(store, tmp_path / "root", box=Swapping(), workers=1)
    texts = {s.text for i in store.find() for c in store.segments(i).values() for s in c}
    assert "A dog." in texts
    assert "secret" not in texts
