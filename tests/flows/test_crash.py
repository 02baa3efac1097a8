"""The real command, killed, interrupted, without space and beside other processes."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

import quintet
from quintet.errors import LibraryBusy
from quintet.store.schema import VERSION
from quintet.store.sqlite import Store

FILES = 300


def command(*arguments):
    return [sys.executable, "-m", "quintet.cli", *map(str, arguments)]


def settings():
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    env.pop("QUINTET_LIBRARY", None)
    return env


def start(*arguments, **options):
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=settings(),
        **options,
    )


def finished(*arguments, **options):
    child = start(*arguments, **options)
    out, err = child.communicate(timeout=240)
    assert "Traceback" not in err, err
    return child.returncode, out, err


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Texts of some length, so that a run has many moments to be killed at."""
    folder = tmp_path_factory.mktemp("media")
    rng = random.Random(0)
    words = ["dog", "cat", "bell", "harbour", "night", "river", "train", "stone", "green"]
    for n in range(FILES):
        sentences = [" ".join(rng.choices(words, k=9)).capitalize() + "." for _ in range(12)]
        (folder / f"{n}.txt").write_text(f"Number {n}.\n" + "\n".join(sentences))
    for n in range(0, 40, 8):
        (folder / f"copy {n}.txt").write_bytes((folder / f"{n}.txt").read_bytes())
    (folder / "empty.txt").touch()
    return folder


@pytest.fixture(scope="module")
def clean(media, tmp_path_factory):
    """Ids of a run that nothing disturbed, and how long it took."""
    home = tmp_path_factory.mktemp("clean")
    began = time.monotonic()
    code, _, err = finished("add", media, "-L", home)
    assert code == 0, err
    with Store.open(home / ".quintet") as store:
        ids = store.find()
    assert len(ids) == FILES
    return ids, time.monotonic() - began


def consistent(store):
    """Nothing is there by half."""
    assert store.verify() == []
    assert store._rows("PRAGMA foreign_key_check") == []
    ((texts, words),) = store._rows(
        "SELECT (SELECT count(*) FROM texts), (SELECT count(*) FROM words)"
    )
    assert texts == words
    for table in ("segments", "features", "vectors", "texts", "files"):
        ((without,),) = store._rows(
            f"SELECT count(*) FROM items WHERE id NOT IN (SELECT item_id FROM {table})"
        )
        assert without == 0, table
    assert store._rows("SELECT path FROM files GROUP BY path HAVING count(*) > 1") == []


def acknowledged(library):
    """What another process sees as done."""
    if not (library / "library.sqlite").exists():
        return set()
    with Store.open(library) as reader:
        return set(reader.find())


def test_kill_9_at_any_moment_loses_nothing(media, clean, tmp_path):
    ids, seconds = clean
    library, rng = tmp_path / ".quintet", random.Random(1)
    done = set()
    for moment in range(6):
        child = start("add", media, "-L", tmp_path)
        end = time.monotonic() + 0.3 + rng.random() * seconds * 0.6
        while time.monotonic() < end and child.poll() is None:
            time.sleep(0.05)
            done |= acknowledged(library)
        child.kill()
        child.communicate()
        if not (library / "library.sqlite").exists():
            continue
        with Store.open(library, write=True) as store:
            assert done <= set(store.find()), f"kill {moment}"
            consistent(store)
    code, _, err = finished("add", media, "-L", tmp_path)
    assert code == 0, err
    with Store.open(library) as store:
        assert store.find() == ids
        assert store.stats().files == FILES + 5
        consistent(store)


def test_ctrl_c_ends_with_a_clear_line_and_keeps_what_was_done(media, clean, tmp_path):
    child = start("add", media, "-L", tmp_path, start_new_session=True)
    end = time.monotonic() + 60
    while not acknowledged(tmp_path / ".quintet") and time.monotonic() < end:
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGINT)
    before = acknowledged(tmp_path / ".quintet")
    _, err = child.communicate(timeout=60)
    if child.returncode == 0:
        pytest.skip("it was done before it could be interrupted")
    assert child.returncode == 130
    assert err.strip().splitlines() == [
        "interrupted; what was reported done is kept. Run it again to go on."
    ]
    with Store.open(tmp_path / ".quintet", write=True) as store:
        assert before <= set(store.find())
        assert store.jobs()[0].state == "interrupted"
        consistent(store)
    assert finished("add", media, "-L", tmp_path)[0] == 0
    assert acknowledged(tmp_path / ".quintet") == set(clean[0])


