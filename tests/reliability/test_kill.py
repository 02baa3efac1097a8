"""Killed at random moments and at every step: nothing is lost, twice, or there by half (R1, R2)."""

import os
import random
import shutil
import signal
import time

import pytest
from tests.reliability import whole
from tests.reliability.warm import DIED, Warm

from quintet.datasets.sample import make_item
from quintet.types import Modality

THINGS = ("bell", "car")
EACH = 3


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Two things in five media, and a copy of one file."""
    folder = tmp_path_factory.mktemp("kill") / "media"
    for name in THINGS:
        for modality in Modality:
            for no in range(EACH):
                made = make_item(folder, modality, name, no)
    shutil.copy(made, made.with_name(f"copy of {made.name}"))
    return folder


@pytest.fixture(scope="module")
def warm(media):
    """The process whose children are killed; the originals are what they were after all of it."""
    before = whole.digests(media)
    process = Warm(media)
    yield process
    process.close()
    assert whole.digests(media) == before


@pytest.fixture(scope="module")
def states(warm, media, tmp_path_factory):
    """Libraries as operations find them, and how long an undisturbed ``add`` takes."""
    home = tmp_path_factory.mktemp("states")
    began = time.monotonic()
    assert warm.run("add", home / "measured", media)[0] == 0
    seconds = time.monotonic() - began
    whole.states(warm, media, home)
    return home, seconds


def test_kill_9_at_any_moment_of_add(warm, media, states, tmp_path, times, figure):
    home, seconds = states
    whole_portrait = whole.portrait(home / "added/.quintet")
    rng, library = random.Random(4), tmp_path / "0" / ".quintet"
    kills = lost = finished = 0
    slowest, acknowledged = 0.0, set()
    while kills < times(5, 200):
        library.parent.mkdir(exist_ok=True)
        pid = warm.begin("add", library.parent, media)
        end = time.monotonic() + rng.uniform(0.02, seconds * 0.7)
        while time.monotonic() < end:
            time.sleep(0.03)
            acknowledged |= whole.ids(library)
        os.kill(pid, signal.SIGKILL)
        status, _ = warm.end()
        kills += status == -9
        if (library / "library.sqlite").exists():
            began = time.monotonic()
            whole.check(library)
            slowest = max(slowest, time.monotonic() - began)
            lost += len(acknowledged - whole.ids(library))
        if status == 0:
            assert whole.portrait(library) == whole_portrait
            finished += 1
            shutil.rmtree(library.parent)
            acknowledged = set()
            library = tmp_path / str(finished) / ".quintet"
    library.parent.mkdir(exist_ok=True)
    assert warm.run("add", library.parent, media)[0] == 0
    assert whole.portrait(library) == whole_portrait
    assert whole.leftovers(tmp_path) == []
    whole.check_index(library)
    what = f"items lost by {kills} kills −9 during add (five media)"
    figure("R1", what, lost, "0", met=lost == 0)
    figure("R1", "slowest recovery and check, s", f"{slowest:.2f}", "≤ 10 s", met=slowest <= 10)


OPERATIONS = {
    "add": ("empty", 6),
    "train": ("added", 4),
    "rebuild": ("trained", 4),
    "encode": ("added", 3),
    "remove": ("trained", 4),
    "tag": ("added", 3),
    "backup": ("trained", 4),
    "restore": ("empty", 4),
    "replace": ("trained", 6),
    "upgrade": ("old", 4),
    "index": ("added", 6),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_death_at_every_step(operation, warm, media, states, tmp_path, times, figure):
    home, _ = states
    begin, few = OPERATIONS[operation]
    known = sorted(whole.ids(home / "added/.quintet"))
    arguments = {
        "add": [media],
        "remove": known[: len(known) // 2],
        "tag": known,
        "backup": [tmp_path / "made.zip"],
        "restore": [home / "backup.zip"],
        "replace": [home / "backup.zip"],
    }.get(operation, [])

    def run(cut):
        place = tmp_path / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(home / begin, place)
        return place, warm.run(operation, place, *arguments, cut=cut)

    place, (status, told) = run(0)
    assert status == 0, told
    undisturbed = whole.portrait(place / ".quintet")
    before = whole.portrait(home / begin / ".quintet") if begin != "empty" else None
    steps = told["steps"]
    assert steps >= 2
    cuts = range(1, steps + 1)
    cuts = random.Random(operation).sample(cuts, min(steps, times(few, steps)))
    died = 0
    for cut in sorted(cuts):
        place, (status, told) = run(cut)
        if operation == "add" and not status:
            continue  # batches are cut by time, so that some runs have fewer steps
        died += 1
        assert status == DIED, (cut, told)
        library = place / ".quintet"
        if (library / "library.sqlite").exists():
            whole.check(library)
            if operation in ("remove", "tag", "backup", "replace", "upgrade", "index", "rebuild"):
                assert whole.portrait(library) in (before, undisturbed), cut
        status, told = warm.run(operation, place, *arguments)
        if operation == "restore" and "there is a library" in str(told):
            status = 0  # it was restored before it died
        assert status == 0, (cut, told)
        whole.check(library)
        assert whole.portrait(library) == undisturbed, cut
        assert whole.leftovers(tmp_path) == [], cut
    whole.check_index(place / ".quintet")
    what = f"{operation}: killed before and after commits, renames, flushes, deletes; recovered"
    figure("R2", what, f"{died} of {steps} steps", "nearly all tried", met=died >= 0.8 * len(cuts))
