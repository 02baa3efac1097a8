"""Walk a folder: which regular files are there, which entries are not to be read, and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from quintet.errors import Code, SourceError

SUBTITLES = (".srt", ".vtt")
VIDEOS = (".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".ts")
"""Names beside which a subtitle file is a side-car; the content still decides what a file is."""

_KINDS = (
    (stat.S_ISFIFO, "FIFO"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A regular file, not opened yet."""

    path: str
    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Passed:
    """An entry that is not read, and why."""

    path: str
    code: Code
    detail: str


def scan(root: str) -> Iterator[Seen | Passed]:
    """The files below a folder, or the one file, in order of name; hidden entries are left out.

    Folders are read one at a time, links are not followed, so a walk ends and its memory is that
    of the largest folder's names.

    Raises:
        SourceError: the root is not there or cannot be read.
    """
    try:
        info = Path(root).stat()
    except OSError as e:
        raise SourceError(f"{root}: {e.strerror}; nothing was changed in the library") from e
    if not stat.S_ISDIR(info.st_mode):
        yield _judge(root, info)
        return
    if not os.access(root, os.R_OK | os.X_OK):
        raise SourceError(f"{root} cannot be read; nothing was changed in the library")
    yield from _walk(root)


def _walk(folder: str) -> Iterator[Seen | Passed]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as entries:
                found = sorted(entries, key=lambda e: e.name)
        except OSError as e:
            yield Passed(here, Code.UNREADABLE, f"folder: {e.strerror}")
            continue
        names = {e.name for e in found}
        folders = []
        for entry in found:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                yield Passed(entry.path, Code.SYMLINK, "a symbolic link; add what it points to")
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif not is_sidecar(entry.name, names):
                yield _entry(entry)
        pending += reversed(folders)


def _entry(entry: os.DirEntry[str]) -> Seen | Passed:
    try:
        return _judge(entry.path, entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return Passed(entry.path, Code.VANISHED, "it was there a moment ago")
    except OSError as e:
        return Passed(entry.path, Code.UNREADABLE, e.strerror or str(e))


def _judge(path: str, info: os.stat_result) -> Seen | Passed:
    for is_kind, name in _KINDS:
        if is_kind(info.st_mode):
            return Passed(path, Code.SPECIAL, f"a {name}, not a file")
    return Seen(path, info.st_size, info.st_mtime_ns, info.st_ino)


def is_sidecar(name: str, beside: set[str]) -> bool:
    """Whether a subtitle file belongs to a video of the same name beside it.

    >>> is_sidecar("talk.en.srt", {"talk.mp4", "talk.en.srt"})
    True
    """
    path = PurePath(name)
    if path.suffix.lower() not in SUBTITLES:
        return False
    stems = {path.stem, PurePath(path.stem).stem}
    return any(stem + kind in beside for stem in stems for kind in VIDEOS)


def sidecars(path: str) -> dict[str, str]:
    """Name to path of the subtitle files that belong to a file."""
    folder, name = os.path.split(path)
    if PurePath(name).suffix.lower() not in VIDEOS:
        return {}
    try:
        beside = [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return {}
    stem = PurePath(name).stem
    mine = [n for n in beside if n.startswith(stem + ".") and is_sidecar(n, {name})]
    return {n: f"{folder}/{n}" for n in sorted(mine)}
