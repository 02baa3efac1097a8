"""Malformed and odd files that nobody here wrote: each costs a row, none costs the run."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest
from media_fakes import run
from outcomes import CLOSED_LIST

from quintet.media.limits import Limits
from quintet.store.sqlite import Store

EVERY = 40
"""Lane P takes one file of so many."""


def add(*arguments):
    """The real command in a process of its own."""
    command = [sys.executable, "-m", "quintet.cli", "add", *map(str, arguments), "--json"]
    started = time.monotonic()
    settings = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=1500)
    return done, time.monotonic() - started


def taken(root, into, every):
    """Links to one of so many of the files, so that nothing is copied."""
    files = [p for p in sorted(root.rglob("*")) if p.is_file()]
    for no, path in enumerate(files[::every]):
        folder = into / f"{no // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{no}{path.suffix}").write_bytes(path.read_bytes())
    return len(files[::every])


@pytest.mark.data
def test_every_torture_file_ends_as_an_item_or_a_row(data, tmp_path, times, figure):
    root = data / "torture"
    if not root.is_dir():
        pytest.skip(f"no malformed files at {root}")
    count = taken(root, tmp_path / "media", times(EVERY, 1))
    done, seconds = add(tmp_path / "media", "-L", tmp_path)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    with sqlite3.connect(tmp_path / ".quintet" / "library.sqlite") as db:
        indexed = {row[0] for row in db.execute("SELECT path FROM files")}
        rows = db.execute("SELECT path, code, detail FROM errors").fetchall()
    db.close()
    refused = {row[0] for row in rows}
    there = {str(p) for p in (tmp_path / "media").rglob("*") if p.is_file()}
    assert len(there) == count
    assert not indexed & refused
    assert all(text.isprintable() for row in rows for text in row)
    codes = Counter(row[1] for row in rows)
    limit_mib = Limits().memory_bytes >> 20
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    ended = len(there & (indexed | refused))
    figure(
        "F2",
        f"of {count} malformed and odd files ended in one state of the closed list",
        ended,
        f"{count}",
        met=ended == count and set(codes) <= CLOSED_LIST,
    )
    bad = {c: codes[c] for c in ("crashed", "timeout", "memory", "encoder_failed", "io_error")}
    figure(
        "F2",
        "of these decoders that crashed, were late, or were ended for memory",
        json.dumps(bad),
        "0",
        met=not any(bad.values()),
    )
    figure(
        "F2",
        f"most memory of one process while {len(indexed)} were indexed in {seconds:.0f} s",
        f"{peak_mib} MiB",
        f"{limit_mib} MiB",
        met=peak_mib <= limit_mib,
    )


def test_a_hostile_name_cannot_steer_the_terminal(box, tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "red\x1b[31m\n.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    with Store.create(tmp_path / ".quintet") as store:
        assert run(store, folder, box=box).failed == 1
    command = [sys.executable, "-m", "quintet.cli", "errors", "-L", str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    assert "\x1b[31m" not in shown
    assert "red" in shown
