"""The one way to open a file of the user: read-only, no link followed, never waiting."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import PurePath
from typing import BinaryIO

from quintet.errors import Code, FileProblem

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_CODES = {
    errno.ENOENT: Code.VANISHED,
    errno.ENOTDIR: Code.VANISHED,
    errno.EACCES: Code.UNREADABLE,
    errno.EPERM: Code.UNREADABLE,
    errno.ELOOP: Code.SYMLINK,
    errno.ENXIO: Code.SPECIAL,
}


def opened(path: str, root: str = "") -> BinaryIO:
    """The file, read-only, never through a link, never waiting for a writer; to be closed.

    Args:
        root: the added folder, below which no folder on the way may be a link either.

    Raises:
        FileProblem: VANISHED, UNREADABLE, SYMLINK, SPECIAL or IO.
    """
    try:
        fd = _below(root, path)
    except OSError as e:
        raise failure(e) from e
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FileProblem(Code.SPECIAL, "not a regular file")
    return os.fdopen(fd, "rb")


def failure(e: OSError) -> FileProblem:
    """Why a file could not be opened, from the closed list."""
    return FileProblem(_CODES.get(e.errno or 0, Code.IO), e.strerror or str(e))


def _below(root: str, path: str) -> int:
    """Open a path step by step from the added folder; a link on the way is an error."""
    if not root or path == root or not path.startswith(root.rstrip("/") + "/"):
        return os.open(path, FLAGS)
    *folders, name = PurePath(path).relative_to(root).parts
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, FLAGS | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, FLAGS, dir_fd=here)
    finally:
        os.close(here)
