"""Every correlation method on every benchmark: one JSON line a fit in ``bench/correlation.jsonl``.

``python -m bench.correlation`` runs what the file lacks, so it goes on after being stopped; remove
lines to measure them again. ``--benchmark`` and ``--method`` choose. ``bench.tables`` makes the
section of the results page from the lines.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from quintet import catalog
from quintet.errors import QuintetError, UsageError
from quintet.flows import benchmark, configure
from quintet.nets.deep import DeepMethod

ROWS = Path(__file__).parent / "correlation.jsonl"
SEEDS = (0, 1, 2)
BENCHMARKS = ("planted", "wikipedia", "fivemedia", "flickr8k", "xmedia", "xmedianet")
"""Those whose data are not below QUINTET_DATA are skipped with a line that says so."""

LEFT_OUT = frozenset({"identity"})
"""Learns nothing: it is for encoders that share a space."""

TRIALS = 4
"""Settings tried on validation data, at most, the same for every method. On ``planted`` and, for
networks, on ``flickr8k`` nothing is searched."""

BOUNDED: Mapping[str, Mapping[str, str]] = {
    "infonce": {"updates": "40", "rows": "256", "dropout": "0.2", "k": "512"},
    "vse": {"updates": "40", "rows": "128", "dropout": "0.1", "warm_up": "800"},
    "attention": {"updates": "30", "rows": "128", "dropout": "0.1", "steps": "12"},
    "dcca": {"updates": "20"},
    "corr_ae": {"updates": "40", "rows": "128"},
    "cmdn": {"updates": "40", "rows": "128"},
}
"""On ``flickr8k`` a pass over all captions would be 25 times too long: fewer, larger batches, as
tried on its validation part."""

VARIANTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "planted": {"accord, no parts": {"method": "accord", "parts": "no"}},
    "wikipedia": {
        "cca, plain": {"method": "cca", "k": "7", "weighted": "no", "ridge": "0.0001"},
        "accord, cosine": {"method": "accord", "levelling": "1"},
    },
    "fivemedia": {
        "dfcl, no triplet": {"method": "dfcl", "triplet": "no"},
        "dfcl, no mmd": {"method": "dfcl", "mmd": "no"},
        "dfcl, neither": {"method": "dfcl", "triplet": "no", "mmd": "no"},
        "accord, cosine": {"method": "accord", "levelling": "1"},
        "accord, linear": {"method": "accord", "kernels": "no"},
        "accord, no places": {"method": "accord", "places": "no"},
        "accord, no words": {"method": "accord", "words": "no"},
        "accord, no parts": {"method": "accord", "parts": "no"},
    },
}
"""Further rows: name to method and hyper-parameters. They are not searched: all else is as it was
chosen for the method itself."""


def main() -> None:
    """Run what is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--benchmark", action="append", choices=BENCHMARKS)
    options.add_argument("--method", action="append")
    options.add_argument("--rows", type=Path, default=ROWS)
    chosen = options.parse_args()
    data = Path(os.environ.get("QUINTET_DATA", "../shared/data")).resolve()
    cache = Path(os.environ.get("QUINTET_CACHE", "~/.cache/quintet")).expanduser()
    for name in chosen.benchmark or BENCHMARKS:
        try:
            task = benchmark.load(name, data, cache, _quiet)
        except UsageError as e:
            print(f"{name}: skipped: {e}", flush=True)
            continue
        for label, method, params in _wanted(task, name, chosen.rows):
            if chosen.method and method not in chosen.method:
                continue
            seeds = _missing(chosen.rows, name, label, method)
            if seeds:
                _run(task, label, method, params, seeds, chosen.rows)


def _wanted(
    task: benchmark.Task, name: str, file: Path
) -> Iterator[tuple[str, str, dict[str, str]]]:
    for method in catalog.names("models.correlators"):
        learns = getattr(configure.kind(method), "learns_from", "either")
        if method not in LEFT_OUT and (task.about.task == "classes" or learns != "labels"):
            yield method, method, dict(BOUNDED.get(method, {})) if name == "flickr8k" else {}
    for label, given in VARIANTS.get(name, {}).items():
        changed = {k: v for k, v in given.items() if k != "method"}
        yield label, given["method"], {**_chosen(file, name, given["method"]), **changed}


def _chosen(file: Path, name: str, method: str) -> dict[str, str]:
    """What was chosen for a method on a benchmark, nothing if that is not measured yet."""
    found = (r["params"] for r in rows(file) if (r["benchmark"], r["label"]) == (name, method))
    return dict(next(found, {}))


def _missing(file: Path, name: str, label: str, method: str) -> list[int]:
    wanted = SEEDS if configure.draws(method) else SEEDS[:1]
    done = {r["seed"] for r in rows(file) if (r["benchmark"], r["label"]) == (name, label)}
    return [seed for seed in wanted if seed not in done]


def rows(file: Path = ROWS) -> list[dict[str, Any]]:
    """The lines of the file."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _run(
    task: benchmark.Task,
    label: str,
    method: str,
    params: dict[str, str],
    seeds: list[int],
    to: Path,
) -> None:
    name, started = task.about.name, time.monotonic()
    known = next((r for r in rows(to) if (r["benchmark"], r["label"]) == (name, label)), None)
    trials = 0 if params or known else _trials(name, method)
    given = known["params"] if known else params
    try:
        for row in benchmark.run(task, method, given, seeds, trials=trials, on_progress=_quiet):
            line = {"label": label, **dataclasses.asdict(row), "commit": _commit()}
            if known:
                line |= {"trials": known["trials"], "validation": known["validation"]}
            with to.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(f"{name} {label} seed {row.seed}: {row.figures['mean']:.4f}", flush=True)
    except QuintetError as e:
        print(f"{name} {label}: {e}", file=sys.stderr, flush=True)
    print(f"  ({time.monotonic() - started:.0f} s)", flush=True)


def _trials(name: str, method: str) -> int:
    deep = issubclass(configure.kind(method), DeepMethod)
    if name == "planted" or (name == "flickr8k" and deep):
        return 0
    return TRIALS


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return told.stdout.strip()


def _quiet(stage: str, done: int, total: int) -> None:
    """No progress lines: one line a fit is enough here."""


if __name__ == "__main__":
    main()
