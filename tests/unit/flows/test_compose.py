"""Pooling what the parts of a query say."""

from collections.abc import Mapping

import numpy as np
import pytest

from quintet.flows.compose import NOWHERE, Said, pooled
from quintet.flows.search import Match, Row
from quintet.types import Channel


def said(weight: float, told: Mapping[str, float], *, calibrated: bool = True) -> Said:
    rows: list[Row] = []
    for item, p in sorted(told.items(), key=lambda pair: -pair[1]):
        sure = p if calibrated else None
        rows.append((p, sure, [Match(item, p, sure, Channel.SEEN, None)]))
    return Said(weight, rows)


def order(*parts: Said) -> list[str]:
    return [row[2][0].item_id for row in pooled(parts)]


def test_one_part_says_what_it_says_alone() -> None:
    rows = pooled([said(1, {"a": 0.9, "b": 0.2})])
    assert [(r[2][0].item_id, r[1]) for r in rows] == [
        ("a", pytest.approx(0.9)),
        ("b", pytest.approx(0.2)),
    ]


def test_log_odds_are_the_weighted_mean_of_the_wanted_parts() -> None:
    rows = pooled([said(1, {"a": 0.9}), said(3, {"a": 0.4})])
    logit = 0.25 * np.log(0.9 / 0.1) + 0.75 * np.log(0.4 / 0.6)
    assert rows[0][0] == pytest.approx(1 / (1 + np.exp(-logit)))


def test_what_only_one_wanted_part_finds_is_behind_what_both_find() -> None:
    assert order(said(1, {"one": 0.99, "both": 0.8}), said(1, {"both": 0.7})) == ["both", "one"]


def test_unwanted_parts_lower_what_they_find_and_raise_nothing() -> None:
    wanted = said(1, {"dog": 0.9, "person": 0.9, "far": 0.3})
    rows = pooled([wanted, said(-1, {"person": 0.9, "far": NOWHERE, "dog": 0.05})])
    told = {r[2][0].item_id: r[0] for r in rows}
    assert list(told) == ["dog", "person", "far"] or list(told) == ["dog", "far", "person"]
    assert told["far"] == pytest.approx(0.3, abs=1e-3)
    assert told["person"] == pytest.approx(1 / (1 + np.exp(-(np.log(9) + np.log(0.1)))))


def test_image_minus_word_plus_word() -> None:
    picture = said(1, {"dog": 0.95, "cat": 0.02, "car": 0.02})
    plus, minus = said(1, {"cat": 0.95, "dog": 0.02}), said(-1, {"dog": 0.95, "cat": 0.02})
    assert order(picture, plus, minus)[0] == "cat"


def test_a_heavier_part_decides() -> None:
    first, second = {"a": 0.9, "b": 0.2}, {"a": 0.2, "b": 0.9}
    assert order(said(2, first), said(1, second)) == ["a", "b"]
    assert order(said(1, first), said(2, second)) == ["b", "a"]


def test_before_training_ranks_add_up_and_the_unwanted_is_left_out() -> None:
    first = said(1, {"a": 9.0, "b": 8.0, "c": 7.0}, calibrated=False)
    second = said(1, {"c": 0.3, "b": 0.2, "x": 0.1}, calibrated=False)
    assert order(first, second)[0] == "c"
    rows = pooled([first, second, said(-1, {"c": 0.9}, calibrated=False)])
    assert [r[2][0].item_id for r in rows] == ["b", "a", "x"]
    assert all(r[1] is None for r in rows)


def test_ties_go_to_the_smaller_id() -> None:
    assert order(said(1, {"b": 0.5, "a": 0.5, "c": 0.5})) == ["a", "b", "c"]


def test_a_heavy_unwanted_part_costs_no_warning() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert order(said(1, {"a": 0.9, "b": 0.9}), said(-1e12, {"a": 0.5, "b": 0.1}))
