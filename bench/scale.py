"""Large collections: recall, speed against FAISS used bare, memory; peers on the same vectors.

``QUINTET_SCALE`` vectors, a million by default. The vectors are made up: a mixture of a thousand
kinds of content; each content is there in five media, moved and blurred as each medium does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import faiss
import numpy as np
from numpy.lib.format import open_memmap

from quintet.index.codes import centres
from quintet.index.files import mapped, write
from quintet.index.ivf import IVF

SIZE = int(os.environ.get("QUINTET_SCALE", "1000000"))
SMALL = 50_000
"""Vectors of the comparison with other engines: building theirs takes the longest."""
K, WIDE = 300, 304
MEDIA = ("image", "video", "text", "audio", "mesh")
QUERIES = 200
"""Of each medium."""
ROUNDS = 6
BATCH = 64
CHUNK = 65_536
MASKS = (("one medium", 0.2), ("one in a hundred", 0.01), ("one in a thousand", 0.001))


def measure(data: Path, scratch: Path) -> str:  # noqa: ARG001 - the vectors are made up
    """The section of the results page."""
    rows = made(scratch / "rows.npy", SIZE)
    queries = np.concatenate([asked(m) for m in range(len(MEDIA))])
    build, index = _built(scratch, rows)
    anonymous = _memory(scratch)
    lines = [
        f"## Scale: {SIZE:,} vectors".replace(",", " "),
        "",
        f"{SIZE} made-up vectors of {K} values, five media in one index; {len(queries)} queries,"
        f" none of them in it. One thread. {index.base.codes.cells} cells; breadth "
        f"(results → cells) {_widths(index)}.",
        "",
        *_quality(index, rows, queries),
        *_speed(index, queries),
        "| build and memory | measured | bar |",
        "|---|---|---|",
        f"| codes made | {build:.0f} s | |",
        f"| file opened: verified, codes read | {anonymous['seconds']:.1f} s | |",
        f"| memory per vector (own, not of the mapped file) | {anonymous['bytes'] / SIZE:.0f} B"
        " | 450 B |",
        f"| file per vector | {_size(scratch) / SIZE:.0f} B | |",
        "",
        *_larger(index, queries, build, anonymous["bytes"] / SIZE),
        *_peers(scratch),
    ]
    return "\n".join(lines)


def _widths(index: IVF) -> str:
    breadth = index.base.breadth
    pairs = zip(breadth.depths, breadth.counts, strict=True)
    return ", ".join(f"{depth} → {cells}" for depth, cells in pairs)


def _place(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a medium lies in the common space, and which values it blurs how much."""
    rng = np.random.default_rng(100 + m)
    shift = rng.standard_normal(K, dtype=np.float32)
    return 0.35 * shift / np.linalg.norm(shift), rng.uniform(0.5, 1.5, K).astype(np.float32)


def _vectors(rng: np.random.Generator, n: int, media: np.ndarray) -> np.ndarray:
    """(n, WIDE) unit rows; five consecutive ones are one content."""
    kinds = np.random.default_rng(1).standard_normal((1000, K), dtype=np.float32)
    kinds /= np.linalg.norm(kinds, axis=1, keepdims=True)
    contents = -(-n // 5)
    which = rng.integers(0, len(kinds), contents)
    content = kinds[which] + 0.035 * rng.standard_normal((contents, K), dtype=np.float32)
    x = np.repeat(content, 5, axis=0)[:n]
    for m in range(len(MEDIA)):
        shift, blur = _place(m)
        at = np.flatnonzero(media == m)
        x[at] += shift + 0.035 * blur * rng.standard_normal((len(at), K), dtype=np.float32)
    out = np.zeros((n, WIDE), np.float32)
    out[:, :K] = x / np.linalg.norm(x, axis=1, keepdims=True)
    return out


def made(path: Path, n: int) -> np.ndarray:
    """n rows in a file, the medium of row i is ``i % 5``."""
    rows = open_memmap(path, "w+", np.float32, (n, WIDE))
    for start in range(0, n, 5 * CHUNK):
        count = min(5 * CHUNK, n - start)
        rng = np.random.default_rng([7, start])
        rows[start : start + count] = _vectors(rng, count, np.arange(start, start + count) % 5)
    rows.flush()
    return np.load(path, mmap_mode="r")


def asked(m: int) -> np.ndarray:
    """Queries of one medium, of contents that the rows do not hold."""
    return _vectors(np.random.default_rng([8, m]), QUERIES, np.full(QUERIES, m))


def _built(scratch: Path, rows: np.ndarray) -> tuple[float, IVF]:
    """The index, built, written and opened from its file, as a library does it."""
    samples = [rows[m : 128 * 5 : 5] for m in range(len(MEDIA))]
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    started = time.perf_counter()
    index = IVF.build(np.arange(len(rows)), rows, samples)
    seconds = time.perf_counter() - started
    faiss.omp_set_num_threads(1)
    write(scratch / "index", "1", index.arrays())
    del index
    found = mapped(scratch / "index")
    return seconds, IVF.of(found[1])


def _size(scratch: Path) -> int:
    return (scratch / "index.bin").stat().st_size


def _memory(scratch: Path) -> dict[str, float]:
    """What a process of its own has more after opening the file and searching it."""
    code = """
import json, sys, time
from pathlib import Path
import numpy as np
from quintet.index.files import mapped
from quintet.index.ivf import IVF
import faiss, numba
def anonymous():
    text = Path("/proc/self/status").read_text()
    return 1024 * int(text.split("RssAnon:")[1].split()[0])
before, started = anonymous(), time.perf_counter()
index = IVF.of(mapped(Path(sys.argv[1]))[1])
seconds = time.perf_counter() - started
rng = np.random.default_rng(0)
index.search_many(rng.standard_normal((64, 300), dtype=np.float32), 10)
print(json.dumps({"seconds": seconds, "bytes": anonymous() - before}))
"""
    return json.loads(_python("-c", code, str(scratch / "index")))


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-600:])
    return done.stdout.strip().splitlines()[-1]


