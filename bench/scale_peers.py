"""One engine on the vectors of ``bench.scale``: prints build time, recall and rates as JSON.

Each runs in a process of its own: two vector libraries in one crash.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

K = 300
Search = Callable[[np.ndarray], list[list[int]]]


def main() -> None:
    """Measure the engine named first on the files in the folder named second."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    rows, queries = np.load(folder / "small.npy"), np.load(folder / "queries.npy")
    truth = np.load(folder / "truth.npy")
    started = time.perf_counter()
    shown, search = ENGINES[name](rows, folder)
    build = time.perf_counter() - started
    for start in range(len(queries)):
        search(queries[start : start + 1])
    found = search(queries)
    pairs = zip(found, truth, strict=True)
    recall = float(np.mean([len({*f} & {*t.tolist()}) / len(t) for f, t in pairs]))
    report = {"name": shown, "build_s": build, "recall": recall}
    for what, at_once in (("single", 1), ("batch", 64)):
        started = time.perf_counter()
        for start in range(0, len(queries), at_once):
            search(queries[start : start + at_once])
        report[what] = len(queries) / (time.perf_counter() - started)
    print(json.dumps(report))


def _quintet(rows: np.ndarray, _: Path) -> tuple[str, Search]:
    import faiss

    from quintet.index.ivf import IVF

    faiss.omp_set_num_threads(1)
    index = IVF.build(np.arange(len(rows)), rows)
    return "Quintet, IVF", lambda q: [[k for k, _ in hits] for hits in index.search_many(q, 10)]


def _exact(rows: np.ndarray, _: Path) -> tuple[str, Search]:
    from quintet.index.flat import Flat

    index = Flat(np.arange(len(rows)), rows)
    return "Quintet, exact", lambda q: [[k for k, _ in hits] for hits in index.search_many(q, 10)]


def _usearch(rows: np.ndarray, _: Path) -> tuple[str, Search]:
    from usearch.index import Index

    index = Index(ndim=K, metric="ip", dtype="f16")
    index.add(np.arange(len(rows)), np.ascontiguousarray(rows[:, :K]), threads=1)

    def search(q: np.ndarray) -> list[list[int]]:
        found = index.search(np.ascontiguousarray(q[:, :K]), 10, threads=1)
        return np.atleast_2d(found.keys).tolist()

    return "USearch, HNSW of float16", search


def _lancedb(rows: np.ndarray, folder: Path) -> tuple[str, Search]:
    import lancedb
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(rows[:, :K]).ravel())
    columns = {"id": np.arange(len(rows)), "vector": pa.FixedSizeListArray.from_arrays(flat, K)}
    table = lancedb.connect(folder / "lance").create_table("rows", pa.table(columns))
    table.create_index(metric="dot", index_type="IVF_HNSW_SQ")

    def one(q: np.ndarray) -> list[int]:
        found = table.search(q[:K]).distance_type("dot").limit(10).select(["id"]).to_arrow()
        return found["id"].to_pylist()

    return "LanceDB, IVF_HNSW_SQ", lambda q: [one(row) for row in q]


ENGINES = {"quintet": _quintet, "exact": _exact, "usearch": _usearch, "lancedb": _lancedb}

if __name__ == "__main__":
    main()
