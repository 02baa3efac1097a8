"""What the rows of ``bench/correlation.jsonl`` say in words, so that no sentence outlives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

Row = Mapping[str, Any]

DEFAULT = "accord"
"""What ``quintet train`` takes unless told otherwise."""

PLAIN_CCA = "cca, plain"
CCA_BAR = {"image→text": 0.249, "text→image": 0.196}
CCA_WITHIN = 0.01
JFSSL = {"image→text": 0.306, "text→image": 0.228}
HODOSH = {"image→text R@1": 0.083, "text→image R@1": 0.076}
PEERS = ("deep_sm", "jrl", "s2upg", "cca")
"""What DFCL's paper puts it ahead of, and a bar of this project too."""

SEMANTIC_MATCHING = 0.59
"""Mean X→All of plain semantic matching on ``fivemedia`` (``bench/fivemedia.py``)."""

ABLATION = ("dfcl", "dfcl, no triplet", "dfcl, no mmd", "dfcl, neither")
ABOVE_DFCL = 0.10

LEVEL = "Two lines are called level when their means are no further apart than the sum of their ±."


@dataclass(frozen=True)
class Score:
    """One figure of one line of a table, over its seeds.

    Attributes:
        spread: standard deviation over seeds, 0 for a method that draws nothing.
    """

    label: str
    mean: float
    spread: float

    def __str__(self) -> str:
        told = f" ± {self.spread:.3f}" if self.spread else ""
        return f"`{self.label}` {self.mean:.3f}{told}"


def score(rows: Sequence[Row], label: str, figure: str = "mean") -> Score:
    """A line's mean and spread over its seeds; there must be a row of it."""
    values = [r["figures"][figure] for r in rows if r["label"] == label]
    return Score(label, float(np.mean(values)), float(np.std(values, ddof=min(1, len(values) - 1))))


def best_first(rows: Sequence[Row], benchmark: str) -> list[Score]:
    """Every method by itself (not its variants), the best mean first."""
    own = [r for r in rows if r["benchmark"] == benchmark and r["label"] == r["method"]]
    labels = dict.fromkeys(r["label"] for r in own)
    return sorted((score(own, label) for label in labels), key=lambda s: -s.mean)


def level(a: Score, b: Score) -> bool:
    """Whether the difference of two is within what their seeds differ by.

    >>> level(Score("a", 0.72, 0.007), Score("b", 0.717, 0.005))
    True
    >>> level(Score("a", 0.72, 0.007), Score("b", 0.70, 0.005))
    False
    """
    return abs(a.mean - b.mean) <= a.spread + b.spread


def of(rows: Sequence[Row], benchmark: str) -> str:
    """The remarks on a benchmark's table, empty where there is nothing to say."""
    scores = best_first(rows, benchmark)
    if not scores:
        return ""
    own = [r for r in rows if r["benchmark"] == benchmark]
    more = {"wikipedia": _wikipedia, "fivemedia": _fivemedia, "flickr8k": lambda r: [flickr8k(r)]}
    told = [_order(scores)]
    if benchmark in more:
        told += more[benchmark](own)
    return "\n\n".join(told)


def _order(scores: Sequence[Score]) -> str:
    best, *others = scores
    same = [f"`{s.label}`" for s in others if level(best, s)]
    text = f"Best mean: {best}" + (f", level with {', '.join(same)}." if same else ".")
    close = [f"`{a.label}` and `{b.label}`" for a, b in pairwise(others) if level(a, b)]
    if close:
        text += f" Neighbours further down that are level: {'; '.join(close)}."
    return text


def _wikipedia(rows: Sequence[Row]) -> list[str]:
    told = []
    if any(r["label"] == PLAIN_CCA for r in rows):
        found = {f: score(rows, PLAIN_CCA, f).mean for f in CCA_BAR}
        held = all(abs(found[f] - bar) <= CCA_WITHIN for f, bar in CCA_BAR.items())
        told.append(
            f"The row for the bar of canonical correlation ({_figures(CCA_BAR)}, ± {CCA_WITHIN:g}) "
            f"is `{PLAIN_CCA}`: {_figures(found)}, {'within it' if held else 'not within it'}; "
            "`cca` has directions weighted by their correlation, and settings chosen on validation "
            "data."
        )
    best = best_first(rows, "wikipedia")[0].label
    return [*told, _bar(rows, best, JFSSL, "JFSSL, the best figure published on these features")]