def _truth(rows: np.ndarray, queries: np.ndarray, count: int, step: int, first: int) -> np.ndarray:
    """The true nearest among rows ``first``, ``first + step`` …"""
    best, at = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(rows), 5 * CHUNK):
        numbers = np.arange(start + first, min(len(rows), start + 5 * CHUNK), step)
        scores = queries @ rows[numbers].T
        best = np.hstack([best, scores])
        at = np.hstack([at, np.broadcast_to(numbers, scores.shape)])
        top = np.argpartition(-best, min(count, best.shape[1] - 1), axis=1)[:, :count]
        best, at = np.take_along_axis(best, top, 1), np.take_along_axis(at, top, 1)
    return np.take_along_axis(at, np.argsort(-best, axis=1, kind="stable"), 1)


def _found(lists: Sequence[Sequence[tuple[int, float]]]) -> list[set[int]]:
    return [{key for key, _ in hits} for hits in lists]


def _recall(found: Sequence[set[int]], truth: np.ndarray) -> np.ndarray:
    return np.array([len(f & set(t.tolist())) / len(t) for f, t in zip(found, truth, strict=True)])


def _bare(index: IVF, queries: np.ndarray, count: int, cells: int, mask: object = None) -> object:
    """FAISS used by itself: the same codes, no full vectors."""
    extra = {}
    if mask is not None:
        bits = np.packbits(mask, bitorder="little")
        extra = {"sel": faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))}
    how = faiss.SearchParametersIVF(nprobe=cells, **extra)
    return index.base.codes.index.search(queries, count, params=how)


def _quality(index: IVF, rows: np.ndarray, queries: np.ndarray) -> list[str]:
    overall = _truth(rows, queries, 10, 1, 0)
    ours = _recall(_found(index.search_many(queries, 10)), overall).mean()
    _, bare = _bare(index, queries, 10, index.base.breadth.cells(10, 1.0))
    bare = _recall([set(b.tolist()) for b in bare], overall).mean()
    near = _truth(rows, queries, 100, 1, 0)
    mixed = _found(index.search_many(queries, 100))
    table, worst = [], 1.0
    for x, name in enumerate(MEDIA):
        part = slice(x * QUERIES, (x + 1) * QUERIES)
        cells = []
        for y in range(len(MEDIA)):
            there = [t[t % 5 == y] for t in near[part]]
            wanted = sum(len(t) for t in there)
            hit = sum(len(f & set(t.tolist())) for f, t in zip(mixed[part], there, strict=True))
            only = _truth(rows, queries[part], 10, 5, y)
            mask = np.arange(len(rows)) % 5 == y
            kept = _recall(_found(index.search_many(queries[part], 10, mask)), only).mean()
            worst = min(worst, kept)
            cells.append(
                f"{hit / wanted:.3f} ({wanted}) · {kept:.3f}" if wanted else f"– · {kept:.3f}"
            )
        table.append(f"| **{name}** | {' | '.join(cells)} |")
    return [
        f"recall@10 over all media **{ours:.3f}** (bar .95); the same codes and cells without full "
        f"vectors {bare:.3f}. Lowest pair of media {worst:.3f}.",
        "",
        "Row asks, column answers. First: of the true nearest 100 of all media, those of the "
        "column (how many) that the list of 100 holds. Second: recall@10 where the filter allows "
        "the column only.",
        "",
        f"| | {' | '.join(MEDIA)} |",
        "|---|---|---|---|---|---|",
        *table,
        "",
    ]


Work = Callable[[np.ndarray], object]


