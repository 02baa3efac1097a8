"""Speed of an approximate index beside FAISS used by itself: the same codes, cells and filters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from bench.scale_made import MEDIA, asked
from quintet.index.codes import Among
from quintet.index.ivf import IVF

ROUNDS = 5
BATCH = 64
COUNT = 10
CANDIDATES = 2.8
"""Times COUNT: how many candidates Quintet and FAISS's own refinement compare in full."""
MASKS = (("one medium", 0.2), ("one in a hundred", 0.01), ("one in a thousand", 0.001))

Work = Callable[[np.ndarray], object]
Bare = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def rates(works: Sequence[Work], queries: np.ndarray, at_once: int) -> list[float]:
    """Queries per second of processor time of each; the first round is not counted.

    One thread each, so that processor time is the time it takes on a machine of its own. Each
    goes through all queries before the next does, or it would leave the others its cache.
    """
    rounds: list[list[float]] = [[] for _ in works]
    for turn in range(ROUNDS):
        for n in range(len(works))[:: 1 if turn % 2 else -1]:
            started = time.process_time()
            for start in range(0, len(queries), at_once):
                works[n](queries[start : start + at_once])
            rounds[n].append(len(queries) / (time.process_time() - started))
    return [median(taken[1:]) for taken in rounds]


def masks(n: int) -> list[tuple[str, np.ndarray | None]]:
    """The filters measured, None for no filter; they cannot be written to, as those of a shelf."""
    rng = np.random.default_rng(3)
    cases: list[tuple[str, np.ndarray | None]] = [("all rows", None)]
    for name, share in MASKS:
        mask = np.arange(n) % len(MEDIA) == 1 if share == 0.2 else rng.random(n) < share
        mask.flags.writeable = False
        cases.append((f"filter: {name}", mask))
    return cases


def bare(index: IVF, mask: np.ndarray | None, full: faiss.Index | None = None) -> Bare:
    """FAISS by itself, its settings and filter made once; candidates compared by ``full``."""
    share = 1.0 if mask is None else float(mask.mean())
    cells = min(index.base.codes.cells, index.base.breadth.cells(COUNT, share))
    among = None if mask is None else Among.of(mask)
    extra = {} if among is None else {"sel": among.selector}
    how = faiss.SearchParametersIVF(nprobe=cells, **extra)
    codes = index.base.codes.index
    if full is None:
        return lambda q, kept=among: codes.search(q, COUNT, params=how)
    both = faiss.IndexRefine(codes, full)
    refined = faiss.IndexRefineSearchParameters(k_factor=CANDIDATES, base_index_params=how)
    return lambda q, kept=among: both.search(q, COUNT, params=refined)


def speed(index: IVF, queries: np.ndarray, full: faiss.Index | None) -> list[str]:
    """Rates beside both ways of using FAISS; without ``full`` only that of codes alone."""
    queries = queries[np.random.default_rng(3).permutation(len(queries))][: 8 * BATCH]
    with threadpool_limits(1):
        return [*_rates_shown(index, queries, full), *_latency(index, queries)]


def _rates_shown(index: IVF, queries: np.ndarray, full: faiss.Index | None) -> list[str]:
    lines = []
    for name, mask in masks(len(index)):
        ways = [bare(index, mask)] + ([bare(index, mask, full)] if full is not None else [])
        for at_once in (BATCH, 1):
            part = queries if at_once > 1 else queries[: 4 * BATCH]
            ours, *others = rates([_ours(index, mask), *ways], part, at_once)
            cells = [f"{rate:.0f} | **{ours / rate:.2f}**" for rate in others]
            cells += ["– | –"] * (2 - len(others))
            lines.append(f"| {name}, {at_once} a call | {ours:.0f} | {' | '.join(cells)} |")
    return [
        "Queries a second of processor time, ten results each, against the same FAISS index used "
        "by itself with as many cells, its settings and filter made once before. *Codes*: it "
        "returns cosines of codes, with the recall of codes alone. *Refined*: "
        "`IndexRefine` with all full vectors in memory, which gives the recall that "
        "Quintet gives. The bar is a ratio of 0.9.",
        "",
        "| what | Quintet | FAISS, codes | ratio | FAISS, refined | ratio |",
        "|---|---|---|---|---|---|",
        *lines,
        "",
    ]


def _ours(index: IVF, mask: np.ndarray | None) -> Work:
    return lambda q: index.search_many(q, COUNT, mask)


def _latency(index: IVF, queries: np.ndarray) -> list[str]:
    """Wall time of one query a call, twice: again the rows it compares lie in memory."""
    strange = np.concatenate([asked(m, len(queries) // len(MEDIA), 1) for m in range(len(MEDIA))])
    passes = []
    for _ in range(2):
        taken = []
        for query in strange:
            started = time.perf_counter()
            index.search(query, COUNT)
            taken.append(1000 * (time.perf_counter() - started))
        passes.append("{:.1f} / {:.1f}".format(*np.percentile(taken, [50, 99])))
    return [
        f"One query a call, by the clock, p50 / p99: {passes[0]} ms for queries whose "
        f"neighbours were not asked for before, {passes[1]} ms when they are asked again.",
        "",
    ]
