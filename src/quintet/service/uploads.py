"""Files that came over the network: kept for a while, asked with or added, never executed.

What a file is, is found out where it is used, in the decoding box; nothing is looked into here.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import secrets
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from quintet import durable
from quintet.errors import NoSpace, TooLarge, UnknownName

FOLDER = "uploads"
MOST_BYTES = 512 << 20
"""Of one file."""

ALL_BYTES = 8 << 30
"""Of all received files together."""

FREE_BYTES = 256 << 20
"""The disk must have so much left; it is looked at whenever ``LOOK_BYTES`` more have come."""

LOOK_BYTES = 8 << 20
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
    """The received files of one service, each of a random id; safe to use from several threads.

    Args:
        most_bytes: of one file.
        all_bytes: of all together.
        free_bytes: what the disk must have left.
    """

    def __init__(
        self,
        folder: Path,
        most_bytes: int = MOST_BYTES,
        all_bytes: int = ALL_BYTES,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        self._library = folder
        self.folder = folder / FOLDER
        self.most_bytes = most_bytes
        self._all_bytes = all_bytes
        self._free_bytes = free_bytes
        self._lock = threading.Lock()
        self._held = 0

    def start(self) -> None:
        """Delete what an earlier service left half received, and what is too old."""
        for path in self._files():
            if not path.suffix and not path.with_suffix(".json").exists():
                path.unlink(missing_ok=True)
        self.sweep()

    def receive(self, name: str) -> Receiving:
        """Take a file in, piece by piece; use it as a context manager.

        Raises:
            NoSpace: the disk, or the place for received files, is full.
        """
        self.folder.mkdir(exist_ok=True)
        self.sweep()
        self.grow(0)
        self.check_disk()
        return Receiving(self, self.folder, safe_name(name))

    def get(self, upload_id: str) -> Upload:
        """What is known of a received file.

        Raises:
            UnknownName: it is not there, or no longer.
        """
        told = self._told(upload_id)
        return Upload(told["id"], told["name"], told["size_bytes"])

    def path(self, upload_id: str) -> Path:
        """Where a received file is.

        Raises:
            UnknownName: it is not there, or no longer.
        """
        return self._known(upload_id, "")

    def keep(self, upload_id: str) -> Path:
        """Move a received file to the user's media, where it can be added; its new path.

        It is ``uploads/<first 16 digits of its SHA-256>/<name>`` beside the library.

        Raises:
            UnknownName: it is not there, or no longer.
            NoSpace: the folder cannot be written.
        """
        told = self._told(upload_id)
        kept = _home(self._library) / FOLDER / str(told["sha256"])[:16] / str(told["name"])
        try:
            durable.make_folder(kept.parent)
            _move(self.path(upload_id), kept)
        except OSError as e:
            raise NoSpace(f"{kept.parent} cannot be written: {e.strerror}") from e
        self.forget(upload_id)
        return kept

    def forget(self, upload_id: str) -> None:
        """Delete a received file, if it is there."""
        if _ID.fullmatch(upload_id):
            for ending in ("", ".json"):
                (self.folder / f"{upload_id}{ending}").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what is too old, and count what is left."""
        held = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                info = path.stat()
                if time.time() - info.st_mtime > KEPT_S:
                    path.unlink()
                else:
                    held += info.st_size
        with self._lock:
            self._held = held

    def grow(self, more: int) -> None:
        """Count further bytes.

        Raises:
            NoSpace: all received files together are too much.
        """
        with self._lock:
            self._held += more
            if self._held > self._all_bytes:
                raise NoSpace(
                    f"uploads take {self._held:,} bytes of the {self._all_bytes:,} that are "
                    "allowed; they are deleted after a day"
                )

    def check_disk(self) -> None:
        """See that the disk has room.

        Raises:
            NoSpace: less is left than should stay free.
        """
        free = shutil.disk_usage(self.folder).free
        if free < self._free_bytes:
            raise NoSpace(
                f"the disk has {free:,} bytes left and {self._free_bytes:,} must stay free"
            )

    def _files(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def _told(self, upload_id: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._known(upload_id, ".json").read_text("utf-8"))
        return told

    def _known(self, upload_id: str, ending: str) -> Path:
        path = self.folder / f"{upload_id}{ending}"
        if not _ID.fullmatch(upload_id) or not path.is_file():
            raise UnknownName("upload", upload_id, [])
        return path


class Receiving:
    """A file on its way in: deleted again unless it came whole.

    Attributes:
        id, size_bytes: what has come so far.
        upload: what came, when all of it has.

    Raises:
        TooLarge: from ``write``: it is larger than it may be.
        NoSpace: from ``write``: there is no room for it.
    """

    def __init__(self, uploads: Uploads, folder: Path, name: str) -> None:
        self.id = secrets.token_hex(16)
        self.size_bytes = 0
        self.upload: Upload | None = None
        self._uploads = uploads
        self._path = folder / self.id
        self._name = name
        self._sha = hashlib.sha256()
        self._looked = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("xb")
        return self

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.size_bytes += len(piece)
        most = self._uploads.most_bytes
        if self.size_bytes > most:
            raise TooLarge(f"{self._name} is larger than the {most:,} bytes that are allowed")
        self._uploads.grow(len(piece))
        if self.size_bytes - self._looked >= LOOK_BYTES:
            self._looked = self.size_bytes
            self._uploads.check_disk()
        self._sha.update(piece)
        if self._file is not None:
            try:
                self._file.write(piece)
            except OSError as e:
                raise NoSpace(f"{self._name} cannot be stored: {e.strerror}") from e

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._file is not None:
                self._file.close()
            if error is None:
                self._finish()
        except OSError as e:
            self._uploads.forget(self.id)
            raise NoSpace(f"{self._name} cannot be stored: {e.strerror}") from e
        finally:
            if self.upload is None:
                self._uploads.forget(self.id)

    def _finish(self) -> None:
        durable.flush(self._path)
        made = Upload(self.id, self._name, self.size_bytes)
        told = json.dumps(asdict(made) | {"sha256": self._sha.hexdigest()})
        self._path.with_suffix(".json").write_text(told, "utf-8")
        self.upload = made


def safe_name(name: str) -> str:
    """A name as it may be shown and stored: no path, no control characters, not too long.

    >>> safe_name("../../etc/pass\\nwd"), safe_name("C:\\\\a\\\\b.png"), safe_name("..")
    ('pass_wd', 'b.png', 'file')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = _BAD.sub("_", last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept.encode("utf-8")) > LONGEST_NAME:
        room = LONGEST_NAME - 10 if dot else LONGEST_NAME
        stem = (stem or ending).encode("utf-8")[:room].decode("utf-8", "ignore")
        kept = f"{stem}{dot}{ending[:9]}" if dot else stem
    return kept or "file"


def _home(library: Path) -> Path:
    """The folder of media that a library belongs to; its own, where it is one by itself."""
    return library.parent if library.name.startswith(".") else library


def _move(source: Path, to: Path) -> None:
    try:
        durable.replace(source, to)
    except OSError as e:
        if e.errno != errno.EXDEV:
            raise
        half = to.with_name(f".{to.name}.half")
        shutil.copyfile(source, half)
        durable.replace(half, to)
