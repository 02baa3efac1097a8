"""One step of ``bench.scale`` in a process of its own: prints times and memory as JSON.

``python -m bench.scale_step build ROWS INDEX`` and ``… open INDEX``; ``QUINTET_LIMIT`` bytes of
memory at most.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path

import faiss
import numba  # noqa: F401 - its own memory is no part of the index's
import numpy as np

from bench.scale_made import MEDIA, K
from quintet.index.breadth import Breadth
from quintet.index.codes import Codes
from quintet.index.files import mapped, write
from quintet.index.ivf import IVF, Base


def anonymous() -> int:
    """Bytes of memory that are this process's own, not maps of files."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(text.split("RssAnon:")[1].split()[0])


class Most:
    """The most memory so far, looked at twenty times a second."""

    def __init__(self) -> None:
        self.bytes = anonymous()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, anonymous())
            time.sleep(0.05)


def build(rows: Path, index: Path) -> dict[str, float]:
    """As ``flows.large`` builds: from rows in a mapped file into a file."""
    z = np.load(rows, mmap_mode="r")
    started, marks = time.perf_counter(), [time.process_time()]
    codes = Codes.of(z, lambda done: marks.append(time.process_time()))
    # the first mark after the centres comes when a first part is coded: as long as the second
    first = 2 * marks[1] - marks[min(2, len(marks) - 1)]
    coded = time.process_time()
    samples = [z[m : 128 * 5 : 5] for m in range(len(MEDIA))]
    breadth = Breadth.measured(codes, z, samples)
    measured = time.process_time()
    write(index, "1", IVF(Base(np.arange(len(z)), z, codes, breadth)).arrays())
    return {
        "centres": first - marks[0],
        "codes": coded - first,
        "breadth": measured - coded,
        "written": time.process_time() - measured,
        "clock": time.perf_counter() - started,
    }


def opened(path: Path) -> dict[str, float]:
    """From the file to the first answers."""
    before, started, used = anonymous(), time.perf_counter(), time.process_time()
    index = IVF.of(mapped(path)[1])
    seconds, used = time.perf_counter() - started, time.process_time() - used
    rng = np.random.default_rng(0)
    index.search_many(rng.standard_normal((64, K), dtype=np.float32), 10)
    return {"clock": seconds, "used": used, "bytes": anonymous() - before}


def main() -> None:
    """Run the step named first on the paths behind it."""
    if limit := os.environ.get("QUINTET_LIMIT"):
        resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    what, *paths = sys.argv[1:]
    most = Most()
    report = {"build": build, "open": opened}[what](*map(Path, paths))
    print(json.dumps({**report, "most": most.bytes}))


if __name__ == "__main__":
    main()
