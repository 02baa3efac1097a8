"""Originals over HTTP: ranges, types, names, and files that are no longer what they were."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def media(five):
    return five.parent / "media"


@pytest.fixture
def film(five_ids, media):
    return f"/v1/media/{five_ids['film.mp4']}", (media / "film.mp4").read_bytes()


def test_the_whole_file(five_client, film):
    url, data = film
    answer = five_client.get(url)
    assert answer.status_code == 200
    assert answer.content == data
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(data))


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
    ],
)
def test_one_range(five_client, film, asked, first, end):
    url, data = film
    answer = five_client.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == data[first:end]
    start = first % len(data)
    told = f"bytes {start}-{start + len(answer.content) - 1}/{len(data)}"
    assert answer.headers["content-range"] == told


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "items=0-1", "bytes=9-3", "bytes=x-"])
def test_what_is_no_single_range_is_the_whole(five_client, film, asked):
    url, data = film
    answer = five_client.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, data)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end(five_client, film, asked):
    url, data = film
    answer = five_client.get(url, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(data)}"


def test_if_range_of_another_version_is_the_whole(five_client, film):
    url, data = film
    etag = five_client.head(url).headers["etag"]
    part = {"Range": "bytes=0-3"}
    assert five_client.get(url, headers={**part, "If-Range": etag}).status_code == 206
    other = five_client.get(url, headers={**part, "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, data)


def test_head_says_the_same_and_sends_nothing(five_client, film):
    url, _ = film
    answer = five_client.head(url, headers={"Range": "bytes=5-9"})
    assert (answer.status_code, answer.content) == (206, b"")
    assert answer.headers["content-length"] == "5"


def test_a_copy_that_is_still_good(five_client, film):
    url, _ = film
    etag = five_client.head(url).headers["etag"]
    answer = five_client.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("name", ["page.html", "note.txt", "solid.obj"])
def test_what_a_browser_might_run_is_only_downloaded(five_client, five_ids, name):
    answer = five_client.get(f"/v1/media/{five_ids[name]}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_every_answer_is_fenced(five_client, five_ids):
    for item_id in five_ids.values():
        headers = five_client.get(f"/v1/media/{item_id}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_download_has_the_name(five_client, five_ids):
    url = f"/v1/media/{five_ids['狗 dog.png']}"
    assert five_client.get(url).headers["content-disposition"].startswith("inline;")
    told = five_client.get(url, params={"download": 1}).headers["content-disposition"]
    assert told == "attachment; filename=\"__dog.png\"; filename*=UTF-8''%E7%8B%97%20dog.png"


def test_an_unknown_item(five_client):
    assert five_client.get(f"/v1/media/{'0' * 64}").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "0123abcd"])
def test_what_is_no_id(five_client, name):
    assert five_client.get(f"/v1/media/{name}").status_code in (404, 422)


@pytest.fixture
def note(media):
    """A file to be altered, put back afterwards."""
    path = media / "note.txt"
    data, info = path.read_bytes(), path.stat()
    yield path
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def test_a_file_that_is_gone(five_client, five_ids, note):
    note.unlink()
    answer = five_client.get(f"/v1/media/{five_ids['note.txt']}")
    assert answer.status_code == 410
    assert "quintet add" in answer.json()["detail"]


def test_a_file_that_changed(five_client, five_ids, note):
    note.write_text("Something else.", "utf-8")
    answer = five_client.get(f"/v1/media/{five_ids['note.txt']}")
    assert answer.status_code == 409
    assert "quintet add" in answer.json()["detail"]


def test_a_link_in_its_place_is_not_followed(five_client, five_ids, note, tmp_path):
    twin = tmp_path / "twin.txt"
    twin.write_bytes(note.read_bytes())
    info = note.stat()
    os.utime(twin, ns=(info.st_atime_ns, info.st_mtime_ns))
    note.unlink()
    note.symlink_to(twin)
    assert five_client.get(f"/v1/media/{five_ids['note.txt']}").status_code == 410


def test_a_fifo_in_its_place_does_not_block(five_client, five_ids, note):
    note.unlink()
    os.mkfifo(note)
    assert five_client.get(f"/v1/media/{five_ids['note.txt']}").status_code == 410


def test_files_are_closed(five_client, film):
    url, _ = film

    def count():
        return len(list(Path("/proc/self/fd").iterdir()))

    five_client.get(url)
    before = count()
    for asked in ("bytes=0-3", "bytes=99999999-", ""):
        five_client.get(url, headers={"Range": asked})
        five_client.head(url)
    assert count() <= before
