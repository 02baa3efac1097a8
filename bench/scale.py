"""Large collections: recall, speed against FAISS used bare, memory; peers on the same vectors.

``QUINTET_SCALE`` vectors, a million by default; what was measured for other sizes is kept.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import faiss
import numpy as np

from bench.scale_made import MEDIA, WIDE, K, asked, made
from bench.scale_quality import quality, truths
from bench.scale_speed import BATCH, rates, speed
from quintet.index.codes import centres
from quintet.index.files import described, mapped
from quintet.index.ivf import IVF

SIZE = int(os.environ.get("QUINTET_SCALE", "1000000"))
SMALL = 50_000
"""Vectors of the comparison with other engines: building theirs takes the longest."""
IN_MEMORY = 2_000_000
"""Up to so many also: an index for each medium, FAISS with full vectors in memory, peers."""
QUERIES = 200 if SIZE <= IN_MEMORY else 60
"""Of each medium."""
THREADS = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
LIMIT = 16 << 30
"""Bytes that building and searching may take; the system refuses more."""
PAGE = Path(__file__).parent.parent / "docs" / "results.md"


def measure(data: Path, scratch: Path) -> str:  # noqa: ARG001 - the vectors are made up
    """The section of the results page: this size, and what the page holds of others."""
    started = time.perf_counter()
    rows = made(scratch / "rows.npy", SIZE)
    making = time.perf_counter() - started
    built = _step("build", scratch / "rows.npy", scratch / "index")
    opened = _step("open", scratch / "index")
    faiss.omp_set_num_threads(1)
    index = IVF.of(mapped(scratch / "index")[1])
    queries = np.concatenate([asked(m, QUERIES) for m in range(len(MEDIA))])
    small = SIZE <= IN_MEMORY
    lines = [
        f"{SIZE} made-up vectors of {K} values, five media in one index: contents of a thousand "
        "kinds that overlap, variances falling as 1/i, a gap between media (`bench/scale_made.py`,"
        f" {making:.0f} s). {len(queries)} queries, none of them in it. Searched on one thread, "
        f"built on {THREADS}. {index.base.codes.cells} cells; breadth (results → cells) "
        f"{_widths(index)}.",
        "",
        *quality(index, rows, queries, (lambda m: _shelf(rows, m)) if small else None),
        *speed(index, queries, _full(rows) if small else None),
        *_costs(scratch, built, opened),
        *_larger(index, queries, built, opened["bytes"] / SIZE),
        *(_peers(scratch) if small else []),
    ]
    return _beside("\n".join(lines).strip())


def _beside(own: str) -> str:
    """The text of this size among those of the others on the page, smaller ones first."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    section = re.search(r"<!-- scale -->\n(.*?)(?=\n<!-- |\Z)", page, re.DOTALL)
    found = re.split(r"^## Scale: ([\d ]+) vectors\n", section[1] if section else "", flags=re.M)
    others = zip(found[1::2], found[2::2], strict=True)
    texts = {int(n.replace(" ", "")): text.strip() for n, text in others}
    texts[SIZE] = own
    return "\n\n".join(
        f"## Scale: {n:,} vectors\n\n".replace(",", " ") + texts[n] for n in sorted(texts)
    )


def _widths(index: IVF) -> str:
    breadth = index.base.breadth
    pairs = zip(breadth.depths, breadth.counts, strict=True)
    return ", ".join(f"{depth} → {cells}" for depth, cells in pairs)


def _shelf(rows: np.ndarray, m: int) -> IVF:
    """The index of one medium alone, its breadth measured with vectors of the others."""
    own = np.ascontiguousarray(rows[m :: len(MEDIA)])
    samples = [rows[y : 128 * 5 : 5] for y in range(len(MEDIA)) if y != m]
    return IVF.build(np.arange(len(own)), own, samples)


def _full(rows: np.ndarray) -> faiss.Index:
    """All vectors as they are, in FAISS's own memory."""
    full = faiss.IndexFlatIP(WIDE)
    for start in range(0, len(rows), 1 << 16):
        full.add(np.ascontiguousarray(rows[start : start + (1 << 16)]))
    return full


