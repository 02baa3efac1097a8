"""A process that has everything imported and decoded, and forks a child for each operation.

``Warm`` talks to it. A child may be told to die at its n-th step: a step is a commit, or a call of
the system that flushes, renames, deletes or cuts a file; it dies before or after it. So every place
where a crash could matter is met, and the product knows nothing of it.
"""

import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

STEPS = ("fsync", "fdatasync", "replace", "rename", "unlink", "remove", "rmdir", "ftruncate")
DIED = 99


class Warm:
    """The warm process, from outside."""

    def __init__(self, media, *, disk=None):
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        if disk:
            environment["LD_PRELOAD"] = str(disk)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(media)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        if self._process.stdout.readline() != "warm\n":
            self.close()
            raise OSError("the warm process could not start")

    def begin(self, operation, *paths, cut=0, file_bytes=0, disk=None):
        """Start an operation; the number of its process."""
        order = {
            "operation": operation,
            "paths": [str(p) for p in paths],
            "cut": cut,
            "file_bytes": file_bytes,
            "disk": disk,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self):
        """How the operation ended (a status, negative for a signal), and what it told."""
        self._process.stdin.write("end\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return told["status"], told["told"]

    def run(self, operation, *paths, **how):
        """Start it and wait."""
        self.begin(operation, *paths, **how)
        return self.end()

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


class _Steps:
    """Counts steps; dies before (odd) or after (even) the one that was named."""

    def __init__(self, cut):
        self.cut, self.count = cut, 0

    def around(self, act, *arguments, **options):
        self._one()
        done = act(*arguments, **options)
        self._one()
        return done

    def _one(self):
        self.count += 1
        if self.count == self.cut:
            os._exit(DIED)

    def watch(self):
        for name in STEPS:
            act = getattr(os, name)
            setattr(os, name, lambda *a, _act=act, **o: self.around(_act, *a, **o))
        steps, connect = self, sqlite3.connect

        class Watched(sqlite3.Connection):
            def execute(self, sql, *values):
                if sql == "COMMIT" or "checkpoint" in sql:
                    return steps.around(super().execute, sql, *values)
                return super().execute(sql, *values)

            def executescript(self, sql):
                return steps.around(super().executescript, sql)

            def backup(self, *arguments, **options):
                return steps.around(super().backup, *arguments, **options)

        sqlite3.connect = lambda *a, **o: connect(*a, factory=Watched, **o)


class _Kept:
    """A decoding box that has decoded everything before."""

    def __init__(self, folder):
        from quintet.media.isolate import Box

        self.media = {}
        with Box(workers=1) as box:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                with path.open("rb") as file:
                    try:
                        made = box.open(file)
                    except Exception:  # noqa: BLE001 - subtitles and materials are no item
                        continue
                self.media[hashlib.sha256(path.read_bytes()).digest()] = made

    def open(self, file, *, sidecars=None):
        return self.media[hashlib.sha256(file.read()).digest()]

    def close(self):
        pass


def _operate(operation, paths, box):
    import quintet
    from quintet import library as libraries

    place, *rest = paths
    if operation == "restore":
        return str(libraries.restore(rest[0], place))
    if operation == "replace":
        return str(libraries.restore(rest[0], place, force=True))
    Path(place).mkdir(exist_ok=True)
    with quintet.open(place) as lib:
        lib._parts.__dict__["_box"] = box
        if operation == "add":
            return lib.add(rest[0], workers=2).added
        if operation == "train":
            return lib.train("cca").model_id
        if operation == "rebuild":
            return len(lib.rebuild().damaged)
        if operation == "encode":
            for encoder in lib._parts.encoders.values():
                object.__setattr__(encoder, "version", f"{encoder.version}+1")
            return lib.rebuild(features=True).encoded
        if operation == "remove":
            lib.remove(rest)
        elif operation == "tag":
            lib.tag(rest, ["kept"])
        elif operation == "backup":
            lib.backup(rest[0], force=True)
        elif operation == "upgrade":
            lib._parts.writing().close()
        elif operation == "index":
            return _write_index(lib.folder)
    return None


def _write_index(folder):
    import numpy as np

    from quintet.index import files

    arrays = ({"a": np.arange(999) * n} for n in range(3))
    return [files.write(folder / "index" / "x", f"stamp {n}", a) for n, a in enumerate(arrays)]


class _Disk:
    """The preloaded disk.c; counts its calls, and notes what was acknowledged."""

    def __init__(self, orders):
        self._library = ctypes.CDLL(None)
        self._acknowledged = os.open(orders["acknowledged"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        folder, keep = (os.fsencode(orders[name]) for name in ("folder", "keep"))
        numbers = (orders[name] for name in ("kinds", "at", "error", "persists"))
        self._library.disk_watch(folder, keep, *map(ctypes.c_long, numbers))

    @property
    def count(self):
        return self._library.disk_count()

    def watch(self):
        note, connect = self._note, sqlite3.connect

        class Watched(sqlite3.Connection):
            def execute(self, sql, *values):
                done = super().execute(sql, *values)
                if sql == "COMMIT":
                    note(self)
                return done

        sqlite3.connect = lambda *a, **o: connect(*a, factory=Watched, **o)

    def _note(self, db):
        rows = db.execute("SELECT id FROM items").fetchall()
        os.pwrite(self._acknowledged, "".join(f"{row[0]}\n" for row in rows).encode(), 0)


def _child(order, box, out):
    steps = _Disk(order["disk"]) if order["disk"] else _Steps(order["cut"])
    status = 0
    try:
        if order["file_bytes"]:
            size = order["file_bytes"]
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        steps.watch()
        told = _operate(order["operation"], order["paths"], box)
    except BaseException as e:  # noqa: BLE001 - told to the test
        status, told = 1, f"{type(e).__name__}: {e}"
    os.write(out, json.dumps({"steps": steps.count, "told": told}, default=str).encode())
    os._exit(status)


def _serve(folder):
    import quintet  # noqa: F401 - imported before children are made
    from quintet.flows import add
    from quintet.library import Library

    box = _Kept(folder)
    add.BATCH, add.BATCH_S = 3, 0.1
    warming = folder.parent / "warming"
    for operation in ("add", "train"):
        _operate(operation, [str(warming), str(folder)], box)
    with Library(warming / ".quintet") as lib:
        lib.search("bell")
    shutil.rmtree(warming)
    _tell("warm")
    for line in sys.stdin:
        receive, send = os.pipe()
        pid = os.fork()
        if not pid:
            _child(json.loads(line), box, send)
        os.close(send)
        _tell(pid)
        sys.stdin.readline()  # until then its number is not given to another process
        with os.fdopen(receive) as told:
            text = told.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        _tell(json.dumps({"status": status, "told": json.loads(text or "{}")}))


def _tell(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
