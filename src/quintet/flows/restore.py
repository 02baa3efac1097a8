"""Restore: a library from a backup, which may come from anybody.

Nothing of the archive decides where anything is written. The database is written beside its place,
its size and SHA-256 are compared, its tables must be ours (no foreign trigger or view), and every
checksum in it must hold; only then it takes its place, in one step. What it says of files and
servers is not believed (``foreign.py``).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from quintet import durable
from quintet.errors import LibraryBusy, LibraryCorrupt, LibraryTooNew, UsageError
from quintet.flows import foreign, where
from quintet.flows.backup import FORMAT, MANIFEST, blocks, sweep, working_folder
from quintet.store import schema
from quintet.store.lock import SERVING, TRAINING, Lock, holder
from quintet.store.sqlite import Store

MANIFEST_BYTES = 1 << 16

ZIP = b"PK\3\4"
"""Begins a zip, also one whose end is lost."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", re.ASCII)
PROGRAM = re.compile(r"\d[\w.+!-]{0,60}", re.ASCII)
SHA256 = re.compile("[0-9a-f]{64}")
"""What ``backup`` writes, as it is printed for people."""

WORK = "restore"
"""Names the working folder."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RestoreReport:
    """What was restored.

    Attributes:
        made_at: when the backup was made.
        before: where the library that was there before is kept.
        left_out: settings that were not taken over, ``KEY=VALUE``.
    """

    library: Path
    items: int
    made_at: str
    before: Path | None = None
    left_out: tuple[str, ...] = ()


def is_backup(path: Path) -> bool:
    """Whether a file looks like a backup, or the beginning of one.

    Raises:
        UsageError: there is no such file.
    """
    if not path.is_file():
        raise UsageError(f"no file {path}")
    with path.open("rb") as file:
        return file.read(len(ZIP)) == ZIP or zipfile.is_zipfile(path)


def restore(
    archive: Path, folder: Path, *, force: bool, trust: bool, on_progress: Progress
) -> RestoreReport:
    """Make the library of a backup at a place.

    Args:
        force: a library that is there is moved aside, not deleted.
        trust: take over settings that name servers and models, too.

    Raises:
        UsageError: there is a library already.
        LibraryCorrupt: the archive or the database in it is not what ``backup`` wrote.
        LibraryTooNew: it was written by a newer Quintet.
        LibraryBusy: another process writes the library that is there.
        NoSpace: no room for it, or the place cannot be written.
    """
    sweep(folder, WORK)
    if where.holds_library(folder) and not force:
        raise UsageError(
            f"there is a library at {folder}; restore to another place with --library, or put this "
            "one in its place with --force (the one that is there is moved aside)"
        )
    with _whole(archive) as (opened, manifest), _worked_in(folder) as work:
        _unpack(opened, manifest, work / schema.DATABASE, on_progress)
        items = _checked(archive, work, on_progress)
        with Store.open(work, write=True) as store:
            left_out = foreign.disbelieve(store, trust=trust)
        with Lock(folder), Lock(folder, TRAINING):
            _not_served(folder)
            before = _put(work / schema.DATABASE, folder)
    return RestoreReport(folder, items, manifest.made_at, before, left_out)


@contextmanager
def _worked_in(folder: Path) -> Iterator[Path]:
    """A working folder in the place, which is made; what was made goes again if it stays empty."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    with schema.translated(folder):
        durable.make_folder(folder)
        try:
            with working_folder(folder, WORK) as work:
                yield work
        finally:
            for place in new:
                with suppress(OSError):
                    place.rmdir()


def _not_served(folder: Path) -> None:
    """A service would go on reading the library that is moved aside."""
    if serving := holder(folder, SERVING):
        raise LibraryBusy(f"{folder} is served by process {serving}; end it first")


def _put(database: Path, folder: Path) -> Path | None:
    before = schema.set_aside(folder)
    durable.replace(database, folder / schema.DATABASE)
    shutil.rmtree(folder / "index", ignore_errors=True)  # of the library that was there
    return before