def flickr8k(rows: Sequence[Row]) -> str:
    """The best recall at 1 beside the bar; empty where nothing is measured."""
    own = [r for r in rows if r["benchmark"] == "flickr8k"]
    if not own:
        return ""
    best = max(
        dict.fromkeys(r["label"] for r in own),
        key=lambda label: sum(score(own, label, f).mean for f in HODOSH),
    )
    return _bar(own, best, HODOSH, "recall at 1 of Hodosh's KCCA, with nothing pretrained")


def _bar(rows: Sequence[Row], label: str, bar: Mapping[str, float], what: str) -> str:
    found = {f: score(rows, label, f).mean for f in bar}
    above = [found[f] > value for f, value in bar.items()]
    verdict = "above it" if all(above) else "above it one way only" if any(above) else "below it"
    if not all(above):
        verdict += ": the bar is not reached"
    best = f"The best method here, `{label}`: {_figures(found)}, {verdict}."
    return f"Bar: {_figures(bar)}, {what}. {best}"


def _figures(found: Mapping[str, float]) -> str:
    return " / ".join(f"{value:.3f}" for value in found.values())


def _fivemedia(rows: Sequence[Row]) -> list[str]:
    have = {r["label"] for r in rows}
    if "dfcl" not in have:
        return []
    dfcl = score(rows, "dfcl")
    peers = [score(rows, label) for label in PEERS if label in have]
    same = [s for s in peers if level(s, dfcl)]
    parts = {
        "ahead of": [s for s in peers if s not in same and s.mean < dfcl.mean],
        "level with": same,
        "behind": [s for s in peers if s not in same and s.mean > dfcl.mean],
    }
    text = "; ".join(f"{how} {', '.join(map(str, them))}" for how, them in parts.items() if them)
    plain = "above" if dfcl.mean > SEMANTIC_MATCHING else "not above"
    told = [f"{dfcl} is {text}; it is {plain} plain semantic matching ({SEMANTIC_MATCHING:.2f})."]
    if DEFAULT in have:
        more = score(rows, DEFAULT).mean / dfcl.mean - 1
        verdict = f"{100 * ABOVE_DFCL:.0f} %, {'' if more >= ABOVE_DFCL else 'not '}reached"
        told.append(f"`{DEFAULT}` is {100 * more:.1f} % above `dfcl` (bar: {verdict}).")
    return told


def ablation(rows: Sequence[Row], benchmark: str, labels: Sequence[str]) -> str:
    """What an ablation shows: of DFCL whether the paper's order, of others what is level."""
    if tuple(labels) == ABLATION:
        return papers_order(rows)
    own = [r for r in rows if r["benchmark"] == benchmark]
    full, *others = (score(own, x) for x in labels if any(r["label"] == x for r in own))
    same = [f"`{s.label}`" for s in others if level(full, s)]
    if not same:
        return f"None of these is level with `{full.label}`."
    return (
        f"Level with `{full.label}`: {', '.join(same)}. What is changed in them makes no "
        "difference here that the seeds do not make too."
    )


def papers_order(rows: Sequence[Row]) -> str:
    """Whether DFCL's ablation is in the paper's order, and which differences are level."""
    own = [r for r in rows if r["benchmark"] == "fivemedia"]
    if not {r["label"] for r in own} >= set(ABLATION):
        return ""
    full, *one_less, neither = (score(own, label) for label in ABLATION)
    values = [s.mean for s in one_less]
    kept = full.mean > max(values) and min(values) > neither.mean
    pairs = [(a, b) for a, b in combinations((full, *one_less, neither), 2) if not level(a, b)]
    order = "That is the order here too" if kept else "That is not the order here"
    listed = sorted((full, *one_less, neither), key=lambda s: -s.mean)
    text = f"The paper's order is full > one term left out > neither. {order}: "
    text += " > ".join(map(str, listed)) + ". "
    if pairs:
        apart = "; ".join(f"`{a.label}` and `{b.label}`" for a, b in pairs)
        return f"{text}Further apart than the sum of their ±: {apart}; the others are level."
    return f"{text}All four are level, so these figures show no order."
