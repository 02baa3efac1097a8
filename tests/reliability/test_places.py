"""Full disks, folders without permission, broken reading, and clocks that lie (R7, R8, R9, R15)."""

import errno
import os
import random
import resource
import shutil
import signal
import stat
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.reliability import small, whole

import quintet
from quintet.errors import QuintetError
from quintet.flows import add
from quintet.store import database
from quintet.store.sqlite import Store

NOBODY = 65534


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    for n in range(12):
        place = folder / f"{n % 3}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n}.txt").write_text(f"Number {n} in the harbour.\n" * (1 + 20 * n))
    return folder


def test_a_disk_that_is_full_at_the_nth_byte(tmp_path, times, figure):
    """The system lets no file grow beyond a size, which is drawn for each try."""
    rng, bad, tries = random.Random(0), [], times(12, 200)
    small.make(tmp_path / "whole" / ".quintet", 30)
    most = (tmp_path / "whole/.quintet/library.sqlite").stat().st_size * 2
    for _ in range(tries):
        folder = tmp_path / "full" / ".quintet"
        shutil.rmtree(folder.parent, ignore_errors=True)
        error, kept = _filled(folder, rng.randrange(1, most))
        if error and not error.startswith("NoSpace:"):
            bad.append(error)
        if (folder / "library.sqlite").exists():
            whole.check(folder)
            if not {small.identity(n) for n in range(kept)} <= whole.ids(folder):
                bad.append(f"lost some of {kept}")
            with Store.open(folder, write=True) as store:
                store.put([small.record(500)])
    figure(
        "R7",
        f"of {tries} disks that filled up: lost, or no clear error",
        len(bad),
        "0",
        met=not bad,
    )


