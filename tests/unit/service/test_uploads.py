"""Received files: whole or not at all, within limits, and kept where the user's media are."""

import hashlib
import os
import time

import pytest

from quintet.errors import NoSpace, TooLarge, UnknownName
from quintet.service.uploads import KEPT_S, LONGEST_NAME, Uploads, safe_name


@pytest.fixture
def uploads(tmp_path):
    (tmp_path / ".quintet").mkdir()
    return Uploads(tmp_path / ".quintet", most_bytes=1000, all_bytes=2500, free_bytes=1)


def take(uploads, data=b"data", name="a.txt"):
    with uploads.receive(name) as receiving:
        for start in range(0, len(data), 300):
            receiving.write(data[start : start + 300])
    return receiving.upload


def held(uploads):
    return sorted(p.name for p in (uploads.folder).iterdir())


def test_what_came_whole_is_there(uploads):
    made = take(uploads, b"hello", "x.txt")
    assert (made.name, made.size_bytes) == ("x.txt", 5)
    assert uploads.get(made.id) == made
    assert uploads.path(made.id).read_bytes() == b"hello"


def test_what_stops_halfway_leaves_nothing(uploads):
    def broken():
        with uploads.receive("a") as receiving:
            receiving.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert held(uploads) == []


def test_one_file_has_a_limit(uploads):
    assert take(uploads, b"x" * 1000).size_bytes == 1000
    with pytest.raises(TooLarge, match="1,000"):
        take(uploads, b"x" * 1001)
    assert len(held(uploads)) == 2  # of the first: the file and what is known of it


def test_all_together_have_a_limit(uploads):
    first = take(uploads, b"x" * 1000)
    take(uploads, b"x" * 800)
    with pytest.raises(NoSpace, match="2,500"):
        take(uploads, b"x" * 1000)
    uploads.forget(first.id)
    take(uploads, b"x" * 1000)


def test_the_disk_keeps_room(tmp_path):
    (tmp_path / ".quintet").mkdir()
    greedy = Uploads(tmp_path / ".quintet", free_bytes=1 << 60)
    with pytest.raises(NoSpace, match="must stay free"):
        take(greedy)


def test_a_full_disk_leaves_nothing(uploads, monkeypatch):
    def full(self, *given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(NoSpace):
        take(uploads)
    assert held(uploads) == []


def test_a_kept_file_lies_with_the_media(uploads, tmp_path):
    made = take(uploads, b"content", "../../evil name.txt")
    path = uploads.keep(made.id)
    sha = hashlib.sha256(b"content").hexdigest()
    assert path == tmp_path / "uploads" / sha[:16] / "evil name.txt"
    assert path.read_bytes() == b"content"
    assert held(uploads) == []
    with pytest.raises(UnknownName):
        uploads.get(made.id)


def test_the_same_content_is_kept_once(uploads):
    first, second = (uploads.keep(take(uploads, b"same", "b.txt").id) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["..", "../etc/passwd", "", "A" * 32, "0" * 31])
def test_what_is_no_id_finds_nothing(uploads, name):
    take(uploads)
    for ask in (uploads.get, uploads.path, uploads.keep):
        with pytest.raises(UnknownName):
            ask(name)


def test_old_ones_are_swept(uploads):
    old, new = take(uploads), take(uploads)
    then = time.time() - KEPT_S - 5
    for ending in ("", ".json"):
        os.utime(uploads.folder / f"{old.id}{ending}", (then, then))
    take(uploads)
    with pytest.raises(UnknownName):
        uploads.get(old.id)
    assert uploads.get(new.id)


def test_a_start_deletes_what_was_half_received(uploads, tmp_path):
    whole = take(uploads)
    (uploads.folder / ("f" * 32)).write_bytes(b"half")
    Uploads(tmp_path / ".quintet").start()
    assert held(uploads) == [whole.id, f"{whole.id}.json"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (".hidden", "hidden"),
        ("a\0b\x1b[31m.txt", "a_b_31m.txt"),
        ("狗.png", "狗.png"),
        ("con/aux.txt ", "aux.txt"),
        ("", "file"),
    ],
)
def test_names(given, kept):
    assert safe_name(given) == kept


@pytest.mark.parametrize("given", ["x" * 500 + ".jpeg", "狗" * 200 + ".png", "狗" * 200])
def test_long_names_fit_a_disk(given):
    made = safe_name(given)
    assert len(made.encode()) <= LONGEST_NAME
    assert made.endswith(given[-4:]) or "." not in given