def test_a_full_disk_is_one_clear_line(media, clean, tmp_path):
    size = 1 << 20

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    code, _, err = finished("add", media, "-L", tmp_path, preexec_fn=limit)
    (line,) = err.strip().splitlines()
    assert code == 1
    assert line.startswith("error: ")
    assert "disk" in line
    with Store.open(tmp_path / ".quintet", write=True) as store:
        kept = store.find()
        consistent(store)
        assert store.jobs()[0].state in ("failed", "interrupted")
    assert set() < set(kept) < set(clean[0])
    assert finished("add", media, "-L", tmp_path)[0] == 0
    assert acknowledged(tmp_path / ".quintet") == set(clean[0])


HOLD = """
import sys
from pathlib import Path
from quintet.store.sqlite import Store
with Store.open(Path(sys.argv[1]), write=True) as store:
    store.start_job("add", {})
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_waits_its_turn_and_a_dead_one_is_no_obstacle(tmp_path):
    library = tmp_path / ".quintet"
    Store.create(library).close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(library)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusy, match=rf"process {child.pid}\b"):
            Store.open(library, write=True)
        with Store.open(library) as reader:
            assert reader.jobs()[0].state == "running"
        child.kill()
        child.wait()
    with Store.open(library, write=True) as store:
        assert store.jobs()[0].state == "interrupted"


def test_reading_goes_on_while_another_process_writes(tmp_path):
    with Store.create(tmp_path) as store:
        stop = threading.Event()
        failures = []

        def read():
            with Store.open(tmp_path) as reader:
                while not stop.is_set():
                    try:
                        reader.jobs()
                        reader.text_search("dog", 5)
                    except Exception as e:  # noqa: BLE001 - any failure is the finding
                        failures.append(e)

        reading = threading.Thread(target=read)
        reading.start()
        for n in range(100):
            store.finish_job(store.start_job("add", {"n": n}), "done", {})
        stop.set()
        reading.join()
    assert failures == []


def test_the_write_ahead_log_stays_on(tmp_path):
    Store.create(tmp_path).close()
    with sqlite3.connect(tmp_path / "library.sqlite") as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()
    with Store.open(tmp_path, write=True) as store:
        assert store._rows("PRAGMA synchronous") == [(2,)]


@pytest.fixture
def library(tmp_path):
    with Store.create(tmp_path / ".quintet") as store:
        store.set_setting("x", "y")
    return tmp_path


def test_every_broken_library_is_one_line_and_exit_code_1(library):
    database = library / ".quintet" / "library.sqlite"
    whole = database.read_bytes()
    newer = bytearray(whole)
    newer[60:64] = (99).to_bytes(4, "big")
    for damaged, said in (
        (bytes(newer), ("schema 99", f"knows {VERSION}")),
        (os.urandom(len(whole)), ("damaged",)),
        (whole[:100], ("damaged",)),
    ):
        database.write_bytes(damaged)
        code, _, err = finished("status", "-L", library)
        assert code == 1
        (line,) = err.strip().splitlines()
        assert all(part in line for part in said), line
        assert database.read_bytes() == damaged


def test_a_folder_that_is_no_library_is_not_turned_into_one(tmp_path):
    code, _, err = finished("search", "dog", "-L", tmp_path / "nothing" / "here")
    assert code == 1
    assert "no folder" in err
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_library_is_searched(library, monkeypatch):
    (library / "a.txt").write_text("A dog barks.")
    with quintet.open(library) as lib:
        lib.add(library / "a.txt")
    for name in ("library.sqlite-wal", "library.sqlite-shm"):
        beside = library / ".quintet" / name
        assert name.endswith("shm") or not beside.exists() or beside.stat().st_size == 0
        beside.unlink(missing_ok=True)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with quintet.open(library) as lib:
        (hit,) = lib.search("barks")
    assert hit.item.path == str(library / "a.txt")
    assert not (library / ".quintet" / "library.sqlite-wal").exists()
