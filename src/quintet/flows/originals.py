"""The original files of known items: opened only if they are still what was indexed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from quintet.errors import Code, FileProblem, OriginalChanged, OriginalGone
from quintet.flows.opening import opened
from quintet.flows.reading import digest, unchanged
from quintet.flows.scan import Seen
from quintet.store.records import UNPROVEN, FileRow
from quintet.store.sqlite import Store
from quintet.types import Item


@dataclass(frozen=True)
class Original:
    """An item and the files that hold its content, the present ones first."""

    item: Item
    files: tuple[FileRow, ...]

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, FileRow]]:
        """The first of the files that is still what was indexed, read-only.

        Raises:
            OriginalGone: none is there, or none can be read.
            OriginalChanged: what is there has another size or time, or after a restore other bytes.
        """
        trouble: FileProblem | None = None
        for row in self.files:
            try:
                file = _open(row)
            except FileProblem as e:
                trouble = e if trouble is None or e.code is Code.CHANGED else trouble
                continue
            with file:
                yield file, row
            return
        raise _told(self.item, trouble)


def original(store: Store, name: str) -> Original:
    """The item of that path or id prefix, and its files.

    Raises:
        UnknownName: no such item.
    """
    item = store.resolve(name)
    return Original(item, tuple(store.files_of(item.id)))


def _open(row: FileRow) -> BinaryIO:
    """The file, and no link anywhere below the folder that was added.

    Raises:
        FileProblem: it is not there, cannot be read, or is another one now.
    """
    file = opened(row.path, row.root)
    seen = Seen(row.path, row.size_bytes, row.mtime_ns, row.inode)
    try:
        unchanged(file, seen)
        if row.inode == UNPROVEN:
            _prove(file, seen, row.item_id)
    except FileProblem:
        file.close()
        raise
    return file


PROVEN = 100_000
"""Files that a process remembers to have compared."""

_proven: set[tuple[str, int, int, int, int]] = set()


def _prove(file: BinaryIO, seen: Seen, item_id: str) -> None:
    """Compare the bytes with the id of the item, once a process: a restored library may lie."""
    info = os.fstat(file.fileno())
    place = (item_id, info.st_dev, info.st_ino, info.st_size, info.st_ctime_ns)
    if place in _proven:
        return
    if digest(file, seen) != item_id:
        raise FileProblem(Code.CHANGED, "its bytes are not those of the item")
    file.seek(0)
    if len(_proven) >= PROVEN:
        _proven.clear()
    _proven.add(place)


def _told(item: Item, trouble: FileProblem | None) -> FileProblem:
    if trouble is not None and trouble.code is Code.CHANGED:
        return OriginalChanged(
            Code.CHANGED, f"the file of item {item.id[:12]} is another one now; run: quintet add"
        )
    code = trouble.code if trouble is not None else Code.VANISHED
    why = trouble.detail if trouble is not None else "no file is known"
    return OriginalGone(
        code, f"no file of item {item.id[:12]} can be read ({why}); if it moved, run: quintet add"
    )
