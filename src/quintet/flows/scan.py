"""Walk a folder: which regular files are there, which entries are not to be read, and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from quintet.errors import Code, SourceError

SUBTITLES = (".srt", ".vtt")
VIDEOS = (".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".ts")
"""Names beside which a subtitle file is a side-car; the content still decides what a file is."""

_KINDS = (
    (stat.S_ISLNK, Code.SYMLINK, "a symbolic link; add what it points to"),
    (stat.S_ISFIFO, Code.SPECIAL, "a FIFO, not a file"),
    (stat.S_ISSOCK, Code.SPECIAL, "a socket, not a file"),
    (stat.S_ISCHR, Code.SPECIAL, "a device, not a file"),
    (stat.S_ISBLK, Code.SPECIAL, "a device, not a file"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A regular file, not opened yet.

    Attributes:
        sidecars: names of the subtitle files beside it that belong to it.
        beside: these names with their sizes and times; another text means other subtitles.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    sidecars: tuple[str, ...] = ()
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """An entry that is not read, and why; ``folder`` when all that is below it is not seen."""

    path: str
    code: Code
    detail: str
    folder: bool = False


def scan(root: str, *, leave_out: str = "") -> Iterator[Seen | Passed]:
    """The files below a folder, or the one file; hidden entries are left out.

    Folders are read one at a time in order of name, links are not followed: a walk ends, and its
    memory is that of the largest folder's names.

    Args:
        leave_out: a folder that is not entered: the library's own.

    Raises:
        SourceError: the root is not there or cannot be read.
    """
    try:
        info = Path(root).stat()
    except OSError as e:
        raise SourceError(f"{root}: {e.strerror}; nothing was changed in the library") from e
    if not stat.S_ISDIR(info.st_mode):
        yield look(root)
        return
    if not os.access(root, os.R_OK | os.X_OK):
        raise SourceError(f"{root} cannot be read; nothing was changed in the library")
    yield from _walk(root, leave_out)


def look(path: str) -> Seen | Passed:
    """What one path is now, with the subtitles beside it."""
    found = _look(path, tuple(sidecars(path)))
    if found is None:
        return Passed(path, Code.SPECIAL, "a link to a folder; add the folder itself")
    return found


def _walk(root: str, leave_out: str) -> Iterator[Seen | Passed]:
    pending = [root]
    while pending:
        here = pending.pop()
        try:
            names = sorted(_names(here))
        except OSError as e:
            yield Passed(here, Code.UNREADABLE, f"folder: {e.strerror}", folder=True)
            continue
        folders = []
        of_stem = _subtitles(names)
        taken = {name for group in of_stem.values() for name in group}
        for name in names:
            if name in taken:
                continue
            path = os.path.join(here, name)  # noqa: PTH118 - names may hold any byte
            found = _look(path, _of(name, of_stem))
            if found is not None:
                yield found
            elif path != leave_out:
                folders.append(path)
        pending += reversed(folders)


def _names(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        yield from (e.name for e in entries if not e.name.startswith("."))


def _look(path: str, sidecars: Sequence[str]) -> Seen | Passed | None:
    """What an entry is; None for a folder."""
    try:
        info = os.lstat(path)
        if stat.S_ISREG(info.st_mode):
            beside = "|".join(_signature(path, name) for name in sidecars)
            place = (info.st_size, info.st_mtime_ns, info.st_ino)
            return Seen(path, *place, sidecars=tuple(sidecars), beside=beside)
    except FileNotFoundError:
        return Passed(path, Code.VANISHED, "it was there a moment ago")
    except OSError as e:
        return Passed(path, Code.UNREADABLE, e.strerror or str(e))
    for is_kind, code, detail in _KINDS:
        if is_kind(info.st_mode):
            return Passed(path, code, detail)
    return None


def _signature(path: str, name: str) -> str:
    try:
        found = os.lstat(PurePath(path).parent / name)
    except OSError:
        return name
    return f"{name}:{found.st_size}:{found.st_mtime_ns}"


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def _subtitles(names: Sequence[str]) -> dict[str, list[str]]:
    """Stem of a video to the subtitle files beside it: ``talk`` to talk.srt and talk.en.srt."""
    found: dict[str, list[str]] = {PurePath(n).stem: [] for n in names if _suffix(n) in VIDEOS}
    for name in names if found else ():
        if _suffix(name) in SUBTITLES:
            stem = PurePath(name).stem
            for owner in {stem, PurePath(stem).stem} & found.keys():
                found[owner].append(name)
    return found


def _of(name: str, of_stem: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    is_video = of_stem and _suffix(name) in VIDEOS
    return tuple(of_stem.get(PurePath(name).stem, ())) if is_video else ()


def sidecars(path: str) -> dict[str, str]:
    """Name to path of the subtitle files that belong to a file."""
    folder, name = os.path.split(path)
    if _suffix(name) not in VIDEOS:
        return {}
    try:
        names = sorted(_names(folder or "."))
    except OSError:
        return {}
    return {n: os.path.join(folder, n) for n in _of(name, _subtitles(names))}  # noqa: PTH118 - names may hold any byte
