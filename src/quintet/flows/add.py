"""Add: scan → hash → decode in the box → encode → one transaction a batch."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from quintet.errors import Code, FileProblem, NoSpace, SourceError
from quintet.flows.naming import name_texts
from quintet.flows.reading import Embedding, Encoders, decode, digest, opened, record, unchanged
from quintet.flows.scan import Passed, Seen, scan
from quintet.media.isolate import Box
from quintet.store.records import ErrorRow, FileRow, Record
from quintet.store.sqlite import Store, now

BATCH = 32
"""Most items in one transaction."""

BATCH_S = 1.0
"""A transaction is committed at the latest after this time."""

AHEAD = 4
"""Files in work per worker, so that no worker waits for the next."""

MANY_MISSING = 0.2
"""When more than this share of a root's files (and at least FEW_MISSING) has vanished, none is
marked as missing: a disk that is not mounted looks like that."""

FEW_MISSING = 10

SKIPPED = frozenset({Code.SYMLINK, Code.SPECIAL, Code.EMPTY})
"""Reasons that are no failure: there is nothing to index."""

Progress = Callable[[str, int, int], None]


@dataclass
class AddReport:
    """What ``add`` did, in numbers of files.

    Attributes:
        added: new contents, committed.
        unchanged, moved, duplicate: known contents: as before, at another path, at one more path.
        missing: known files that are there no more.
        skipped: links, special and empty files.
        failed: files that could not be read; see ``quintet errors``.
        warnings: what a person should look at.
    """

    added: int = 0
    unchanged: int = 0
    moved: int = 0
    duplicate: int = 0
    missing: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """What ``add`` works with, beside the store."""

    box: Box
    encoders: Encoders
    embedding: Embedding | None
    tags: Sequence[str]
    workers: int
    on_progress: Progress


def add(
    store: Store, paths: Sequence[Path], work: Work, *, accept_missing: bool = False
) -> AddReport:
    """Index files and folders; a file that was reported done is committed.

    Raises:
        SourceError: a path that is missing, unreadable, or a folder without any file.
        NoSpace: the disk is full; what was reported done is kept.
    """
    started = time.monotonic()
    report = AddReport()
    job = store.start_job("add", {"paths": [repr(str(p)) for p in paths]})
    state = "interrupted"
    try:
        for path in paths:
            _Root(store, str(path), work, report).run(accept_missing=accept_missing)
        state = "done"
    except (SourceError, NoSpace):
        state = "failed"
        raise
    finally:
        report.seconds = time.monotonic() - started
        _finish(store, job, state, report)
    return report


def _finish(store: Store, job: int, state: str, report: AddReport) -> None:
    try:
        store.finish_job(job, state, {"added": report.added, "failed": report.failed})
    except NoSpace as e:
        report.warnings.append(str(e))


class _Root:
    """One pass over one added path."""

    def __init__(self, store: Store, root: str, work: Work, report: AddReport) -> None:
        self.store = store
        self.root = root
        self.work = work
        self.report = report
        self.known = store.known_files(root)
        self.gone = dict(self.known)
        self.ids = frozenset(store.find())
        self.claims: dict[str, Seen] = {}
        self.again: list[tuple[Seen, str]] = []
        self.wrong: set[str] = set()
        self.batch: list[Record] = []
        self.since = time.monotonic()
        self.touched: list[FileRow] = []
        self.seen = 0

    def run(self, *, accept_missing: bool) -> None:
        """Read what is new or changed, then see what is no longer there."""
        try:
            self._read_all()
        finally:
            self._commit()
        for seen, item_id in self.again:
            self._place(seen, item_id)
            self._tick()
        if not self.seen:
            raise SourceError(
                f"{self.root} holds no file; nothing was changed in the library "
                "(is a disk not mounted?)"
            )
        self._missing(accept_missing=accept_missing)
        self.store.clear_errors(self.root, sorted(self.wrong))

    def _read_all(self) -> None:
        running: deque[tuple[Seen, Future[_Read]]] = deque()
        with ThreadPoolExecutor(self.work.workers, thread_name_prefix="add") as pool:
            try:
                for seen in self._changed():
                    running.append((seen, pool.submit(self._read, seen)))
                    if len(running) >= AHEAD * self.work.workers:
                        self._take(*running.popleft())
                while running:
                    self._take(*running.popleft())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _changed(self) -> Iterator[Seen]:
        """Files that must be read; the others are dealt with at once."""
        for found in scan(self.root):
            self.seen += 1
            before = self.gone.pop(found.path, None) or self.store.file(found.path)
            if isinstance(found, Passed):
                self._problem(found.path, "scan", FileProblem(found.code, found.detail))
            elif before and _same(before, found):
                self.report.unchanged += 1
                if before.missing or before.root != self.root:
                    self.touched.append(_row(found, self.root, before.item_id))
            else:
                yield found
            self._tick()

    def _read(self, seen: Seen) -> _Read:
        """In a worker thread: the content's hash, and its record when it is new."""
        with opened(seen.path) as file:
            item_id = digest(file, seen)
            if self._claimed(item_id, seen):
                return _Read(item_id, None)
            try:
                media = decode(self.work.box, file, seen.path)
                made = record(
                    *(seen, self.root, item_id, media),
                    *(self.work.encoders, self.work.embedding, self.work.tags),
                )
                unchanged(file, seen)
            except BaseException:
                self.claims.pop(item_id, None)
                raise
            return _Read(item_id, made)

    def _claimed(self, item_id: str, seen: Seen) -> bool:
        """Whether the content is known, or another file of this run brings it."""
        return item_id in self.ids or self.claims.setdefault(item_id, seen) is not seen

    def _take(self, seen: Seen, future: Future[_Read]) -> None:
        try:
            read = future.result()
        except FileProblem as e:
            self._problem(seen.path, "decode" if e.code is not Code.ENCODER else "encode", e)
        else:
            self._keep(seen, read)
        self._tick()

    def _keep(self, seen: Seen, read: _Read) -> None:
        if read.record is None:
            self.again.append((seen, read.item_id))
            return
        self.batch.append(read.record)
        if len(self.batch) >= BATCH or time.monotonic() - self.since > BATCH_S:
            self._commit()

    def _place(self, seen: Seen, item_id: str) -> None:
        """A known content at a path where it was not before: moved, or one more copy."""
        if not self.store.has(item_id):
            self._problem(
                seen.path,
                "decode",
                FileProblem(Code.CORRUPT, "same content as another file that cannot be read"),
            )
            return
        (item,) = self.store.get_many([item_id])
        gone = [p for p in (item.path, *item.others) if p != seen.path and not Path(p).exists()]
        texts = name_texts(seen.path, self.root)
        self.store.put_file(_row(seen, self.root, item_id), item_id, texts)
        self.store.add_tags([item_id], self.work.tags)
        if gone:
            self.store.forget_files(gone)
            for path in gone:
                self.gone.pop(path, None)
            self.report.moved += 1
        elif seen.path in (item.path, *item.others):
            self.report.unchanged += 1
        else:
            self.report.duplicate += 1

    def _problem(self, path: str, stage: str, e: FileProblem) -> None:
        skipped = e.code in SKIPPED
        self.report.skipped += skipped
        self.report.failed += not skipped
        self.wrong.add(path)
        row = ErrorRow(path, stage, e.code.value, e.detail, now())
        self.store.record_errors([row], self.root, skipped=skipped)

    def _commit(self) -> None:
        if self.batch:
            self.store.put(self.batch)
            self.report.added += len(self.batch)
            self.batch = []
        if self.touched:
            self.store.touch_files(self.touched)
            self.touched = []
        self.since = time.monotonic()
        self._tick()

    def _tick(self) -> None:
        r = self.report
        done = r.added + r.unchanged + r.moved + r.duplicate + r.skipped + r.failed
        self.work.on_progress("add", done, 0)

    def _missing(self, *, accept_missing: bool) -> None:
        gone = [p for p, row in self.gone.items() if not row.missing]
        few = len(gone) < FEW_MISSING or len(gone) <= MANY_MISSING * len(self.known)
        if gone and not few and not accept_missing:
            self.report.warnings.append(
                f"{len(gone)} of {len(self.known)} known files below {self.root} are not there; "
                "none was marked as missing. If that is right, add it with --accept-missing"
            )
            return
        self.store.mark_missing(gone)
        self.report.missing += len(gone)


@dataclass(frozen=True)
class _Read:
    """What a worker found: the content's id, and its record unless the content is known."""

    item_id: str
    record: Record | None


def _same(before: FileRow, found: Seen) -> bool:
    return (before.size_bytes, before.mtime_ns) == (found.size_bytes, found.mtime_ns)


def _row(seen: Seen, root: str, item_id: str) -> FileRow:
    return FileRow(seen.path, root, seen.size_bytes, seen.mtime_ns, seen.inode, item_id)
