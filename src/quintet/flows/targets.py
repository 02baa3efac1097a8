"""Where a backup or a salvage may be written: never over the library, or a file that it knows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from quintet.errors import UsageError


def checked(
    target: Path,
    folder: Path,
    known: Callable[[str], bool],
    ours: Callable[[Path], bool],
    *,
    force: bool,
) -> None:
    """Refuse a place that is not for this.

    Args:
        folder: the library's.
        known: whether the library knows a file of that path.
        ours: whether a file was written by the same command: ``force`` replaces no other.

    Raises:
        UsageError: says why, and the way out.
    """
    place = target.parent.resolve() / target.name
    if place.is_relative_to(folder.resolve()):
        raise UsageError(f"{target} lies in the library folder itself; name a file elsewhere")
    if place.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise UsageError(f"no folder {target.parent}; make it, or name another file")
    if known(str(target.absolute())) or known(str(place)):
        raise UsageError(f"{target} is a file that the library knows; name another")
    if not os.path.lexists(target):
        return
    if not force:
        raise UsageError(f"{target} is there already; name another file, or replace it: --force")
    if target.is_symlink() or not target.is_file() or not _one_of(ours, target):
        raise UsageError(
            f"{target} was not written by this command, and --force replaces nothing else; name "
            "another file"
        )


def _one_of(ours: Callable[[Path], bool], target: Path) -> bool:
    try:
        return ours(target)
    except OSError:
        return False