@contextmanager
def _whole(path: Path) -> Iterator[tuple[zipfile.ZipFile, _Manifest]]:
    try:
        with zipfile.ZipFile(path) as opened:
            _closed_list(path, opened)
            manifest = _manifest(path, opened)
            yield opened, manifest
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as e:
        raise LibraryCorrupt(
            f"{path} is no whole backup ({e}): it is cut short or damaged; use another copy"
        ) from e


def _closed_list(path: Path, opened: zipfile.ZipFile) -> None:
    """Two plain members that hold what they say, of these names."""
    members = opened.infolist()
    names = [m.filename for m in members]
    if sorted(names) != [schema.DATABASE, MANIFEST]:
        raise _refused(path, f"it holds {names[:5]}, not {[schema.DATABASE, MANIFEST]}")
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or member.flag_bits & 1:
            raise _refused(path, f"{member.filename} is a link, encrypted or no file")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise _refused(path, f"{member.filename} is compressed, as no backup of ours is")
    if sum(m.file_size for m in members) > path.stat().st_size:
        raise _refused(path, "it claims more bytes than it has")


def _refused(path: Path, why: str) -> LibraryCorrupt:
    return LibraryCorrupt(f"{path} was not written by quintet backup: {why}; nothing was restored")


@dataclass(frozen=True)
class _Manifest:
    """What an archive says of itself, each value of the form in which ``backup`` writes it."""

    made_at: str
    size_bytes: int
    sha256: str


def _manifest(path: Path, opened: zipfile.ZipFile) -> _Manifest:
    if opened.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
        raise _refused(path, f"its manifest has more than {MANIFEST_BYTES} bytes")
    try:
        told = json.loads(opened.read(MANIFEST))
        numbers = {what: _number(told[what]) for what in ("format", "schema")}
        program = _text(told["program"], PROGRAM)
        _refuse_newer(path, numbers, program)
        file = told["files"][schema.DATABASE]
        made_at, sha256 = _text(told["made_at"], TIME), _text(file["sha256"], SHA256)
        return _Manifest(made_at, _number(file["bytes"]), sha256)
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise _refused(path, f"its manifest cannot be read ({e!r})") from e


def _number(value: object) -> int:
    """A positive whole number, and nothing that could be taken for one."""
    if type(value) is not int or value < 1:
        raise ValueError(f"{value!r:.40} is no positive number")
    return value


def _text(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError(f"{value!a:.40} has not the form that is written there")
    return value


def _refuse_newer(path: Path, numbers: Mapping[str, int], program: str) -> None:
    for what, known in (("format", FORMAT), ("schema", schema.VERSION)):
        if numbers[what] > known:
            raise LibraryTooNew(
                f"{path} has {what} {numbers[what]}, this program knows {known}; it needs Quintet "
                f"{program} or newer (pip install -U quintet)"
            )


def _unpack(opened: zipfile.ZipFile, manifest: _Manifest, to: Path, on_progress: Progress) -> None:
    sha, done, total = hashlib.sha256(), 0, manifest.size_bytes
    with opened.open(schema.DATABASE) as source, to.open("xb") as file:
        for block in blocks(source):  # type: ignore[arg-type]
            done += len(block)
            sha.update(block)
            file.write(block)
            on_progress("unpack", done, total)
    if (done, sha.hexdigest()) != (total, manifest.sha256):
        raise LibraryCorrupt(
            f"{opened.filename} is damaged: {done} bytes of SHA-256 {sha.hexdigest()[:12]}… where "
            f"its manifest says {total} of {manifest.sha256[:12]}…; use another copy"
        )


def _checked(archive: Path, work: Path, on_progress: Progress) -> int:
    """Every checksum of the database, before and after it is brought up to date; its items."""
    wrong: list[str] = []
    for write in (False, True):
        try:
            with Store.open(work, write=write) as store:
                wrong = store.verify(on_progress)
                items = sum(store.stats().items.values())
        except LibraryTooNew as e:
            raise LibraryTooNew(str(e).replace(str(work), str(archive))) from e
        except LibraryCorrupt as e:
            wrong = [str(e.__cause__ or e).replace(str(work), str(archive))]
        if wrong:
            raise LibraryCorrupt(
                f"the library in {archive} is damaged ({wrong[0]}); nothing was restored, use "
                "another backup"
            )
    return items
