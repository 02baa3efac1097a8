"""The service under load: readers beside a writer that adds files and then trains."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import quintet
from quintet.datasets.sample import CLASSES, make_sample

READERS = 8
THINK_S = (0.2, 0.8)
"""Between an answer and the reader's next request."""

SECONDS = 60.0
"""At least; until the training is over, and at most ``MOST_S``."""

MOST_S = 900.0
IDLE_S = 10.0
"""Before the writer begins."""

PER_CLASS = 4
BAR_MS = 200.0

Request = tuple[str, str, str, object]
"""Its kind, method, path and body."""


@dataclass
class Seen:
    """One answer: what was asked, what the writer did meanwhile, milliseconds, and its status."""

    kind: str
    phase: str
    ms: float
    status: int


@dataclass
class Load:
    """What all threads share."""

    port: int
    ids: list[tuple[str, str]]
    seen: list[Seen] = field(default_factory=list)
    phase: str = "idle"
    over: bool = False
    trouble: str = ""


def measure(_: Path, scratch: Path) -> str:
    """The section of the results page; the sample is made, no measuring data are used."""
    media, more = scratch / "media", scratch / "more"
    make_sample(media, per_class=PER_CLASS, seed=0)
    make_sample(more, per_class=1, seed=1)
    with quintet.open(scratch) as lib:
        lib.add(media)
        lib.train(refit=False)
        ids = [(item.id, item.modality.value) for item in lib.export()]
    with _serving(scratch) as port:
        load = Load(port, ids)
        threads = [
            threading.Thread(target=_reader, args=(load, seed), daemon=True)
            for seed in range(READERS)
        ]
        for thread in threads:
            thread.start()
        _writer(load, more)
        for thread in threads:
            thread.join()
    return _told(load)


@contextmanager
def _serving(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "quintet.cli", "serve", "-L", str(folder), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        line = next((line for line in child.stderr or () if "http://" in line), "")
        try:
            yield int(line.partition("http://")[2].split()[0].rpartition(":")[2])
        finally:
            child.terminate()


def _reader(load: Load, seed: int) -> None:
    rng = random.Random(seed)
    line = http.client.HTTPConnection("127.0.0.1", load.port, timeout=60)
    while not load.over:
        kind, method, path, body = _chosen(load, rng)
        phase, began = load.phase, time.perf_counter()
        try:
            status = _asked(line, method, path, body)[0]
        except (OSError, http.client.HTTPException):
            line.close()  # an idle connection may be closed by the other side: once is no error
            try:
                status = _asked(line, method, path, body)[0]
            except (OSError, http.client.HTTPException):
                status = 0
        load.seen.append(Seen(kind, phase, 1000 * (time.perf_counter() - began), status))
        time.sleep(rng.uniform(*THINK_S))


def _chosen(load: Load, rng: random.Random) -> Request:
    item_id, medium = rng.choice(load.ids)
    dice = rng.random()
    if dice < 0.3:
        words = rng.choice(CLASSES).name
        return "search by words", "POST", "/v1/search", {"parts": [{"text": words}]}
    if dice < 0.5:
        return "search by item", "POST", "/v1/search", {"parts": [{"item": item_id}]}
    if dice < 0.8:
        kind = "text.json" if medium == "text" else "thumb"
        return "preview", "GET", f"/v1/items/{item_id}/previews/{kind}", None
    return "page", "GET", f"/?q={rng.choice(CLASSES).name.replace(' ', '+')}", None


def _asked(
    line: http.client.HTTPConnection, method: str, path: str, body: object
) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body)
    line.request(method, path, data, {"Content-Type": "application/json"})
    answer = line.getresponse()
    return answer.status, answer.read()


def _writer(load: Load, more: Path) -> None:
    """Add, then train, each as a job; readers go on for the whole time."""
    began = time.monotonic()
    time.sleep(IDLE_S)
    for kind, params in (("add", {"paths": [str(more)]}), ("train", {})):
        load.phase = kind
        load.trouble = load.trouble or _job(load, kind, params, began)
    load.phase = "idle"
    time.sleep(max(0.0, SECONDS - (time.monotonic() - began)))
    load.over = True


def _job(load: Load, kind: str, params: object, began: float) -> str:
    """Run a job to its end; what went wrong, if anything."""
    line = http.client.HTTPConnection("127.0.0.1", load.port, timeout=60)
    status, told = _asked(line, "POST", "/v1/jobs", {"kind": kind, "params": params})
    if status != 201:
        return f"{kind}: {told[:200]!r}"
    job = json.loads(told)
    while time.monotonic() - began < MOST_S:
        line.close()
        job = json.loads(_asked(line, "GET", f"/v1/jobs/{job['id']}", None)[1])
        if job["state"] not in ("queued", "running"):
            return "" if job["state"] == "done" else f"{kind}: {job['error']}"
        time.sleep(0.5)
    return f"{kind}: not over after {MOST_S:.0f} s"


def _told(load: Load) -> str:
    bad = [s for s in load.seen if s.status != 200]
    statuses = ", ".join(sorted({str(s.status) for s in bad})) or "none"
    training = [s.ms for s in load.seen if s.phase == "train"]
    p95 = float(np.percentile(training, 95)) if training else float("nan")
    kinds = sorted({s.kind for s in load.seen})
    rows = [_row(load, kind, phase) for phase in ("idle", "add", "train") for kind in kinds]
    return "\n".join(
        [
            "## The service under load",
            "",
            f"{READERS} readers (each {THINK_S[0]} to {THINK_S[1]} s after its last answer) and "
            f"one writer: an `add` job, then a `train` job, on the generated sample "
            f"({len(load.ids)} items), {os.cpu_count()} cores, readers and service on the same "
            f"machine. {len(load.seen)} answers; errors: {len(bad)} (statuses: {statuses}; bar 0); "
            f"jobs: {load.trouble or 'both done'}; p95 of all answers during training "
            f"{p95:.0f} ms (bar {BAR_MS:.0f}).",
            "",
            "| while | asked | answers | p50 ms | p95 ms | p99 ms |",
            "|---|---|---|---|---|---|",
            *(row for row in rows if row),
        ]
    )


def _row(load: Load, kind: str, phase: str) -> str:
    taken = [s.ms for s in load.seen if s.kind == kind and s.phase == phase]
    if not taken:
        return ""
    p50, p95, p99 = np.percentile(taken, [50, 95, 99])
    return f"| {phase} | {kind} | {len(taken)} | {p50:.0f} | {p95:.0f} | {p99:.0f} |"
