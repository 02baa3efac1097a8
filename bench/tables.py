"""Tables of ``bench/correlation.jsonl``: what the results page and the methods' pages show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quintet import catalog

ROWS = Path(__file__).parent / "correlation.jsonl"
BENCHMARKS = ("fivemedia", "planted", "wikipedia", "flickr8k")
TITLES = {
    "fivemedia": "Five media, X→All: real files",
    "planted": "Five media, X→All: planted features",
    "wikipedia": "Image ↔ text: Wikipedia features",
    "flickr8k": "Image ↔ text: Flickr8k, nothing pretrained",
}
ABLATIONS = {
    "DFCL on fivemedia": (
        "fivemedia",
        ("dfcl", "dfcl, no triplet", "dfcl, no mmd", "dfcl, neither"),
    ),
    "Accord on fivemedia": (
        "fivemedia",
        (
            "accord",
            "accord, cosine",
            "accord, linear",
            "accord, no places",
            "accord, no words",
            "accord, no parts",
        ),
    ),
    "Accord on planted features": ("planted", ("accord", "accord, no parts")),
    "Accord on Wikipedia": ("wikipedia", ("accord", "accord, cosine")),
}

Row = Mapping[str, Any]


def read(file: Path = ROWS) -> list[Row]:
    """The lines of the file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def measure(data: Path, scratch: Path) -> str:  # noqa: ARG001 - every section has the same form
    """The section of the results page, from the lines."""
    rows = read()
    parts = [
        "## Correlation methods\n\nOne line a fit in `bench/correlation.jsonl`, written by "
        "`python -m bench.correlation`, which goes on where it stopped. A method's settings were "
        "chosen once, by seed 0, on validation data (a grouped quarter of `train`, or the data's "
        "own part for that) among so many *trials* of its grid (`quintet methods NAME`; 0: not "
        "searched, which are the defaults, and for networks on Flickr8k those of `BOUNDED` in "
        "`bench/correlation.py`); then it was fitted on all of `train` with each seed, and `test` "
        "was read once. "
        "± is the standard deviation over seeds; methods that draw nothing have one. Seconds are "
        "of one thread of a shared machine, beside other work: an order, not a measure. "
        "*Parameters* are the learnt numbers of the saved model. Media that a method leaves out "
        "count as found at random."
    ]
    parts += [f"### {TITLES[name]}\n\n{_benchmark(rows, name)}" for name in BENCHMARKS]
    for title, (name, labels) in ABLATIONS.items():
        held = [r for r in rows if r["benchmark"] == name and r["label"] in labels]
        if held:
            parts.append(f"### Ablation: {title}\n\n{_table(held, labels)}")
    return "\n\n".join(parts)


def of_method(rows: Sequence[Row], method: str) -> str:
    """The rows of one method on every benchmark, random and the best beside it."""
    parts = []
    for name in BENCHMARKS:
        own = [r for r in rows if r["benchmark"] == name and r["method"] == method]
        if own:
            labels = list(dict.fromkeys(r["label"] for r in own))
            parts.append(f"**{TITLES[name]}**\n\n{_table(own, labels)}\n\n{_setting(own[0])}")
    return "\n\n".join(parts)


def _setting(row: Row) -> str:
    given = " ".join(f"{k}={v}" for k, v in row["params"].items()) or "the defaults"
    tried = f", chosen among {row['trials']} on validation data" if row["trials"] else ""
    return f"Setting: `{given}`{tried}."


def _benchmark(rows: Sequence[Row], name: str) -> str:
    own = [r for r in rows if r["benchmark"] == name]
    if not own:
        return "Not measured."
    plain = [r for r in own if r["label"] == r["method"] or r["label"].endswith("plain")]
    labels = sorted({r["label"] for r in plain}, key=lambda label: -_mean(plain, label, "mean"))
    about = catalog.load("datasets.benchmarks", name)
    published = getattr(__import__(about.__module__, fromlist=["x"]), "PUBLISHED", {})
    text = f"{__import__(about.__module__, fromlist=['x']).ABOUT}\n\n{_table(plain, labels)}"
    if published:
        scale = 100 if name == "flickr8k" else 1
        what = "R@1" if name == "flickr8k" else "MAP"
        told = "; ".join(
            f"{k} {a / scale:.3f} / {b / scale:.3f}" for k, (a, b) in published.items()
        )
        text += f"\n\nPublished {what}, image→text / text→image: {told}."
    return text


def _table(rows: Sequence[Row], labels: Sequence[str]) -> str:
    names = list(rows[0]["figures"])
    heads = ["method", *names, "±", "seconds", "parameters", "seeds", "trials"]
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---|" * (len(heads) - 1)]
    for label in labels:
        own = [r for r in rows if r["label"] == label]
        if own:
            figures = [_shown(n, _mean(own, label, n)) for n in names]
            spread = float(np.std([r["figures"]["mean"] for r in own], ddof=min(1, len(own) - 1)))
            seconds = float(np.median([r["seconds"] for r in own]))
            lines.append(
                f"| {_linked(label)} | {' | '.join(figures)} | {spread:.3f} | {seconds:.1f} | "
                f"{own[0]['parameters']:,} | {len(own)} | {own[0]['trials']} |"
            )
    random = [_shown(n, rows[0]["random"][n]) for n in names]
    lines.append(f"| random | {' | '.join(random)} | | | | | |")
    return "\n".join(lines)


def _linked(label: str) -> str:
    return f"`{label}`"


def _shown(name: str, value: float) -> str:
    return f"{value:.0f}" if "rank" in name else f"{value:.3f}"


def _mean(rows: Sequence[Row], label: str, figure: str) -> float:
    return float(np.mean([r["figures"][figure] for r in rows if r["label"] == label]))
