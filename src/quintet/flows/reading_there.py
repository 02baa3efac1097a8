"""One file to one record in another process: decoded and encoded there, committed here."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO
from uuid import uuid4

from quintet.errors import Code, FileProblem, UsageError, WorkerLost
from quintet.flows.add import OF_FILE, Work, default_workers
from quintet.flows.opening import opened
from quintet.flows.parts import BUILT_IN, Parts, encoder, setting
from quintet.flows.reading import HASH_BYTES, Embedding, Encoders, record, subtitles
from quintet.flows.scan import Seen
from quintet.flows.space import Space
from quintet.flows.spread import MAX_TASKS
from quintet.flows.workers import Workers
from quintet.media.isolate import Box
from quintet.media.limits import Limits
from quintet.store.records import Record
from quintet.types import Modality


@dataclass(frozen=True)
class Reading:
    """What a worker needs to read files of one run.

    Attributes:
        run: names the run; a worker keeps what it has made for it.
        encoders: medium to setting; ``versions`` are the names and versions they must have.
        model: blobs of the active model, empty before training.
        limits: what one file may cost.
    """

    run: str
    encoders: Mapping[Modality, str]
    versions: Mapping[Modality, str]
    model_id: str
    model: Mapping[str, bytes]
    tags: Sequence[str]
    limits: Limits


@dataclass(frozen=True)
class Asked:
    """One file to be read: where it was seen, and the SHA-256 that its bytes must have.

    Its subtitle files come along: nothing would tell that a worker sees others.
    """

    seen: Seen
    root: str
    item_id: str
    subtitles: Mapping[str, bytes]


@dataclass(frozen=True)
class _Tools:
    box: Box
    encoders: Encoders
    embedding: Embedding | None


_kept: dict[str, _Tools] = {}
"""In a worker: the tools of the latest run."""


def work(
    parts: Parts,
    workers: Workers | None,
    tags: Sequence[str],
    files: int | None,
    on_progress: Callable[[str, int, int], None],
) -> Work:
    """What ``add`` works with: workers that read files, or without them this machine's own box.

    Args:
        files: in work at a time; None for one more than there are cores, here or of the workers.
    """
    files = files or (min(workers.count + 1, MAX_TASKS) if workers else default_workers())
    made = Work(
        box=None if workers else parts.box,
        encoders=parts.encoders,
        embedding=parts.embedding(),
        tags=tags,
        workers=files,
        on_progress=on_progress,
    )
    if workers is None:
        return made
    return replace(made, reader=reader(workers, parts, tags), stop=workers.stop)


def reader(
    workers: Workers, parts: Parts, tags: Sequence[str]
) -> Callable[[Seen, str, str], Record]:
    """A function of (file, added folder, content's id) that has a worker read the file.

    It raises FileProblem where the worker does, and CRASHED when the worker died at every try.
    """
    shared = workers.share(_reading(parts, tags))

    def read_there(seen: Seen, root: str, item_id: str) -> Record:
        try:
            beside = subtitles(seen.path, seen.sidecars, root)
            return workers.call(read, shared, Asked(seen, root, item_id, beside))
        except WorkerLost as e:
            raise FileProblem(Code.CRASHED, str(e)) from e

    return read_there


def _reading(parts: Parts, tags: Sequence[str]) -> Reading:
    active = parts.store.active_id() or ""
    return Reading(
        run=uuid4().hex,
        encoders={m: parts.store.setting(setting(m)) or BUILT_IN[m] for m in Modality},
        versions=_versions(parts.encoders),
        model_id=active,
        model=parts.store.model(active).blobs if active else {},
        tags=tuple(tags),
        limits=parts.box.limits,
    )


def _versions(encoders: Encoders) -> dict[Modality, str]:
    return {m: f"{e.name}@{e.version}" for m, e in encoders.items()}


def read(reading: Reading, asked: Asked) -> Record:
    """In a worker: the record of one file.

    Raises:
        FileProblem: as for a file that is read here; CHANGED also when the bytes at this path are
            others than those of the machine that asks.
        UsageError: an encoder is of another version here.
    """
    tools = _tools(reading)
    seen = asked.seen
    with _opened_there(seen.path, asked.root) as file:
        _check(file, asked)
        file.seek(0)
        media = tools.box.open(file, sidecars=asked.subtitles)
    return record(
        *(seen, asked.root, asked.item_id, media, tools.encoders, tools.embedding, reading.tags)
    )


@contextmanager
def _opened_there(path: str, root: str) -> Iterator[BinaryIO]:
    """The file, in a worker; what goes wrong says on which machine."""
    try:
        with opened(path, root) as file:
            yield file
    except OSError as e:
        raise FileProblem(Code.IO, f"{e.strerror or e}, {_there()}") from e
    except FileProblem as e:
        if e.code not in OF_FILE:
            raise
        raise FileProblem(e.code, f"{e.detail}, {_there()}") from e


def _there() -> str:
    return f"on {socket.gethostname()}; workers must see the same files under the same paths"


def _check(file: BinaryIO, asked: Asked) -> None:
    sha = hashlib.sha256()
    while chunk := file.read(HASH_BYTES):
        sha.update(chunk)
    found = sha.hexdigest()
    if found != asked.item_id:
        raise FileProblem(
            Code.CHANGED,
            f"SHA-256 {found[:12]}… at this path, {asked.item_id[:12]}… where it was added",
        )


def _tools(reading: Reading) -> _Tools:
    """Box, encoders and model of the run, made for its first file in this process."""
    found = _kept.get(reading.run)
    if found is None:
        encoders = {m: encoder(m, spec) for m, spec in reading.encoders.items()}
        _compare(_versions(encoders), reading.versions)
        for old in _kept.values():
            old.box.close()
        _kept.clear()
        found = _Tools(Box(1, reading.limits), encoders, _embedding(reading))
        _kept[reading.run] = found
    return found


def _compare(here: Mapping[Modality, str], wanted: Mapping[Modality, str]) -> None:
    for modality, name in wanted.items():
        if here[modality] != name:
            raise UsageError(
                f"the {modality} encoder of worker {socket.gethostname()} is {here[modality]}, "
                f"the library's is {name}; put the same model on every machine"
            )


def _embedding(reading: Reading) -> Embedding | None:
    if not reading.model_id:
        return None
    space = Space.load(reading.model)
    return Embedding(reading.model_id, space.modalities, space.embed)
