"""Tables of ``bench/correlation.jsonl``: what the results page and the methods' pages show."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bench import remarks
from bench.correlation import BOUNDED
from quintet import catalog
from quintet.flows.benchmark import BOTH_WAYS

ROWS = Path(__file__).parent / "correlation.jsonl"
BENCHMARKS = ("fivemedia", "planted", "xmedia", "xmedianet", "wikipedia", "flickr8k")
TITLES = {
    "fivemedia": "Five media, X→All: real files",
    "planted": "Five media, X→All: planted features",
    "xmedia": "Five media, X→All: XMedia",
    "xmedianet": "Five media, X→All: XMediaNet",
    "wikipedia": "Image ↔ text: Wikipedia features",
    "flickr8k": "Image ↔ text: Flickr8k, nothing pretrained",
}
COUNTERPARTS = {
    ("wikipedia", remarks.PLAIN_CCA): "CCA",
    ("flickr8k", "kcca"): "KCCA (Hodosh 2013)",
}
"""Benchmark and line to the published figure of the same method."""

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
    return section(read())


def section(rows: Sequence[Row]) -> str:
    """The section that these lines make."""
    parts = [f"## Correlation methods\n\n{_head()}"]
    parts += [f"### {TITLES[name]}\n\n{_benchmark(rows, name)}" for name in BENCHMARKS]
    for title, (name, labels) in ABLATIONS.items():
        held = [r for r in rows if r["benchmark"] == name and r["label"] in labels]
        if held:
            told = remarks.ablation(held, name, labels)
            parts.append(f"### Ablation: {title}\n\n{_table(held, labels)}\n\n{told}")
    return "\n\n".join(parts)


def _head() -> str:
    bounded = "; ".join(
        f"`{method}` {' '.join(f'{k}={v}' for k, v in given.items())}"
        for method, given in BOUNDED.items()
    )
    return (
        "One line a fit in `bench/correlation.jsonl`, written by `python -m bench.correlation`, "
        "which goes on where it stopped and skips data that are not there. Where a line counts "
        "*trials*, its settings were chosen once, by seed 0, on validation data (the data's own "
        "part for that, else a grouped quarter of `train`) among so many of the method's grid "
        "(`quintet methods NAME`). Lines with 0 trials were not searched: on `planted` nothing is, "
        "all methods have their defaults; networks on `flickr8k` have the settings of `BOUNDED` in "
        f"`bench/correlation.py` ({bounded}), which were tried on its validation part by hand; "
        "lines of an ablation have what was chosen for the method itself; `cca, plain` is set to "
        "be the textbook's. Then each was fitted on all of `train` with each seed, and judged on "
        "`test`. ± is the standard deviation of the mean over seeds; methods that draw nothing "
        f"have one seed. {remarks.LEVEL} Seconds are of one thread of a shared machine, beside "
        "other work: an order, not a measure. *Parameters* are the learnt numbers of the saved "
        "model. Media that a method leaves out count as found at random. *Published* is the figure "
        "of the same method on the same task where we hold one that we can cite. Of the tables of "
        "DFCL's paper we hold none, so none is repeated here."
    )


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
    module = importlib.import_module(catalog.load("datasets.benchmarks", name).__module__)
    own = [r for r in rows if r["benchmark"] == name]
    if not own:
        command = f"`python -m bench.correlation --benchmark {name}`"
        return f"{module.ABOUT}\n\nNot measured: {command} does it where the data are."
    plain = [r for r in own if r["label"] == r["method"] or r["label"].endswith("plain")]
    labels = sorted({r["label"] for r in plain}, key=lambda label: -_mean(plain, label, "mean"))
    published = _published(module, name)
    parts = [module.ABOUT, _table(plain, labels, published=published)]
    both = [
        label
        for label in labels
        if all(_has_both(r["figures"]) for r in plain if r["label"] == label)
    ]
    if both and _names(plain[0])[0].endswith("→all"):
        held = [r for r in plain if r["label"] in both]
        both.sort(key=lambda label: -sum(_mean(held, label, n) for n in BOTH_WAYS))
        parts.append(f"Image ↔ text among these:\n\n{_table(held, both, BOTH_WAYS)}")
    others = [f"{k} {v}" for k, v in published.items() if (name, k) not in _counterparts()]
    if others:
        what = "R@1" if name == "flickr8k" else "MAP"
        parts.append(
            f"Published {what}, image→text / text→image, of methods that are not here: "
            f"{'; '.join(others)}."
        )
    return "\n\n".join(part for part in [*parts, remarks.of(rows, name)] if part)


def _counterparts() -> set[tuple[str, str]]:
    return {(benchmark, told) for (benchmark, _), told in COUNTERPARTS.items()}


def _published(module: ModuleType, name: str) -> dict[str, str]:
    """Published method to its two figures, as printed."""
    scale = 100 if name == "flickr8k" else 1
    held: Mapping[str, tuple[float, float]] = getattr(module, "PUBLISHED", {})
    return {k: f"{a / scale:.3f} / {b / scale:.3f}" for k, (a, b) in held.items()}


def _has_both(figures: Mapping[str, float]) -> bool:
    return all(n in figures for n in BOTH_WAYS)


def _names(row: Row) -> list[str]:
    """The figures of a row's table: of more than two media each against all, and the mean."""
    to_all = [n for n in row["figures"] if n.endswith("→all")]
    return [*to_all, "mean"] if to_all else list(row["figures"])


def _table(
    rows: Sequence[Row],
    labels: Sequence[str],
    names: Sequence[str] = (),
    published: Mapping[str, str] | None = None,
) -> str:
    """The lines of some labels, random below; ``published`` adds a column where one is held."""
    names = names or _names(rows[0])
    beside = {label: _beside(rows[0]["benchmark"], label, published or {}) for label in labels}
    heads = ["method", *names, "±", "seconds", "parameters", "seeds", "trials"]
    heads += ["published"] * any(beside.values())
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---|" * (len(heads) - 1)]
    for label in labels:
        own = [r for r in rows if r["label"] == label]
        if own:
            cells = [_linked(label), *(_shown(n, _mean(own, label, n)) for n in names)]
            cells += [f"{_spread(own, names):.3f}"]
            cells += [f"{float(np.median([r['seconds'] for r in own])):.1f}"]
            cells += [f"{own[0]['parameters']:,}", str(len(own)), str(own[0]["trials"])]
            cells += [beside[label]] * any(beside.values())
            lines.append(f"| {' | '.join(cells)} |")
    random = ["random", *(_shown(n, rows[0]["random"][n]) for n in names)]
    lines.append(f"| {' | '.join(random)} |" + " |" * (len(heads) - len(random)))
    return "\n".join(lines)


def _beside(benchmark: str, label: str, published: Mapping[str, str]) -> str:
    return published.get(COUNTERPARTS.get((benchmark, label), ""), "")


def _spread(rows: Sequence[Row], names: Sequence[str]) -> float:
    """Standard deviation over seeds of the mean figure, or of the mean of those that are shown."""
    shown = ["mean"] if "mean" in names else list(names)
    values = [float(np.mean([r["figures"][n] for n in shown])) for r in rows]
    return float(np.std(values, ddof=min(1, len(values) - 1)))


def _linked(label: str) -> str:
    return f"`{label}`"


def _shown(name: str, value: float) -> str:
    return f"{value:.0f}" if "rank" in name else f"{value:.3f}"


def _mean(rows: Sequence[Row], label: str, figure: str) -> float:
    return float(np.mean([r["figures"][figure] for r in rows if r["label"] == label]))
