"""Backup: the library of one moment in one file, while others read and write it.

The file is a zip of two members, neither compressed: ``library.sqlite`` and ``manifest.json``,
which holds the size and the SHA-256 of the first. What is derived is left out, and so are the
tokens of a service.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from quintet import durable
from quintet.errors import UsageError
from quintet.index.files import BLOCK
from quintet.store import schema
from quintet.store.database import now
from quintet.store.sqlite import Store

MANIFEST = "manifest.json"
FORMAT = 1
"""Of the archive; ``restore`` refuses a larger one."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BackupReport:
    """What was written: the file, its bytes, and what it holds."""

    file: Path
    size_bytes: int
    items: int
    schema: int
    sha256: str


def backup(store: Store, target: Path, *, force: bool, on_progress: Progress) -> BackupReport:
    """Write the library into one file; it appears whole or not at all.

    Args:
        force: replace a file that is there.

    Raises:
        UsageError: the file is there, or its folder is not.
        NoSpace: no room for it: it needs twice the bytes of the database for a while.
    """
    if target.exists() and not force:
        raise UsageError(f"{target} is there already; name another file, or replace it: --force")
    if not target.parent.is_dir():
        raise UsageError(f"no folder {target.parent}; make it, or name another file")
    with schema.translated(target.parent), working_folder(target.parent, target.name) as work:
        copy = work / schema.DATABASE
        store.copy_to(copy, lambda done, total: on_progress("copy", done, total))
        with Store.open(work) as held:
            told = {"items": sum(held.stats().items.values()), "schema": held.version}
        beside = work / "archive"
        sha = _write(beside, copy, told, on_progress)
        durable.replace(beside, target)
    return BackupReport(target, target.stat().st_size, **told, sha256=sha)


def _write(beside: Path, copy: Path, told: dict[str, int], on_progress: Progress) -> str:
    with beside.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        sha = _put(archive, copy, on_progress)
        manifest = {
            "format": FORMAT,
            "made_at": now(),
            "program": version("quintet"),
            **told,
            "files": {schema.DATABASE: {"bytes": copy.stat().st_size, "sha256": sha}},
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return sha


def _put(archive: zipfile.ZipFile, copy: Path, on_progress: Progress) -> str:
    sha, done, total = hashlib.sha256(), 0, copy.stat().st_size
    with copy.open("rb") as source, archive.open(copy.name, "w", force_zip64=True) as member:
        for block in blocks(source):
            sha.update(block)
            member.write(block)
            done += len(block)
            on_progress("write", done, total)
    return sha.hexdigest()


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a file, a block at a time."""
    while block := file.read(BLOCK):
        yield block


@contextmanager
def working_folder(parent: Path, name: str) -> Iterator[Path]:
    """A hidden folder for a while."""
    sweep(parent, name)
    folder = parent / f".{name}.{os.getpid()}.quintet-tmp"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path, name: str) -> None:
    """Delete the working folders of processes that were killed."""
    for left in parent.glob(".*.quintet-tmp"):
        pid = left.name.split(".")[-2]
        if left.name.startswith(f".{name}.") and pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
