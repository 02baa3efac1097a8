"""Files that came over the network: kept for a while, asked with or added, never executed."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from quintet.errors import TooLarge, UnknownName

FOLDER = "uploads"
KEPT = "kept"
"""Folder of received files that were added; they are originals like any other."""

MOST_BYTES = 512 << 20
KEPT_S = 24 * 3600.0
LONGEST_NAME = 120

_ID = re.compile(r"[0-9a-f]{32}")
_BAD = re.compile(r"[^\w.\- ]+")


@dataclass(frozen=True)
class Upload:
    """One received file; its name is only ever shown."""

    id: str
    name: str
    size_bytes: int


class Uploads:
    """The received files of one service, each of a random id.

    Args:
        most_bytes: of one file.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder / FOLDER
        self._most = most_bytes

    def receive(self, name: str) -> Receiving:
        """Take a file in, piece by piece; use it as a context manager."""
        self._folder.mkdir(exist_ok=True)
        self.sweep()
        return Receiving(self._folder, safe_name(name), self._most)

    def get(self, upload_id: str) -> Upload:
        """What is known of a received file.

        Raises:
            UnknownName: it is not there, or no longer.
        """
        return Upload(**json.loads(self._known(upload_id, ".json").read_text("utf-8")))

    def path(self, upload_id: str) -> Path:
        """Where a received file is.

        Raises:
            UnknownName: it is not there, or no longer.
        """
        return self._known(upload_id, "")

    def keep(self, upload_id: str) -> Path:
        """Move a received file into a folder of the library where it stays; its new path.

        Raises:
            UnknownName: it is not there, or no longer.
        """
        name = self.get(upload_id).name
        folder = self._folder.parent / KEPT / upload_id[:8]
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / name
        self.path(upload_id).replace(kept)
        self.forget(upload_id)
        return kept

    def forget(self, upload_id: str) -> None:
        """Delete a received file, if it is there."""
        if _ID.fullmatch(upload_id):
            for ending in ("", ".json"):
                (self._folder / f"{upload_id}{ending}").unlink(missing_ok=True)

    def _known(self, upload_id: str, ending: str) -> Path:
        path = self._folder / f"{upload_id}{ending}"
        if not _ID.fullmatch(upload_id) or not path.is_file():
            raise UnknownName("upload", upload_id, [])
        return path

    def sweep(self) -> None:
        """Delete what is too old."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if time.time() - path.stat().st_mtime > KEPT_S:
                path.unlink(missing_ok=True)


class Receiving:
    """A file on its way in: deleted again unless it came whole.

    Raises:
        TooLarge: from ``write``: it is larger than it may be.
    """

    def __init__(self, folder: Path, name: str, most_bytes: int) -> None:
        self.id = secrets.token_hex(16)
        self._path = folder / self.id
        self._name = name
        self._most = most_bytes
        self.size_bytes = 0
        self._file: BinaryIO | None = None
        self.upload: Upload | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("xb")
        return self

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.size_bytes += len(piece)
        if self.size_bytes > self._most:
            raise TooLarge(f"{self._name} is larger than the {self._most:,} bytes that are allowed")
        if self._file is not None:
            self._file.write(piece)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        if error is not None:
            self._path.unlink(missing_ok=True)
            return
        self.upload = Upload(self.id, self._name, self.size_bytes)
        beside = self._path.with_suffix(".json")
        beside.write_text(json.dumps(asdict(self.upload)), "utf-8")


def safe_name(name: str) -> str:
    """A name as it may be shown and stored: no path, no control characters, not too long.

    >>> safe_name("../../etc/pass\\nwd"), safe_name("C:\\\\a\\\\b.png"), safe_name("..")
    ('pass_wd', 'b.png', 'file')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = _BAD.sub("_", last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST_NAME:
        kept = f"{stem[: LONGEST_NAME - 10]}{dot}{ending[:9]}"
    return kept or "file"
