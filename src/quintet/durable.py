"""What stays after a cut of the power: flushed bytes, and flushed names in folders."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """What was written to a file, or renamed into a folder, stays there after a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace(new: Path, place: Path) -> None:
    """Put a finished file in a place: before and after a power cut it is the old one or this."""
    flush(new)
    new.replace(place)
    flush(place.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are not there.

    Raises:
        OSError: as ``Path.mkdir``.
    """
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush(folder.parent)
