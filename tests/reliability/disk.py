"""A disk that breaks when it is told, and forgets what was not flushed when the power is cut.

``disk.c``, preloaded into a process, does the breaking and keeps what is flushed; here are its
building, what a folder is before, and what is left of it after the cut.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

READ, WRITE, FLUSH, NAME = 1, 2, 4, 8
SECTOR = 4096


def build(folder):
    """The library to preload; the test is skipped where nothing builds it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler or not Path("/proc/self/fd").exists():
        pytest.skip("a disk that breaks needs Linux and a C compiler (Debian: apt install gcc)")
    made = Path(folder) / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


class Disk:
    """One folder on such a disk, and where what is flushed is kept."""

    def __init__(self, folder, keep):
        self.folder, self.keep = folder, keep
        self._held = []

    def settle(self):
        """Keep the folder as it is now, as if all of it had been flushed."""
        self.close()
        shutil.rmtree(self.keep, ignore_errors=True)
        self.keep.mkdir()
        for path in [self.folder, *self.folder.rglob("*")]:
            self._held.append(os.open(path, os.O_PATH))  # its inode is not another's meanwhile
            number = path.stat().st_ino
            if path.is_dir():
                (self.keep / f"d{number}").write_text(
                    "".join(f"{n}/{name}\n" for n, name in _names(path))
                )
            else:
                shutil.copy(path, self.keep / f"f{number}")

    def close(self):
        while self._held:
            os.close(self._held.pop())

    def after_cut(self, to, rng, *, names_at_once, torn):
        """What a cut of the power leaves of the folder, in a folder of its own.

        Args:
            names_at_once: what was made, moved and deleted stays so; else only what was before
                the last flush of the folder it is in.
            torn: of what was written and not flushed some sectors are there; else none.
        """
        shutil.rmtree(to, ignore_errors=True)
        live = {p.stat().st_ino: p for p in [self.folder, *self.folder.rglob("*")]}

        def leave(number, to):
            path = live.get(number)
            names, data = self.keep / f"d{number}", self.keep / f"f{number}"
            if names.exists() or (path and path.is_dir()):
                to.mkdir()
                for inner, name in _listed(names, path if names_at_once else None):
                    leave(inner, to / name)
            else:
                flushed = data.read_bytes() if data.exists() else b""
                to.write_bytes(_torn(flushed, path.read_bytes(), rng) if torn and path else flushed)

        leave(self.folder.stat().st_ino, to)


def _names(folder):
    return [(p.stat().st_ino, p.name) for p in folder.iterdir()]


def _listed(kept, live):
    if live:
        return _names(live)
    lines = kept.read_text().splitlines() if kept.exists() else []
    return [(int(number), name) for number, _, name in (line.partition("/") for line in lines)]


def _torn(flushed, live, rng):
    parts = []
    for at in range(0, max(len(flushed), len(live)), SECTOR):
        old, new = flushed[at : at + SECTOR], live[at : at + SECTOR]
        parts.append(rng.choice([old, new]) if len(old) == len(new) else new or old)
    return b"".join(parts)
