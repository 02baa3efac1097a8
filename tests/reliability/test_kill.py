"""Killed at random moments and at every step: nothing is lost, twice, or there by half (R1, R2)."""

import os
import random
import shutil
import signal
import time

import pytest
from tests.conftest import LANE
from tests.reliability import whole
from tests.reliability.trial import Trial
from tests.reliability.warm import DIED, Warm


@pytest.fixture(scope="module")
def media(request, tmp_path_factory, times):
    """Two things in five media, real ones in lane N, and a copy of one file."""
    real = request.getfixturevalue("data") / "fivemedia" if times(0, 1) else None
    folder = whole.media(tmp_path_factory.mktemp("kill") / "media", real)
    made = next(folder.rglob("*.txt"))
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


class Killed(Trial):
    """One operation that is killed and done again."""

    def __init__(self, operation, warm, home, media, folder):
        begin, self.few = OPERATIONS[operation]
        self.folder = folder
        made = folder / "made.zip"
        super().__init__(operation, begin, warm, home, media, folder / "place", made)

    def start(self):
        """The number of its process, from the beginning."""
        self.fresh()
        return self.warm.begin(self.operation, self.place, *self.arguments)

    def recovers(self, told):
        """After it died: whole, and done again as if nothing had been."""
        self.check(self.place, told=told)
        self.again(self.place, told=told)
        whole.check(self.library)
        assert whole.leftovers(self.folder) == [], told


@pytest.mark.parametrize("operation", OPERATIONS)
def test_death_at_every_step(operation, warm, media, states, tmp_path, times, figure):
    trial = Killed(operation, warm, states[0], media, tmp_path)
    assert trial.steps >= 2
    cuts = range(1, trial.steps + 1)
    cuts = random.Random(operation).sample(cuts, min(trial.steps, times(trial.few, trial.steps)))
    died = 0
    for cut in sorted(cuts):
        status, told = trial.run(cut=cut)
        if operation == "add" and not status:
            continue  # batches are cut by time, so that some runs have fewer steps
        died += 1
        assert status == DIED, (cut, told)
        trial.recovers(cut)
    whole.check_index(trial.library)
    what = f"{operation}: killed before and after commits, renames, flushes, deletes; recovered"
    met = died >= 0.8 * len(cuts)
    figure("R2", what, f"{died} of {trial.steps} steps", "all but few", met=met)


SOME = ("remove", "backup", "replace", "upgrade")
"""What lane P tries; lane N tries all."""


@pytest.mark.parametrize("operation", sorted({*OPERATIONS} - {"add"}) if LANE == "N" else SOME)
def test_kill_9_at_any_moment(operation, warm, media, states, tmp_path, times, figure):
    trial = Killed(operation, warm, states[0], media, tmp_path)
    rng, kills = random.Random(operation), 0
    for _ in range(times(2, 20)):
        pid = trial.start()
        time.sleep(rng.uniform(0, trial.seconds))
        os.kill(pid, signal.SIGKILL)
        status, _ = trial.warm.end()
        kills += status == -9
        trial.recovers(status)
    figure("R1", f"{operation}: kills −9 at any moment; recovered", kills, "all", met=True)
