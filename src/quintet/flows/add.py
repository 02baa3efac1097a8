"""Add: scan → hash → decode in the box → encode → one transaction a batch."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Self

from quintet.errors import Code, FileProblem, LibraryError, NoSpace, SourceError, UsageError
from quintet.flows.naming import name_texts
from quintet.flows.opening import opened
from quintet.flows.reading import (
    Embedding,
    Encoders,
    decode,
    digest,
    file_row,
    look,
    record,
    unchanged,
)
from quintet.flows.scan import Passed, Seen, scan
from quintet.media.isolate import Box
from quintet.store.database import now
from quintet.store.records import (
    UNPROVEN,
    ErrorRow,
    Failure,
    FileRow,
    Placement,
    Record,
)
from quintet.store.sqlite import Store

BATCH = 32
"""Most items in one transaction."""

BATCH_S = 1.0
"""What is ready is committed at the latest after this time."""

FILES = 512
"""Most files without a new item (moved, touched, unreadable) in one transaction."""

AHEAD = 4
"""Files in work per worker, so that no worker waits for the next."""

MANY_MISSING = 0.2
"""When more than this share of a root's files (and at least FEW_MISSING) has vanished, none is
marked as missing: a disk that is not mounted looks like that."""

FEW_MISSING = 10

SKIPPED = frozenset({Code.SYMLINK, Code.SPECIAL, Code.EMPTY})
"""Reasons that are no failure: there is nothing to index."""

LASTING = frozenset(
    {Code.EMPTY, Code.UNKNOWN_FORMAT, Code.CORRUPT, Code.NO_CONTENT, Code.TOO_LARGE}
)
"""Reasons that hold as long as neither the file nor the program changes: not tried again."""

OF_FILE = frozenset({Code.VANISHED, Code.CHANGED, Code.UNREADABLE, Code.IO})
"""Reasons that say nothing about another file of the same content."""

Progress = Callable[[str, int, int], None]


@dataclass
class AddReport:
    """What ``add`` did, in numbers of files.

    Attributes:
        added: new contents, committed.
        unchanged, moved, duplicate: known contents: as before, at another path, at one more path.
        updated: known videos that were read again because their subtitle files changed.
        missing: known files that are there no more.
        skipped: links, special and empty files.
        failed: files that could not be read; see ``quintet errors``.
        warnings: what a person should look at.
    """

    added: int = 0
    unchanged: int = 0
    updated: int = 0
    moved: int = 0
    duplicate: int = 0
    missing: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """What ``add`` works with, beside the store.

    Attributes:
        box: decodes here; None where ``reader`` does.
        reader: reads a file elsewhere: (file, added folder, content's id) to its record.
        stop: ends what ``reader`` has under way, when nobody wants it any more.
    """

    box: Box | None
    encoders: Encoders
    embedding: Embedding | None
    tags: Sequence[str]
    workers: int
    on_progress: Progress
    reader: Callable[[Seen, str, str], Record] | None = None
    stop: Callable[[], None] = lambda: None


def default_workers() -> int:
    """One more than there are cores, so that one encodes while the others' children decode."""
    return (os.cpu_count() or 1) + 1


def add(
    store: Store,
    paths: Sequence[Path],
    work: Work,
    *,
    accept_missing: bool = False,
    retry: bool = False,
) -> AddReport:
    """Index files and folders; a file that was reported done is committed.

    Args:
        accept_missing: mark files as missing even when many are.
        retry: try files again that failed before and have not changed since.

    Raises:
        SourceError: a path that is missing, unreadable, or a folder without any file.
        NoSpace: the disk is full; what was reported done is kept.
    """
    started = time.monotonic()
    report = AddReport()
    job = store.start_job("add", {"paths": [repr(str(p)) for p in paths]})
    state = "interrupted"
    work.on_progress("add", 0, 0)
    try:
        with Contents(store) as contents:
            for path in paths:
                _Root(store, str(path), work, report, contents, retry=retry).run(accept_missing)
        state = "done"
    except (SourceError, LibraryError):
        state = "failed"
        raise
    finally:
        report.seconds = time.monotonic() - started
        _finish(store, job, state, report)
    return report


def _finish(store: Store, job: int, state: str, report: AddReport) -> None:
    try:
        store.forget_orphans()
        store.finish_job(job, state, {"added": report.added, "failed": report.failed})
    except NoSpace as e:
        report.warnings.append(str(e))


@dataclass(frozen=True)
class _Read:
    """What a worker found: the content's id, and its record unless the content is known.

    Attributes:
        update: the item is known; the record replaces what was read from it before.
    """

    item_id: str
    record: Record | None
    update: bool = False


class Contents:
    """Which contents are committed, for any thread: a reading connection of its own."""

    def __init__(self, store: Store) -> None:
        self._reader = Store.open(store.folder)
        self._lock = threading.Lock()

    def __contains__(self, item_id: str) -> bool:
        with self._lock:
            return self._reader.has(item_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.close()


class _Root:
    """One pass over one added path."""

    def __init__(
        self,
        store: Store,
        root: str,
        work: Work,
        report: AddReport,
        contents: Contents,
        *,
        retry: bool,
    ) -> None:
        self.store, self.root, self.work, self.report = store, root, work, report
        self.program = version("quintet")
        self.contents = contents
        self.known = store.known_files(root)
        self.gone = {path for path, row in self.known.items() if not row.missing}
        self.failures = {} if retry else store.failures(root)
        self.claims: dict[str, Seen] = {}  # contents that a file of this run brings
        self.spoilt: dict[str, FileProblem] = {}  # contents that cannot be read
        self.again: list[tuple[Seen, str]] = []  # files of contents that are being read
        self.batch: list[Record] = []
        self.placed: list[Placement] = []
        self.touched: list[FileRow] = []
        self.wrong: list[Failure] = []
        self.all_wrong: set[str] = set()
        self.looked_at: set[str] = set()  # contents whose other paths were looked at
        self.replaced: set[str] = set()  # paths that hold another content, which cannot be read
        self.since = time.monotonic()
        self.entries = 0
        self.regular = 0

    def run(self, accept_missing: bool) -> None:
        """Read what is new or changed, then see what is no longer there."""
        try:
            self._read_all()
        finally:
            self._commit()
        self._place_later()
        self._commit()
        if not self.entries or (self.gone and not self.regular):
            raise SourceError(
                f"{self.root} holds no file that can be read; nothing was marked as missing "
                "(is a disk not mounted?)"
            )
        self._missing(accept_missing=accept_missing)
        self.store.clear_errors(self.root, sorted(self.all_wrong))

    # reading

    def _read_all(self) -> None:
        running: dict[Future[_Read], Seen] = {}
        with ThreadPoolExecutor(self.work.workers, thread_name_prefix="add") as pool:
            try:
                for seen in self._changed():
                    running[pool.submit(self._read, seen)] = seen
                    while len(running) >= AHEAD * self.work.workers:
                        self._harvest(running)
                while running:
                    self._harvest(running)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.work.stop()
                raise

    def _harvest(self, running: dict[Future[_Read], Seen]) -> None:
        done, _ = wait(running, timeout=BATCH_S, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(running.pop(future), future.result)
        self._commit_when_due()

    def _changed(self) -> Iterator[Seen]:
        """Files that must be read; the others are dealt with at once."""
        for found in scan(self.root, leave_out=str(self.store.folder)):
            self.entries += 1
            self.gone.discard(found.path)
            if isinstance(found, Passed):
                self._passed(found)
            else:
                self.regular += 1
                if not self._as_before(found):
                    yield found
            self._commit_when_due()

    def _passed(self, found: Passed) -> None:
        if found.folder:
            below = found.path.rstrip("/") + "/"
            self.gone = {path for path in self.gone if not path.startswith(below)}
        self._problem(found.path, "scan", FileProblem(found.code, found.detail), None)

    def _as_before(self, found: Seen) -> bool:
        """Whether a file is as it was when it was indexed, or when that failed."""
        before, failure = self.known.get(found.path), self.failures.get(found.path)
        if before and _same(before, found):
            self.report.unchanged += 1
            root = min(before.root, self.root, key=len)
            if before.missing or before.root != root or self.work.tags:
                self.touched.append(file_row(found, root, before.item_id))
            return True
        if failure and self._still_fails(failure, found):
            self.all_wrong.add(found.path)
            self._count(failure)
            return True
        return False

    def _still_fails(self, failure: Failure, found: Seen) -> bool:
        same = (failure.size_bytes, failure.mtime_ns) == _stamp(found)
        return same and failure.program == self.program and failure.error.code in LASTING

    def _read(self, seen: Seen) -> _Read:
        """In a worker thread: the content's hash, and its record when it is new."""
        with opened(seen.path, self.root) as file:
            since_ns = os.fstat(file.fileno()).st_ctime_ns
            if self.work.box is not None:
                look(self.work.box, file, seen)
            item_id = digest(file, seen)
            before = self.known.get(seen.path)
            update = before is not None and before.item_id == item_id
            if update and before is not None and before.beside == seen.beside:
                return _Read(item_id, None)
            if not update and self._claimed(item_id, seen):
                return _Read(item_id, None)
            try:
                made = self._made(file, seen, item_id)
                unchanged(file, seen, since_ns)
            except BaseException as e:
                if isinstance(e, FileProblem) and e.code not in OF_FILE:
                    self.spoilt[item_id] = e
                    if not update:
                        self.replaced.add(seen.path)
                self.claims.pop(item_id, None)
                raise
            return _Read(item_id, made, update)

    def _made(self, file: BinaryIO, seen: Seen, item_id: str) -> Record:
        work = self.work
        if work.reader is not None:
            return work.reader(seen, self.root, item_id)
        if work.box is None:
            raise UsageError("add has neither a box nor a reader; it needs one to decode with")
        media = decode(work.box, file, seen.path, seen.sidecars, self.root)
        return record(*(seen, self.root, item_id, media, work.encoders, work.embedding, work.tags))

    def _claimed(self, item_id: str, seen: Seen) -> bool:
        """Whether the content is known, or another file of this run brings it."""
        return item_id in self.contents or self.claims.setdefault(item_id, seen) is not seen

    # what became of a file

    def _take(self, seen: Seen, read: Callable[[], _Read]) -> None:
        try:
            found = read()
        except FileProblem as e:
            self._problem(seen.path, "encode" if e.code is Code.ENCODER else "decode", e, seen)
            return
        if found.record is None:
            self._known_content(seen, found.item_id)
        elif found.update:
            self.store.put_features(found.record)
            self.report.updated += 1
        else:
            self.batch.append(found.record)

    def _known_content(self, seen: Seen, item_id: str) -> None:
        if item_id in self.contents:
            self._place(seen, item_id)
        else:
            self.again.append((seen, item_id))

    def _place_later(self) -> None:
        """Further files of contents that this run brought, or could not read."""
        for seen, item_id in self.again:
            if item_id in self.contents:
                self._place(seen, item_id)
            elif item_id in self.spoilt:
                self._problem(seen.path, "decode", self.spoilt[item_id], seen)
            else:
                self._take(seen, lambda seen=seen: self._read(seen))  # type: ignore[misc]  # bound now
                self._commit()
            self._commit_when_due()

    def _place(self, seen: Seen, item_id: str) -> None:
        """A known content at a path where it was not before: moved, or one more copy."""
        left = self._left(item_id, seen.path)
        gone = [row.path for row in left if _is_mounted(row)]
        away = [row.path for row in left if row.path not in gone]
        self.gone.difference_update(gone)
        before = self.known.get(seen.path)
        root = before.root if before and before.item_id == item_id else self.root
        texts = name_texts(seen.path, root)
        row = file_row(seen, min(root, self.root, key=len), item_id)
        self.placed.append(Placement(row, texts, self.work.tags, gone, away))

    def _left(self, item_id: str, path: str) -> list[FileRow]:
        """Other paths of a content, known before this run, that it is at no more."""
        if item_id in self.looked_at:
            return []
        self.looked_at.add(item_id)
        others = [row for row in self.store.files_of(item_id) if row.path != path]
        return [row for row in others if _is_gone(row.path)]

    def _problem(self, path: str, stage: str, e: FileProblem, seen: Seen | None) -> None:
        row = ErrorRow(path, stage, e.code.value, e.detail, now())
        size, mtime_ns = _stamp(seen) if seen else (-1, 0)
        self.wrong.append(Failure(row, e.code in SKIPPED, size, mtime_ns, self.program))
        if e.code in SKIPPED:
            self.replaced.add(path)
        self.all_wrong.add(path)

    # committing

    def _commit_when_due(self) -> None:
        files = len(self.placed) + len(self.touched) + len(self.wrong)
        waited = time.monotonic() - self.since > BATCH_S
        if len(self.batch) >= BATCH or files >= FILES or waited:
            self._commit()

    def _commit(self) -> None:
        """Commit what is ready. Lists are emptied first: nothing can be written twice."""
        batch, self.batch = self.batch, []
        placed, self.placed = self.placed, []
        touched, self.touched = self.touched, []
        wrong, self.wrong = self.wrong, []
        if batch:
            self.store.put(batch)
            self.report.added += len(batch)
        if placed:
            self.store.put_files(placed)
            for placement in placed:
                self._count_placed(placement)
        if touched:
            self.store.touch_files(touched, self.work.tags)
        if wrong:
            self.store.record_errors(wrong)
            for failure in wrong:
                self._count(failure)
        self.since = time.monotonic()
        self._tick()

    def _count_placed(self, placement: Placement) -> None:
        before = self.known.get(placement.file.path)
        if placement.gone or placement.away:
            self.report.moved += 1
        elif before is not None and before.item_id == placement.file.item_id:
            self.report.unchanged += 1
        else:
            self.report.duplicate += 1

    def _count(self, failure: Failure) -> None:
        self.report.skipped += failure.skipped
        self.report.failed += not failure.skipped

    def _tick(self) -> None:
        r = self.report
        known = r.unchanged + r.updated + r.moved + r.duplicate
        self.work.on_progress("add", r.added + known + r.skipped + r.failed, 0)

    def _missing(self, *, accept_missing: bool) -> None:
        present = sum(not row.missing for row in self.known.values())
        self.gone |= {p for p in self.replaced & self.known.keys() if not self.known[p].missing}
        few = len(self.gone) < FEW_MISSING or len(self.gone) <= MANY_MISSING * present
        if not few and not accept_missing:
            self.report.warnings.append(
                f"{len(self.gone)} of {present} known files below {self.root} are not there; "
                "none was marked as missing. If that is right, add it with --accept-missing"
            )
            return
        self.store.mark_missing(sorted(self.gone))
        self.report.missing += len(self.gone)


def _same(before: FileRow, found: Seen) -> bool:
    same = _stamp(before) == _stamp(found) and before.beside == found.beside
    return same and before.inode != UNPROVEN


def _stamp(file: FileRow | Seen) -> tuple[int, int]:
    return (file.size_bytes, file.mtime_ns)


def _is_gone(path: str) -> bool:
    """Whether a path is there no more; one that cannot be looked at may be."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _is_mounted(file: FileRow) -> bool:
    """Whether the folder that was added is there and is not empty."""
    root = os.path.dirname(file.path) if file.root == file.path else file.root  # noqa: PTH120 - names may hold any byte
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
