"""Encode the rows of a benchmark once: files through the decoding box, then kept in a cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from quintet.datasets.benchmark import Entry
from quintet.errors import FileProblem
from quintet.flows.opening import opened
from quintet.flows.parts import BUILT_IN, encoder
from quintet.flows.reading import decode
from quintet.media.isolate import Box
from quintet.roles import Encoder
from quintet.types import Float32, Modality, Segment, SegmentKind, TextMedia

AHEAD = 64
"""Rows in work at a time."""

Progress = Callable[[str, int, int], None]
Rows = Sequence[Float32 | None]


def encoded(entries: Sequence[Entry], name: str, cache: Path | None, on_progress: Progress) -> Rows:
    """Local features of every entry, (t, d) float32 each; None for a file that cannot be read.

    Args:
        name: of the benchmark, for the cache file and progress.
        cache: folder that keeps the result under a name made of the encoders' versions and the
            entries (of files: name, size and time); None keeps nothing.
    """
    if all(isinstance(entry.content, np.ndarray) for entry in entries):
        return [entry.content for entry in entries if isinstance(entry.content, np.ndarray)]
    encoders = {m: encoder(m, spec) for m, spec in BUILT_IN.items()}
    file = (
        None if cache is None else cache / f"{name}-{_fingerprint(entries, encoders)}.safetensors"
    )
    if file is not None and file.is_file():
        return _unpacked(load_file(file))
    rows = _encode(entries, encoders, name, on_progress)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        save_file(_packed(rows), part)
        part.replace(file)
    return rows


def _encode(
    entries: Sequence[Entry],
    encoders: Mapping[Modality, Encoder],
    name: str,
    on_progress: Progress,
) -> Rows:
    box = Box(workers=(os.cpu_count() or 1) + 1)
    try:
        with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
            rows = []
            for row in _ahead(pool, entries, lambda e: _one(e, encoders[e.modality], box)):
                rows.append(row)
                on_progress(f"encode {name}", len(rows), len(entries))
            return rows
    finally:
        box.close()


def _ahead(
    pool: ThreadPoolExecutor, entries: Sequence[Entry], work: Callable[[Entry], Float32 | None]
) -> Iterator[Float32 | None]:
    """Results in order, with no more than AHEAD entries in work."""
    waiting = iter(entries)
    running = [pool.submit(work, entry) for entry in islice(waiting, AHEAD)]
    while running:
        yield running.pop(0).result()
        running += [pool.submit(work, entry) for entry in islice(waiting, 1)]


def _one(entry: Entry, made: Encoder, box: Box) -> Float32 | None:
    content = entry.content
    if isinstance(content, np.ndarray):
        return content
    if isinstance(content, str):
        whole = Segment(SegmentKind.SENTENCE, 0, start_char=0, end_char=len(content), text=content)
        media = TextMedia(modality=Modality.TEXT, format="text", segments=(whole,), text=content)
        x = made.encode(media, media.segments)
    else:
        try:
            with opened(str(content)) as file:
                found = decode(box, file, str(content))
            x = made.encode(found, found.segments) if found.modality is entry.modality else []
        except FileProblem:
            return None
    steps = [part for part in x if len(part)]
    return np.concatenate(steps) if steps else None


def _fingerprint(entries: Sequence[Entry], encoders: Mapping[Modality, Encoder]) -> str:
    told = hashlib.blake2b(digest_size=8)
    for made in encoders.values():
        told.update(f"{made.name} {made.version}\n".encode())
    for entry in entries:
        told.update(f"{entry.modality} ".encode())
        content = entry.content
        if isinstance(content, np.ndarray):
            told.update(f"array {content.shape} {content.dtype} ".encode())
            told.update(np.ascontiguousarray(content).tobytes())
        elif isinstance(content, str):
            data = content.encode()
            told.update(f"text {len(data)} ".encode() + data)
        else:
            told.update(f"file {content.name!r} {_state(content)} ".encode())
    return told.hexdigest()


def _state(file: Path) -> str:
    try:
        info = file.stat()
    except OSError:
        return "cannot be read"
    return f"{info.st_size} {info.st_mtime_ns}"


def _packed(rows: Rows) -> dict[str, np.ndarray]:
    """All steps of rows of one width under each other, and where each row is."""
    width = np.array([0 if row is None else row.shape[1] for row in rows], dtype=np.int64)
    steps = np.array([0 if row is None else len(row) for row in rows], dtype=np.int64)
    held = {
        f"x{d}": np.concatenate([row for row in rows if row is not None and row.shape[1] == d])
        for d in np.unique(width[width > 0])
    }
    return {"width": width, "steps": steps, **held}


def _unpacked(arrays: Mapping[str, np.ndarray]) -> Rows:
    at = dict.fromkeys(arrays, 0)
    rows: list[Float32 | None] = []
    for width, steps in zip(arrays["width"].tolist(), arrays["steps"].tolist(), strict=True):
        name = f"x{width}"
        rows.append(arrays[name][at[name] : at[name] + steps] if steps else None)
        if steps:
            at[name] += steps
    return rows
