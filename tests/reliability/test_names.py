"""Names that steer terminals, shells, decoders and file systems: each file ends in one state."""

import os
import sys
from contextlib import suppress

import pytest
from good_files import film, good_files
from media_fakes import run

from quintet.types import Modality

NAMES = [
    b"caf\xe9",
    b"\xff\xfe",
    b"two\nlines",
    b"tab\tand bell\x07",
    b"\x1b[31mred",
    "right\u202eto left".encode(),
    "cafe\u0301".encode(),
    "caf\u00e9".encode(),
    b"a" * 251,
    b"%03d",
    b"%s%n%x",
    b"http:x",
    b"concat:a|b",
    b"--help",
    b"-",
    b"CON",
    b"trailing dot.",
    b" blanks ",
    b"back\\slash",
    b"$(touch pwned)",
    b"`id`;&|<>",
    b"'; DROP TABLE files; --",
    b"*?[a]",
    "\U0001f600\u200b".encode(),
]
MEDIA = ("png", "mp4", "txt", "wav", "off")
ENDINGS = (b"", b".m3u8")


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_every_name_in_every_medium(box, store, tmp_path, figure):
    made = 0
    for medium in MEDIA:
        folder = tmp_path / "media" / medium
        folder.mkdir(parents=True)
        for no, name in enumerate(NAMES):
            whole = name if len(name) > 240 else name + ENDINGS[no % 2]
            with suppress(OSError):
                (folder / os.fsdecode(whole)).write_bytes(good_files()[medium])
                made += 1
    before = sorted(tmp_path.iterdir())
    report = run(store, tmp_path / "media", box=box)
    assert not report.failed, store.errors()
    assert report.added == len(MEDIA)  # equal bytes are one item
    assert report.added + report.duplicate == made
    items = store.get_many(store.find())
    found = sorted(p for item in items for p in (item.path, *item.others))
    assert len(set(found)) == made
    assert {item.modality for item in items} == set(Modality)
    assert all(os.path.exists(path) for path in found)  # noqa: PTH110 - names may hold any byte
    assert all(store.resolve(path).id for path in found)
    assert sorted(tmp_path.iterdir()) == before
    again = run(store, tmp_path / "media", box=box)
    assert again.unchanged == made
    figure(
        "F7",
        f"{len(NAMES)} names × {len(MEDIA)} media that were indexed",
        made,
        "120",
        met=made == 120,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_errors_of_odd_names_are_plain_lines(box, store, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    for name in NAMES:
        (folder / os.fsdecode(name)).write_bytes(film("mp4")[:500] + name)
    report = run(store, tmp_path / "media", box=box)
    rows = store.errors()
    assert report.failed == len(rows) == len(NAMES)
    assert all(row.path.isprintable() and row.detail.isprintable() for row in rows)