def _step(what: str, *paths: Path) -> dict[str, float]:
    """What a step prints that runs in a process of its own, within LIMIT."""
    limit = {**os.environ, "QUINTET_LIMIT": str(LIMIT)}
    report: dict[str, float] = json.loads(_python(limit, "-m", "bench.scale_step", what, *paths))
    return report


def _python(environment: dict[str, str] | None, *arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-600:])
    return done.stdout.strip().splitlines()[-1]


def _costs(scratch: Path, built: dict[str, float], opened: dict[str, float]) -> list[str]:
    size = sum(described(scratch / "index").values())
    steps = f"centres {built['centres']:.0f} s, codes {built['codes']:.0f} s, breadth "
    steps += f"{built['breadth']:.0f} s, file written {built['written']:.0f} s"
    return [
        "| build and memory | measured | bar |",
        "|---|---|---|",
        f"| built from vectors in a mapped file, processor time | {_total(built):.0f} s ({steps}) "
        "| |",
        f"| the same by the clock, on a machine that did other work, too | {built['clock']:.0f} s "
        "| |",
        f"| most memory of its own while building | {built['most'] / 2**30:.1f} GiB | 16 GiB |",
        f"| file opened: verified, codes read; processor time, clock | {opened['used']:.1f} s, "
        f"{opened['clock']:.1f} s | |",
        f"| most memory of its own while opening and searching | {opened['most'] / 2**30:.1f} GiB "
        "| 16 GiB |",
        f"| memory per vector (own, not of the mapped file) | {opened['bytes'] / SIZE:.0f} B"
        " | 450 B |",
        f"| file per vector | {size / SIZE:.0f} B | |",
        "",
    ]


def _total(built: dict[str, float]) -> float:
    return sum(built[name] for name in ("centres", "codes", "breadth", "written"))


def _larger(index: IVF, queries: np.ndarray, built: dict[str, float], own: float) -> list[str]:
    """What larger collections take by the terms measured here."""
    cells, wide = index.base.breadth.cells(10), index.base.codes.cells
    queries = queries[: 4 * BATCH]
    works = [lambda q, more=more: index.base.codes.near(q, 28, more * cells) for more in (1, 4)]
    few, many = [1 / rate for rate in rates(works, queries, 1)]
    rows = cells * SIZE / wide
    each = max(0.0, many - few) / (3 * rows)
    fixed = max(0.0, few - each * rows)
    lines = []
    for n in [n for n in (10**7, 10**8) if n > SIZE]:
        looked = cells * n / max(wide, centres(n))
        once = built["centres"] * centres(n) / wide
        every = built["codes"] * centres(n) / wide + built["breadth"] + built["written"]
        lines.append(
            f"| {n:,} | {own * n / 1e9:.1f} GB | {4 * WIDE * n / 1e9:.0f} GB "
            f"| {(once + every * n / SIZE) / 3600:.1f} h | {looked:,.0f} "
            f"| {1000 * (fixed + each * looked):.1f} ms |".replace(",", " ")
        )
    return [
        f"By the terms measured here: {own:.0f} B of memory and {4 * WIDE} B of file a vector; "
        f"{built['centres']:.0f} s for {wide} centres, {1e6 * built['codes'] / SIZE:.0f} µs a "
        f"vector to code it and {1e6 * (built['breadth'] + built['written']) / SIZE:.0f} µs to "
        f"measure breadth and to write it; {1e6 * fixed:.0f} µs a query and {1e9 * each:.0f} ns "
        f"for each row it looks at (one thread, {cells} cells):",
        "",
        "| computed for | memory | full vectors on disk | build, one processor | rows looked at "
        "| one query |",
        "|---|---|---|---|---|---|",
        *lines,
        "",
    ]


def _peers(scratch: Path) -> list[str]:
    """Other engines on SMALL of the vectors, each in a process of its own."""
    rows = np.array(made(scratch / "small.npy", SMALL))
    queries = np.concatenate([asked(m, 40) for m in range(len(MEDIA))])
    np.save(scratch / "queries.npy", queries)
    np.save(scratch / "truth.npy", truths(rows, queries)[0][:, :10])
    lines = []
    for name in ("quintet", "exact", "usearch", "lancedb"):
        try:
            got = json.loads(_python(None, "-m", "bench.scale_peers", name, scratch))
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
