"""Members of a ZIP archive whose directory has been checked; bounded while inflating."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from quintet.errors import Code, FileProblem
from quintet.media.limits import Limits, check_zip

MAGIC = b"PK\x03\x04"


@contextmanager
def opened(file: BinaryIO, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """An archive that passed ``check_zip``.

    Raises:
        FileProblem: TOO_LARGE or CORRUPT, also for what goes wrong while it is read.
    """
    check_zip(file, limits)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as e:
        raise FileProblem(Code.CORRUPT, f"ZIP archive: {e}") from e


def read(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """The bytes of one member.

    Raises:
        FileProblem: CORRUPT where there is no such member, TOO_LARGE where it grows over its
            declared size.
    """
    try:
        with archive.open(name) as member:
            data = member.read(limits.inflated_bytes + 1)
    except KeyError as e:
        raise FileProblem(Code.CORRUPT, f"no member {name!r} in the archive") from e
    if len(data) > limits.inflated_bytes:
        raise FileProblem(Code.TOO_LARGE, f"archive member {name!r}")
    return data


def names(file: BinaryIO) -> frozenset[str]:
    """Names of the members.

    Raises:
        FileProblem: TOO_LARGE or CORRUPT.
    """
    with opened(file, Limits()) as archive:
        return frozenset(archive.namelist())
