"""A disk that is away, a folder that is empty, errors of the disk: no item is given up for lost."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from media_fakes import run

from quintet.errors import SourceError

MANY = 40


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "disk" / "media"
    for n in range(MANY):
        path = folder / f"{n % 4}" / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Dog {n}.")
    return folder


def gone(media, patch):
    shutil.rmtree(media)


def unmounted(media, patch):
    shutil.rmtree(media)
    media.mkdir()


def disk_unmounted(media, patch):
    shutil.rmtree(media.parent)
    media.parent.mkdir()


def only_empty_folders(media, patch):
    for path in media.rglob("*.txt"):
        path.unlink()


def lost_and_found(media, patch):
    shutil.rmtree(media)
    (media / "lost+found").mkdir(parents=True)


def third_missing(media, patch):
    for n in range(0, MANY, 3):
        (media / f"{n % 4}" / f"{n}.txt").unlink()


def failing(where):
    def fail(media, patch):
        real = os.scandir

        def scandir(path="."):
            if str(path).startswith(str(media / where).rstrip("/")):
                raise OSError(errno.EIO, "Input/output error", path)
            return real(path)

        patch.setattr(os, "scandir", scandir)

    return fail


def failing_files(media, patch):
    real = os.lstat

    def lstat(path, **rest):
        if str(path).endswith(".txt"):
            raise OSError(errno.EIO, "Input/output error", path)
        return real(path, **rest)

    patch.setattr(os, "lstat", lstat)


def stale(media, patch):
    real = os.open

    def refuse(path, flags, *rest, **more):
        if str(path).endswith(".txt") or str(path).startswith(str(media)):
            raise OSError(errno.ESTALE, "Stale file handle", path)
        return real(path, flags, *rest, **more)

    patch.setattr(os, "open", refuse)
    for path in media.rglob("*.txt"):
        os.utime(path)


WAYS = {
    "gone": gone,
    "unmounted": unmounted,
    "its disk unmounted": disk_unmounted,
    "only empty folders": only_empty_folders,
    "another disk": lost_and_found,
    "a third missing": third_missing,
    "EIO on the root": failing(""),
    "EIO on a folder": failing("1"),
    "EIO on files": failing_files,
    "stale handles": stale,
}


@pytest.fixture(scope="module")
def tally():
    return {}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_given_up(store, media, tally, way):
    assert run(store, media).added == MANY
    told = []
    with pytest.MonkeyPatch.context() as patch:
        WAYS[way](media, patch)
        try:
            report = run(store, media)
        except SourceError as e:
            told = [str(e)]
        else:
            told = [*report.warnings, *(row.code for row in store.errors())]
    assert told
    assert len(store.find()) == MANY
    tally[way] = store.stats().missing
    assert not tally[way]
    items = store.get_many(store.find())
    assert all(item.path for item in items)


def test_all_of_them(tally, figure):
    lost = sum(tally.values())
    figure(
        "F11",
        f"items given up in {len(tally)} ways a library can vanish",
        lost,
        "0",
        met=not lost and len(tally) == len(WAYS),
    )


def test_it_comes_back(store, media, tmp_path):
    run(store, media)
    media.rename(tmp_path / "away")
    with pytest.raises(SourceError):
        run(store, media)
    Path(tmp_path / "away").rename(media)
    assert run(store, media).unchanged == MANY
