"""Files that change while they are read: what is stored is what was embedded, or nothing."""

import hashlib
import os
import random
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from media_fakes import FakeBox, run

SIZE = 20_000


class Reading(FakeBox):
    """Reads slowly and tells as the title which bytes it had.

    Every second file of ``folder`` is changed between its hash and its decoding.
    """

    def __init__(self, folder=None):
        super().__init__()
        self.folder = folder
        self.rng = random.Random(7)

    def open(self, file, *, sidecars=None):
        if self.folder and self.rng.random() < 0.5:
            inode = os.fstat(file.fileno()).st_ino
            with os.scandir(self.folder) as entries:
                here = [e.path for e in entries if e.inode() == inode]
            for path in here:
                with suppress(FileNotFoundError):
                    disturb(Path(path), self.rng)
        sha = hashlib.sha256()
        while piece := file.read(4096):
            sha.update(piece)
            time.sleep(0.0002)
        file.seek(0)
        found = super().open(file, sidecars=sidecars)
        return replace(found, metadata={"title": sha.hexdigest()})


def fill(path, rng):
    """New content of the usual size, in place."""
    with path.open("r+b") as out:
        for _ in range(4):
            out.write(rng.randbytes(SIZE // 8).hex().encode())
            out.flush()


def disturb(path, rng):
    """One change of one file, as editors, downloads and attackers make them."""
    way = rng.randrange(6)
    if way == 0:
        fill(path, rng)
    elif way == 1:
        os.truncate(path, rng.randrange(1, SIZE))
    elif way == 2:
        with path.open("ab") as out:
            out.write(b"more")
    elif way == 3:
        new = path.with_name(f".{path.name}")
        new.write_bytes(rng.randbytes(SIZE // 2).hex().encode())
        new.replace(path)
    elif way == 4:
        path.unlink()
        path.write_bytes(rng.randbytes(SIZE // 2).hex().encode())
    else:
        info = path.stat()
        fill(path, rng)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def test_the_hash_is_that_of_the_bytes_that_were_embedded(store, tmp_path, times, figure):
    folder = tmp_path / "media"
    folder.mkdir()
    rng = random.Random(6)
    files = [folder / f"{n}.txt" for n in range(times(60, 1000))]
    for path in files:
        path.write_bytes(rng.randbytes(SIZE // 2).hex().encode())
    ended = threading.Event()
    changes = 0

    def writer():
        nonlocal changes
        while not ended.is_set():
            with suppress(FileNotFoundError):
                disturb(rng.choice(files), rng)
                changes += 1

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        reports = [run(store, folder, box=Reading(folder), workers=4, retry=True) for _ in range(3)]
    finally:
        ended.set()
        thread.join()
    items = store.get_many(store.find())
    torn = [item.id for item in items if item.metadata["title"] != item.id]
    assert sum(r.failed for r in reports)  # some changes were met
    assert items
    final = run(store, folder, box=Reading())
    assert final.failed == 0
    figure(
        "F9",
        f"torn items of {len(items)}, while {changes} changes were made",
        len(torn),
        "0",
        met=not torn,
    )
