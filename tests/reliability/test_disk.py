"""The power is cut, the disk is full, the disk breaks: at every call of the system (R3, R7, R9)."""

import errno
import random

import pytest
from tests.conftest import LANE
from tests.reliability import disk, whole
from tests.reliability.trial import AT_ONCE, Trial
from tests.reliability.warm import DIED, Warm

from quintet import errors

CHANGES = disk.WRITE | disk.FLUSH | disk.NAME
BEGINS = {
    "add": "empty",
    "train": "added",
    "rebuild": "trained",
    "encode": "added",
    "remove": "added",
    "tag": "added",
    "backup": "added",
    "restore": "empty",
    "replace": "added",
    "upgrade": "old",
    "index": "added",
}
"""What each operation begins with."""


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return whole.media(tmp_path_factory.mktemp("disk") / "media")


@pytest.fixture(scope="module")
def warm(media, tmp_path_factory):
    process = Warm(media, disk=disk.build(tmp_path_factory.mktemp("built")))
    yield process
    process.close()


@pytest.fixture(scope="module")
def home(warm, media, tmp_path_factory):
    return whole.states(warm, media, tmp_path_factory.mktemp("states"))


class Bench(Trial):
    """One operation, on a disk that is told how to break."""

    def __init__(self, operation, warm, home, media, folder):
        place, self.cut = folder / "place", folder / "cut"
        self.acknowledged = folder / "acknowledged"
        self.disk = disk.Disk(place, folder / "keep")
        made = place / "made.zip"
        super().__init__(operation, BEGINS[operation], warm, home, media, place, made)

    def fresh(self):
        super().fresh()
        self.disk.settle()

    def run(self, kinds=CHANGES, at=0, error=0, *, persists=False):
        """With the disk breaking at a call of these kinds; 0 for none."""
        orders = {
            "folder": str(self.place),
            "keep": str(self.disk.keep),
            "acknowledged": str(self.acknowledged),
            "kinds": kinds,
            "at": at,
            "error": error,
            "persists": int(persists),
        }
        return super().run(disk=orders)

    def check(self, place, *, told):
        """And nothing is lost that was acknowledged."""
        super().check(place, told=told)
        if self.operation == "add":
            assert set(self.acknowledged.read_text().split()) <= whole.ids(place / ".quintet"), told


SOME = ("add", "remove", "backup", "replace", "upgrade")
"""What lane P tries; lane N tries all."""


@pytest.fixture(scope="module", params=BEGINS if LANE == "N" else SOME)
def bench(request, warm, home, media, tmp_path_factory):
    made = Bench(request.param, warm, home, media, tmp_path_factory.mktemp(request.param))
    yield made
    made.disk.close()


def test_the_power_is_cut(bench, times, figure):
    """After the last call, and at some before; nothing but what was flushed is there again."""
    rng = random.Random(bench.operation)
    cuts = _some(rng, bench.steps, times(1, 20))
    for at in [0, *cuts]:
        status, told = bench.run(CHANGES, at)
        assert status == (DIED if at else 0) or bench.operation == "add", told
        for names_at_once, torn in [(True, True), (True, False), (False, True), (False, False)]:
            left = (at, names_at_once, torn)
            bench.disk.after_cut(bench.cut, rng, names_at_once=names_at_once, torn=torn)
            if not status:
                assert whole.portrait(bench.cut / ".quintet") == bench.done, left
            bench.check(bench.cut, told=left)
        if status:
            bench.again(bench.cut, told=left)
    what = f"{bench.operation}: cuts of the power; names and bytes not flushed kept, lost or torn"
    figure("R3", what, f"{len(cuts) + 1} of {bench.steps} calls, nothing lost", "all", met=True)


@pytest.mark.parametrize("name", ["ENOSPC", "EIO", "EIO reading"])
def test_the_disk_breaks(name, bench, times, figure):
    """From one call on, until it is mended: a clear error, or done; and nothing is lost."""
    rng = random.Random(name)
    kinds = disk.READ if "reading" in name else CHANGES
    error = errno.ENOSPC if name == "ENOSPC" else errno.EIO
    steps = bench.steps if kinds == CHANGES else bench.run(kinds, 0)[1]["steps"]
    cuts = _some(rng, steps, times(1, 10))
    for number, at in enumerate(cuts):
        status, told = bench.run(kinds, at, error, persists=number % 2 == 0)
        if status:
            assert _ours(told["told"]), (at, told)
        elif bench.operation in AT_ONCE:
            assert whole.portrait(bench.library) == bench.done, at
        bench.check(bench.place, told=(at, told))
        bench.again(bench.place, told=(at, told))
    what = f"{bench.operation}: {name} at some call, once and for good; a clear error or done"
    number = "R7" if error == errno.ENOSPC else "R9"
    figure(number, what, f"{len(cuts)} of {steps} calls, nothing lost", "all", met=True)


def _some(rng, steps, most):
    return sorted(rng.sample(range(1, steps + 1), min(steps, most)))


def _ours(told):
    """Whether an error is one of those that say what to do."""
    kind = getattr(errors, str(told).partition(":")[0], None)
    return isinstance(kind, type) and issubclass(kind, errors.QuintetError)
