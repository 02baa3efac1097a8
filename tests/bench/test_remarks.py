"""What the pages say in words follows from the rows, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest

from bench import remarks, tables, which

Rows = list[dict[str, Any]]


def lines(benchmark: str, label: str, *values: float, **more: float) -> Rows:
    """A row a seed with these means; ``more`` are other figures, the same for all seeds."""
    method = label.partition(",")[0]
    return [
        {
            "benchmark": benchmark,
            "label": label,
            "method": method,
            "figures": {**more, "mean": value},
            "random": {**more, "mean": 0.1},
            "seconds": 1.0,
            "parameters": 1,
            "trials": 0,
            "params": {},
        }
        for value in values
    ]


def of_dfcl(full: float, triplet: float, mmd: float, neither: float, spread: float = 0.0) -> Rows:
    values = zip(remarks.ABLATION, (full, triplet, mmd, neither), strict=True)
    return [r for label, v in values for r in lines("fivemedia", label, v - spread, v, v + spread)]


def test_neighbours_within_their_spread_are_level() -> None:
    rows = lines("planted", "dfcl", 0.70, 0.71, 0.72) + lines("planted", "ccl", 0.69, 0.70, 0.71)
    rows += lines("planted", "cca", 0.5)
    told = remarks.of(rows, "planted")
    assert told == "Best mean: `dfcl` 0.710 ± 0.010, level with `ccl`."
    rows += lines("planted", "accord", 0.9)
    told = remarks.of(rows, "planted")
    assert told.startswith("Best mean: `accord` 0.900. Neighbours")
    assert told.endswith("are level: `dfcl` and `ccl`.")


def test_the_ablation_of_dfcl_is_told_as_it_came_out() -> None:
    papers = remarks.papers_order(of_dfcl(0.8, 0.7, 0.71, 0.6))
    assert "That is the order here too" in papers
    assert "`dfcl` and `dfcl, neither`" in papers
    other = remarks.papers_order(of_dfcl(0.72, 0.723, 0.725, 0.73, spread=0.01))
    assert "That is not the order here: `dfcl, neither` 0.730 ± 0.010 >" in other
    assert other.endswith("All four are level, so these figures show no order.")
    assert remarks.papers_order(of_dfcl(0.8, 0.7, 0.7, 0.6)[:-3]) == ""


def test_dfcl_is_compared_with_its_peers_and_with_ours() -> None:
    rows = lines("fivemedia", "dfcl", 0.70, 0.72) + lines("fivemedia", "jrl", 0.60)
    rows += lines("fivemedia", "deep_sm", 0.71) + lines("fivemedia", "s2upg", 0.75)
    rows += lines("fivemedia", "accord", 0.78)
    told = remarks.of(rows, "fivemedia")
    assert "ahead of `jrl` 0.600; level with `deep_sm` 0.710; behind `s2upg` 0.750" in told
    assert "`accord` is 9.9 % above `dfcl` (bar: 10 %, not reached)." in told


@pytest.mark.parametrize(("text", "verdict"), [(0.08, "above it."), (0.03, "the bar is not rea")])
def test_the_bar_of_flickr8k(text: float, verdict: str) -> None:
    own = {"image→text R@1": 0.09, "text→image R@1": text}
    told = remarks.flickr8k(lines("flickr8k", "accord", 0.2, **own))
    assert "Bar: 0.083 / 0.076, recall at 1 of Hodosh's KCCA" in told
    assert f"`accord`: 0.090 / {text:.3f}, " in told
    assert verdict in told


@pytest.mark.parametrize(("text", "verdict"), [(0.205, "within it"), (0.207, "not within it")])
def test_the_row_for_plain_canonical_correlation_is_named(text: float, verdict: str) -> None:
    own = {"image→text": 0.25, "text→image": text}
    rows = lines("wikipedia", "cca", 0.2, **own) + lines("wikipedia", "cca, plain", 0.2, **own)
    assert f"is `cca, plain`: 0.250 / {text:.3f}, {verdict};" in remarks.of(rows, "wikipedia")


def test_the_page_of_advice_names_the_best_with_all_that_are_level() -> None:
    rows = lines("planted", "dfcl", 0.70, 0.72) + lines("planted", "accord", 0.71, 0.73)
    rows += lines("planted", "cca", 0.5) + lines("wikipedia", "cca", 0.3)
    rows += lines("wikipedia", "accord", 0.2)
    page = which.page(rows)
    assert "best or level with the best on 1 of the 2 sets" in page
    assert "| `planted` | [`accord`](accord.md), [`dfcl`](dfcl.md) | [`cca`](cca.md) |" in page
    assert "Not measured." in page


def test_the_head_names_what_was_not_searched() -> None:
    told = tables.section([])
    assert "on `planted` nothing is" in told
    assert "`vse` updates=40 rows=128 dropout=0.1 warm_up=800" in told


def test_a_published_figure_stands_beside_the_same_method() -> None:
    own = {"image→text": 0.25, "text→image": 0.2}
    rows = lines("wikipedia", "cca, plain", 0.2, **own) + lines("wikipedia", "dfcl", 0.3, **own)
    told = tables.section(rows)
    (line,) = [x for x in told.splitlines() if x.startswith("| `cca, plain`")]
    assert line.endswith("| 0.249 / 0.196 |")
    (line,) = [x for x in told.splitlines() if x.startswith("| `dfcl`")]
    assert line.endswith("|  |")
