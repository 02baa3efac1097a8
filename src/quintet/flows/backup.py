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
from quintet.errors import LibraryCorrupt
from quintet.flows import targets
from quintet.index.files import BLOCK
from quintet.store import schema
from quintet.store.checks import verify_copy
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
    """Write the library into one file, which appears whole or not at all; checked before.

    Args:
        force: replace a backup that is there.

    Raises:
        UsageError: the file is there, its folder is not, or it is no place for a backup.
        LibraryCorrupt: the library is damaged; nothing was written.
        NoSpace: no room for it: it needs twice the bytes of the database for a while.
    """
    targets.checked(target, store.folder, store.knows, holds_backup, force=force)
    with schema.translated(target.parent), working_folder(target.parent, target.name) as work:
        copy = work / schema.DATABASE
        try:
            store.copy_to(copy, lambda done, total: on_progress("copy", done, total))
            told = _checked(work, on_progress)
        except LibraryCorrupt as e:
            raise _damaged(store.folder, target, str(e.__cause__ or e)) from e
        beside = work / "archive"
        sha = _write(beside, copy, told, on_progress)
        durable.replace(beside, target)
    return BackupReport(target, target.stat().st_size, **told, sha256=sha)


def _checked(work: Path, on_progress: Progress) -> dict[str, int]:
    """What the copy holds; every checksum in it must hold."""
    if wrong := verify_copy(work, on_progress):
        raise LibraryCorrupt(wrong[0])
    with Store.open(work) as held:
        return {"items": sum(held.stats().items.values()), "schema": held.version}


def _damaged(folder: Path, target: Path, what: str) -> LibraryCorrupt:
    kept = f"{target} stays as it was" if target.exists() else "no backup was written"
    return LibraryCorrupt(
        f"the library at {folder} is damaged ({what}); {kept}. All that is damaged: quintet "
        "verify; the ways out: quintet restore of an older backup, or quintet salvage FILE"
    )


def holds_backup(path: Path) -> bool:
    """Whether a file is a zip of the members of a backup, whole or not."""
    try:
        with zipfile.ZipFile(path) as opened:
            return sorted(opened.namelist()) == [schema.DATABASE, MANIFEST]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


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