def _rates(works: Sequence[Work], queries: np.ndarray, at_once: int) -> list[float]:
    """Queries per second of processor time of each, in turns, the first round not counted.

    One thread each, so that processor time is the time it takes on a machine of its own.
    """
    rounds: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        spent = [0.0 for _ in works]
        for start in range(0, len(queries), at_once):
            for n, work in enumerate(works):
                started = time.process_time()
                work(queries[start : start + at_once])
                spent[n] += time.process_time() - started
        for taken, seconds in zip(rounds, spent, strict=True):
            taken.append(len(queries) / seconds)
    return [median(taken[1:]) for taken in rounds]


def _pair(index: IVF, queries: np.ndarray, mask: np.ndarray | None, at_once: int) -> list[float]:
    """Our rate, the bare one and their ratio."""
    share = 1.0 if mask is None else mask.mean()
    cells = min(index.base.codes.cells, index.base.breadth.cells(10, share))
    works = [
        lambda q: index.search_many(q, 10, mask),
        lambda q: _bare(index, q, 10, cells, mask),
    ]
    ours, bare = _rates(works, np.ascontiguousarray(queries), at_once)
    return [ours, bare, ours / bare]


def _speed(index: IVF, queries: np.ndarray) -> list[str]:
    rng = np.random.default_rng(3)
    order = rng.permutation(len(queries))
    queries = queries[order][: 8 * BATCH]
    lines = []
    cases: list[tuple[str, np.ndarray | None]] = [("all rows", None)]
    for name, share in MASKS:
        mask = np.arange(SIZE) % 5 == 1 if share == 0.2 else rng.random(SIZE) < share
        cases.append((f"filter: {name}", mask))
    for name, mask in cases:
        for at_once in (BATCH, 1):
            part = queries if at_once > 1 else queries[:BATCH]
            ours, bare, ratio = _pair(index, part, mask, at_once)
            bar = "0.9" if at_once > 1 else ""
            lines.append(
                f"| {name}, {at_once} a call | {ours:.0f} | {bare:.0f} | {ratio:.2f} | {bar} |"
            )
    return [
        "Queries a second of processor time, ten results each, against the same FAISS index used "
        "by itself with as many cells (codes only; a filter comes as a mask in both).",
        "",
        "| what | Quintet | FAISS bare | ratio | bar |",
        "|---|---|---|---|---|",
        *lines,
        "",
    ]


def _larger(index: IVF, queries: np.ndarray, build: float, own: float) -> list[str]:
    """What 10^7 and 10^8 take by the terms measured here."""
    cells, wide = index.base.breadth.cells(10), index.base.codes.cells
    queries = queries[: 4 * BATCH]
    works = [lambda q, more=more: index.base.codes.near(q, 26, more * cells) for more in (1, 8)]
    few, many = [1 / rate for rate in _rates(works, queries, 1)]
    rows = cells * SIZE / wide
    each = max(0.0, many - few) / (7 * rows)
    fixed = max(0.0, few - each * rows)
    lines = []
    for n in (10**6, 10**7, 10**8):
        looked = cells * n / max(wide, centres(n))
        hours = build / SIZE * n * max(1.0, centres(n) / wide) / 3600
        lines.append(
            f"| {n:,} | {own * n / 1e9:.1f} GB | {4 * WIDE * n / 1e9:.0f} GB | {hours:.1f} h "
            f"| {looked:,.0f} | {1000 * (fixed + each * looked):.1f} ms |".replace(",", " ")
        )
    return [
        f"By the terms measured here: {own:.0f} B of memory and {4 * WIDE} B of file a vector, "
        f"{1e6 * build / SIZE:.0f} µs of building a vector, {1e6 * fixed:.0f} µs a query and "
        f"{1e9 * each:.0f} ns for each row it looks at (one thread, {cells} cells):",
        "",
        "| vectors | memory | full vectors on disk | build | rows looked at | one query |",
        "|---|---|---|---|---|---|",
        *lines,
        "",
    ]


def _peers(scratch: Path) -> list[str]:
    """Other engines on SMALL of the vectors, each in a process of its own."""
    rows = np.array(made(scratch / "small.npy", SMALL))
    queries = np.concatenate([asked(m)[:40] for m in range(len(MEDIA))])
    np.save(scratch / "queries.npy", queries)
    np.save(scratch / "truth.npy", _truth(rows, queries, 10, 1, 0))
    lines = []
    for name in ("quintet", "exact", "usearch", "lancedb"):
        try:
            got = json.loads(_python("-m", "bench.scale_peers", name, str(scratch)))
        except RuntimeError as e:
            lines.append(f"| {name} | not measured: {str(e).splitlines()[-1][:80]} | | | |")
            continue
        lines.append(
            f"| {got['name']} | {got['build_s']:.0f} s | {got['recall']:.3f} | {got['single']:.0f} "
            f"| {got['batch']:.0f} |"
        )
    return [
        f"Other engines, {SMALL} of the vectors, one thread, ten results, each in its own process:",
        "",
        "| engine | build | recall@10 | queries/s, one a call | 64 a call |",
        "|---|---|---|---|---|",
        *lines,
    ]
