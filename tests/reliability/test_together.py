"""Several at once on one library: writers, readers, services; the same again (R10, R11, R17)."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.reliability import small, whole

import quintet
from quintet.errors import LibraryBusy, ServiceBusy
from quintet.service.service import Service, Settings
from quintet.store.lock import SERVING
from quintet.store.sqlite import Store

WRITERS = 8


def test_eight_writers_and_readers(tmp_path, times, figure):
    folder, count = tmp_path / ".quintet", times(80, 1600)
    script = Path(__file__).with_name("writers.py")
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen(
            [sys.executable, script, str(folder), str(n), str(WRITERS), str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=settings,
        )
        for n in range(WRITERS)
    ]
    reads = backups = 0
    while any(w.poll() is None for w in writers):
        if (folder / "library.sqlite").exists():
            with Store.open(folder) as reader:
                reader.text_search("harbour", 5)
                found = reader.find()
                assert len(found) == len(set(found))
                reads += 1
            if reads % 20 == 0:
                with quintet.open(folder) as lib:
                    lib.backup(tmp_path / "made.zip", force=True)
                    backups += 1
        time.sleep(0.02)
    told = [w.communicate() for w in writers]
    assert [w.returncode for w in writers] == [0] * WRITERS, [err for _, err in told]
    acknowledged = {line for out, _ in told for line in out.split()}
    whole.check(folder)
    with Store.open(folder) as store:
        found = store.find()
    lost = len(acknowledged - set(found))
    assert sorted(found) == sorted(small.identity(n) for n in range(count))
    what = f"{WRITERS} writers, {count} items, {reads} reads, {backups} backups beside: lost"
    figure("R10", what, lost, "0", met=lost == 0)


def test_two_services_on_one_library(tmp_path, figure):
    folder = tmp_path / ".quintet"
    Store.create(folder).close()
    first = Service(folder, Settings())
    began = time.monotonic()
    with pytest.raises(ServiceBusy, match=rf"process {os.getpid()}\b"):
        Service(folder, Settings())
    seconds = time.monotonic() - began
    first.close()
    figure("R11", "a second service is refused, s", f"{seconds:.3f}", "≤ 1 s", met=seconds <= 1)


def test_the_lock_of_a_killed_service_is_no_obstacle(tmp_path, figure):
    folder = tmp_path / ".quintet"
    Store.create(folder).close()
    held = "import fcntl, sys; f = open(sys.argv[1], 'a+'); fcntl.flock(f, fcntl.LOCK_EX)"
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{held}; print('held', flush=True); sys.stdin.read()",
            str(folder / SERVING),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(ServiceBusy):
            Service(folder, Settings())
        child.kill()
        child.wait()
    Service(folder, Settings()).close()
    figure("R11", "a lock that a killed service left", "taken", "no obstacle", met=True)


def test_a_library_that_is_served_is_not_replaced(tmp_path):
    folder = tmp_path / "a" / ".quintet"
    small.make(folder, 3)
    with quintet.open(folder) as lib:
        lib.backup(tmp_path / "b.zip")
    service = Service(folder, Settings())
    with pytest.raises(LibraryBusy, match=rf"served by process {os.getpid()}\b"):
        quintet.restore(tmp_path / "b.zip", folder, force=True)
    service.close()
    assert quintet.restore(tmp_path / "b.zip", folder, force=True).items == 3


def test_the_same_tree_again_is_the_same_library(tmp_path, times, figure):
    media, rng = tmp_path / "media", random.Random(0)
    for n in range(30):
        place = media / f"{n % 4}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n}.txt").write_text(f"Number {n % 25} in the harbour at night.")
    with quintet.open(media) as lib:
        lib.add(media)
    wanted = [whole.portrait(media / ".quintet")[n] for n in (0, 1, 2, 5, 6)]
    tries = times(2, 12)
    for _ in range(tries):
        shutil.rmtree(media / ".quintet")
        parts = [media / str(n) for n in range(4)]
        rng.shuffle(parts)
        with quintet.open(media) as lib:
            for _ in range(2):
                lib.add(parts, workers=rng.choice([1, 2, 4]))
            again = lib.add(media)
            assert (again.added, again.unchanged) == (0, 30)
        assert [whole.portrait(media / ".quintet")[n] for n in (0, 1, 2, 5, 6)] == wanted
    what = "the same files added three times, shuffled, by 1 to 4 workers: equal libraries"
    figure("R17", what, f"{tries}/{tries}", "all", met=True)