def _filled(folder, size):
    """Put items until no file may grow beyond a size; the error, and how many were committed."""
    receive, send = os.pipe()
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        done, error = 0, ""
        try:
            with Store.create(folder) as store:
                for n in range(30):
                    store.put([small.record(n)])
                    done += 1
        except BaseException as e:  # noqa: BLE001 - told to the test
            error = f"{type(e).__name__}: {e}"
        os.write(send, f"{done} {error}".encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as told:
        done, _, error = told.read().partition(" ")
    os.waitpid(pid, 0)
    return error, int(done)


@contextmanager
def as_nobody():
    """Without the rights of root, where the test has them."""
    if os.geteuid():
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared():
    """A folder that anybody can enter."""
    folder = Path(tempfile.mkdtemp(prefix="quintet-test-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def _owned(folder):
    """Give everything to nobody, as if they had made it."""
    if not os.geteuid():
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _mode(name, mode):
    return lambda home: (home / name).chmod(mode)


def _other_owner(home):
    if os.geteuid():
        pytest.skip("only root can give files away")
    for path in [home, *home.rglob("*")]:
        os.chown(path, 12345, 12345)
        path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)


def _instead(make):
    def change(home):
        shutil.rmtree(home / ".quintet")
        make(home / ".quintet")

    return change


def _database_is_folder(home):
    (home / ".quintet/library.sqlite").unlink()
    (home / ".quintet/library.sqlite").mkdir()


LAYOUTS = {
    "read-only folder": _mode(".quintet", 0o555),
    "read-only database": _mode(".quintet/library.sqlite", 0o444),
    "read-only lock": _mode(".quintet/writer.lock", 0o444),
    "unreadable database": _mode(".quintet/library.sqlite", 0o000),
    "folder that cannot be entered": _mode(".quintet", 0o000),
    "folder that cannot be listed": _mode(".quintet", 0o333),
    "read-only home": _mode(".", 0o555),
    "home that cannot be entered": _mode(".", 0o000),
    "another owner": _other_owner,
    "a file as folder": _instead(lambda p: p.write_text("x")),
    "a broken link as folder": _instead(lambda p: p.symlink_to("nowhere")),
    "a folder as database": _database_is_folder,
    "no folder": _instead(lambda p: None),
}


def test_every_layout_of_permissions_is_served_or_refused_in_words(shared, figure):
    refused = {}
    for name, change in LAYOUTS.items():
        home = shared / name.replace(" ", "-")
        small.make(home / ".quintet", 3)
        _owned(home)
        data = (home / ".quintet/library.sqlite").read_bytes()
        change(home)
        for act in (_read, _write):
            with as_nobody():
                try:
                    act(home)
                except QuintetError as e:
                    refused.setdefault(name, str(e))
        kept = home / ".quintet" / "library.sqlite"
        if name not in ("a folder as database", "no folder") and kept.is_file() and name in refused:
            assert kept.read_bytes() == data, name
    assert set(LAYOUTS) - set(refused) <= {
        "no folder",
        "read-only home",
        "folder that cannot be listed",
    }
    assert not [line for line in refused.values() if "\n" in line]
    what = "layouts of permissions: works, or one clear line and nothing written"
    figure("R8", what, f"{len(LAYOUTS)}/{len(LAYOUTS)}", "all", met=True)


def _read(home):
    with quintet.open(home, create=False) as lib:
        assert len(lib.search("harbour")) == 3


def _write(home):
    with quintet.open(home) as lib:
        lib.save_search("x", "harbour")


class _Broken:
    """A file on a disk that breaks."""

    def __init__(self, file):
        self.fileno = file.fileno

    def read(self, *_):
        raise OSError(errno.EIO, "Input/output error")


def test_a_file_that_cannot_be_read_is_marked_and_tried_again(media, monkeypatch, times, figure):
    victims = sorted(media.rglob("*.txt"))[: times(3, 12)]
    names = {str(v) for v in victims}
    wrong, really = [], add.opened

    @contextmanager
    def broken(path, root=""):
        with really(path, root) as file:
            yield _Broken(file) if path in names else file

    monkeypatch.setattr(add, "opened", broken)
    with quintet.open(media) as lib:
        report = lib.add(media)
        assert report.failed == len(victims)
        wrong += [e.code for e in lib.errors() if e.code != "io_error"]
        monkeypatch.undo()
        assert lib.add(media).added == len(victims)
        assert lib.errors() == []
    whole.check(media / ".quintet")
    figure(
        "R9",
        f"of {len(victims)} unreadable files, not marked io_error",
        len(wrong),
        "0",
        met=not wrong,
    )


CLOCKS = {
    "10 years ago": timedelta(days=-3650),
    "in 10 years": timedelta(days=3650),
    "an hour back": timedelta(hours=-1),
    "2038": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC) - datetime.now(UTC),
    "a leap day": datetime(2028, 2, 29, 23, 59, 60 - 1, tzinfo=UTC) - datetime.now(UTC),
    "1970": datetime(1970, 1, 1, tzinfo=UTC) - datetime.now(UTC),
}


def test_clocks_that_jump(media, monkeypatch, figure):
    class Clock(datetime):
        shift = timedelta(0)

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + cls.shift

    monkeypatch.setattr(database, "datetime", Clock)
    files = sorted(media.rglob("*.txt"))
    with quintet.open(media) as lib:
        for number, shift in enumerate(CLOCKS.values()):
            Clock.shift = shift
            at = (datetime.now(UTC) + shift).timestamp()
            os.utime(files[number], (at, at))
            lib.add(files[number])
            lib.save_search(f"s{number}", "harbour")
            assert lib.run_saved(f"s{number}")
        jobs = lib._parts.store.jobs(50)
        assert [j.id for j in jobs] == sorted((j.id for j in jobs), reverse=True)
        assert len(lib.search("harbour", sort="added", k=50)) == len(CLOCKS)
        report = lib.add(media)
        assert (report.unchanged, report.added) == (len(CLOCKS), len(files) - len(CLOCKS))
    whole.check(media / ".quintet")
    figure(
        "R15",
        "jumps of the clock survived in order",
        f"{len(CLOCKS)}/{len(CLOCKS)}",
        "all",
        met=True,
    )
