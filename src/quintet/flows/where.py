"""Which folder is the library: given, in the environment, around us, or the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from quintet.errors import LibraryNotFound, NoSpace

HIDDEN = ".quintet"
"""The library folder inside a folder of media."""

DATABASE = "library.sqlite"


def holds_library(folder: Path) -> bool:
    """Whether the folder itself is a library.

    Raises:
        NoSpace: the folder, or one above, cannot be entered.
    """
    try:
        return (folder / DATABASE).is_file()
    except PermissionError as e:
        raise NoSpace(f"{folder} cannot be entered: {e.strerror}; check its permissions") from e


def inside(folder: Path) -> Path:
    """The library folder that belongs to a folder of media; a library folder is its own.

    >>> inside(Path("/media/archive"))
    PosixPath('/media/archive/.quintet')
    """
    folder = folder.expanduser().absolute()
    return folder if folder.name == HIDDEN or holds_library(folder) else folder / HIDDEN


def default() -> Path:
    """The user's own library, used when no other is named or around us."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "quintet" / HIDDEN


def find(folder: Path | None) -> Path:
    """The library folder to use; it may not hold a library yet.

    In this order: the given folder, QUINTET_LIBRARY, the nearest ``.quintet`` from the current
    folder upwards, the user's own library.

    Raises:
        LibraryNotFound: the given folder does not exist.
    """
    named = folder or _environment()
    if named is None:
        return _around(Path.cwd()) or default()
    found = inside(named)
    if not holds_library(found) and not found.parent.is_dir():
        raise LibraryNotFound(f"no folder {found.parent}; make it, or name another with --library")
    return found


def _environment() -> Path | None:
    named = os.environ.get("QUINTET_LIBRARY")
    return Path(named) if named else None


def _around(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if holds_library(place / HIDDEN):
            return place / HIDDEN
    return None
