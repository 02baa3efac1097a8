"""fivemedia: added, trained and evaluated through the public commands."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.baseline import plain_baseline
from quintet.evaluate.retrieval import tables
from quintet.types import Modality

MEDIA = [m.value for m in Modality]
PUBLISHED = {"image": 0.52, "video": 0.53, "text": 0.77, "audio": 0.56, "mesh": 0.57}
"""The plain baseline as it was tried beforehand: the bar."""

SEEDS = (0, 1, 2)


def quintet(*arguments: str) -> Any:
    """A public command with ``--json``; its answer."""
    command = [sys.executable, "-m", "quintet.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def measure(data: Path, scratch: Path) -> str:
    """The section of the results page."""
    root, library = data / "fivemedia", str(scratch / "library")
    quintet("init", library)
    added = quintet("add", str(root / "train"), "-L", library)
    trained = {seed: quintet("train", "-L", library, "--seed", str(seed)) for seed in SEEDS}
    tested = quintet("add", str(root / "test"), "-L", library)  # after the last training
    runs = []
    for report in trained.values():
        quintet("models", "--use", report["model_id"], "-L", library)
        runs.append(quintet("evaluate", "-L", library, "--under", str(root / "test")))
    return _page(added, tested, trained, runs, _source_only(root), plain_baseline(root))


def _source_only(root: Path) -> dict[str, float]:
    """X→All MAP when items are compared by the source they come from, learnt on ``train``."""
    rows = list(csv.DictReader((root / "manifest.tsv").open(encoding="utf-8"), delimiter="\t"))
    classes = sorted({r["class"] for r in rows})
    share: dict[tuple[str, str], np.ndarray] = {}
    for row in rows:
        if row["split"] == "train":
            key = (row["modality"], row["source"])
            share.setdefault(key, np.zeros(len(classes)))[classes.index(row["class"])] += 1
    z: dict[Modality, Any] = {}
    y: dict[Modality, Any] = {}
    for modality in Modality:
        test = [r for r in rows if r["split"] == "test" and r["modality"] == modality]
        flat = np.ones(len(classes))
        vectors = np.stack([share.get((modality, r["source"]), flat) for r in test])
        z[modality] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        y[modality] = np.array([classes.index(r["class"]) for r in test])
    return dict(tables(z, y).to_all)


def _page(
    added: Any,
    tested: Any,
    trained: dict[int, Any],
    runs: list[Any],
    source: dict[str, float],
    baseline: dict[str, float],
) -> str:
    ours = {m: np.array([run["to_all"][m] for run in runs]) for m in MEDIA}
    rows = [
        _row(
            f"Quintet as it comes: Accord (mean of {len(SEEDS)} seeds)",
            {m: float(v.mean()) for m, v in ours.items()},
        ),
        _row("± over seeds", {m: float(v.std(ddof=1)) for m, v in ours.items()}),
        _row("plain baseline, measured here", baseline),
        _row("plain baseline, as tried beforehand (the bar)", PUBLISHED),
        _row("source only (control)", source),
        _row("random", runs[0]["random"]),
    ]
    error = trained[SEEDS[0]]["calibration_error"]
    return "\n".join(
        [
            "## Five media, X→All",
            "",
            f"`fivemedia`: {added['added']} items of `train` added in {added['seconds']:.0f} s, "
            f"{tested['added']} of `test`; trained in "
            f"{np.mean([t['seconds'] for t in trained.values()]):.0f} s a seed (judged on held-out "
            "training items, then fitted on all); MAP over all results by cosine in the common "
            "space, everything through `quintet init`, `add`, `train` and `evaluate`. Plain "
            "baseline: HOG + colour, character n-grams, MFCC statistics, D2 and projections; "
            "logistic regression a medium; cosine of class probabilities. Source only: the same "
            "with the data's source as the only feature.",
            "",
            "| method | " + " | ".join(MEDIA) + " | mean |",
            "|---|" + "---|" * (len(MEDIA) + 1),
            *rows,
            "",
            "X→Y (row asks, column answers; mean of the seeds; random in brackets):",
            "",
            "| | " + " | ".join(MEDIA) + " |",
            "|---|" + "---|" * len(MEDIA),
            *[_pairs(x, runs) for x in MEDIA],
            "",
            "Expected calibration error of `confidence` on held-out pairs, by query kind: "
            + ", ".join(f"{k} {v:.3f}" for k, v in error.items())
            + ".",
        ]
    )


def _row(name: str, values: dict[str, float]) -> str:
    cells = [f"{values[m]:.3f}" for m in MEDIA]
    mean = np.mean([values[m] for m in MEDIA])
    return f"| {name} | " + " | ".join(cells) + f" | {mean:.3f} |"


def _pairs(x: str, runs: list[Any]) -> str:
    cells = []
    for y in MEDIA:
        value = np.mean([run["to_each"][f"{x}→{y}"] for run in runs])
        chance = runs[0]["random_each"][f"{x}→{y}"]
        cells.append(f"{value:.3f} ({chance:.2f})")
    return f"| **{x}** | " + " | ".join(cells) + " |"
