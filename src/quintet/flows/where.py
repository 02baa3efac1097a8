"""Which folder is the library: given, in the environment, around us, or the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from quintet.errors import LibraryNotFound, NoSpace
from quintet.store.lock import WRITING

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


TRACES = ("index", "previews", "replaced-*", f"{DATABASE}-*", "service.*")
"""What only a library has beside its database."""


def traces(folder: Path) -> list[str]:
    """What shows that a folder without a database once was a library."""
    if holds_library(folder):
        return []
    return sorted(path.name for name in TRACES for path in folder.glob(name))


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


def find(folder: Path | None, *, making: bool = False) -> Path:
    """The library folder to use; it may not hold a library yet.

    In this order: the given folder, QUINTET_LIBRARY, the nearest ``.quintet`` from the current
    folder upwards, the user's own library. An empty ``.quintet`` is passed over.

    Args:
        making: a library will be made there: the folder need not exist, and a library that lost
            its database may be replaced.

    Raises:
        LibraryNotFound: the given folder does not exist, or the place holds what is left of a
            library without its database.
    """
    named = folder or _environment()
    found = inside(named) if named else _around(Path.cwd()) or default()
    if making or holds_library(found):
        return found
    if named and not found.parent.is_dir():
        raise LibraryNotFound(f"no folder {found.parent}; make it, or name another with --library")
    if left := traces(found):
        raise LibraryNotFound(_lost(found, left))
    return found


def _lost(folder: Path, left: list[str]) -> str:
    aside = [name for name in left if name.startswith("replaced-")]
    back = f"move {aside[-1]}/{DATABASE} back; " if aside else ""
    return (
        f"{folder} was a library, but its {DATABASE} is gone; there are {', '.join(left[:5])}. "
        f"The ways out: {back}quintet restore FILE, from a backup; or quintet init "
        f"{folder.parent}, a new one"
    )


def _environment() -> Path | None:
    named = os.environ.get("QUINTET_LIBRARY")
    return Path(named) if named else None


def _around(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if _is_place(place / HIDDEN):
            return place / HIDDEN
    return None


def _is_place(folder: Path) -> bool:
    """Whether a folder is, was or was to become a library: it is never passed over for another."""
    return holds_library(folder) or (folder / WRITING).exists() or bool(traces(folder))
