import itertools
import math
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from quintet.errors import ShapeError, UsageError
from quintet.evaluate import retrieval
from quintet.evaluate.retrieval import (
    average_precision,
    mean_average_precision,
    random_precision,
    tables,
)
from quintet.types import Modality

RESULTS = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=40)


SCORES = {
    "quarters": st.integers(-4, 4).map(lambda n: n / 4),
    "float32 extremes": st.sampled_from(
        [
            0.0,
            -0.0,
            1e-45,
            -1e-45,
            1.1754944e-38,
            0.99999994,
            1.0,
            -1.0,
            3.4028235e38,
            -3.4028235e38,
        ]
    ),
    "any float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
}


def split(results: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, relevant = zip(*results, strict=True)
    return np.array(scores, np.float32) / 4, np.array(relevant)


@given(RESULTS.filter(lambda results: any(good for _, good in results)))
def test_agrees_with_another_implementation_ties_and_negative_scores_included(
    results: list[tuple[int, bool]],
) -> None:
    scores, relevant = split(results)
    theirs = average_precision_score(relevant, scores)
    assert average_precision(scores, relevant) == pytest.approx(theirs)


@given(RESULTS, st.randoms())
def test_neither_order_nor_an_increasing_transform_matters(results, random) -> None:
    scores, relevant = split(results)
    before = average_precision(scores, relevant)
    order = random.sample(range(len(scores)), len(scores))
    np.testing.assert_equal(average_precision(scores[order], relevant[order]), before)
    np.testing.assert_equal(average_precision(np.exp(3 * scores) - 9, relevant), before)


def by_definition(scores: np.ndarray, relevant: np.ndarray) -> float:
    """One threshold after the other: precision at it, as often as it has relevant items."""
    precision = [relevant[scores >= s].mean() for s in scores[relevant]]
    return float(np.mean(precision)) if precision else math.nan


@pytest.mark.parametrize("kind", SCORES)
@given(data=st.data())
def test_agrees_with_the_definition_whatever_the_scores(kind: str, data: st.DataObject) -> None:
    results = data.draw(st.lists(st.tuples(SCORES[kind], st.booleans()), min_size=1, max_size=40))
    scores, relevant = (np.array(column) for column in zip(*results, strict=True))
    scores = scores.astype(np.float32)
    expected = by_definition(scores, relevant)
    assert average_precision(scores, relevant) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("many", [False, True], ids=["interpreted", "compiled, two threads"])
@settings(deadline=None)  # the first call compiles
@given(q=st.integers(0, 12), seed=st.integers(0, 999))
def test_blocks_agree_with_one_query_at_a_time(many: bool, q: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    queries, gallery = (rng.integers(-2, 3, (n, 4)).astype(np.float32) for n in (q, 9))
    asked, labels, own = (rng.integers(-1, high, n) for high, n in ((4, q), (4, 9), (9, q)))
    found, chance = [], []
    for row in range(len(queries)):
        others = np.arange(9) != own[row]
        right = (labels == asked[row])[others]
        found.append(by_definition((gallery @ queries[row])[others], right))
        chance.append(random_precision(int(right.sum()), int(others.sum())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "BLOCK_ROWS", 5)
        patch.setattr(retrieval, "MANY_SCORES", 0 if many else 10**9)
        patch.setenv("OMP_NUM_THREADS", "2")
        value, random = mean_average_precision(queries, asked, gallery, labels, itself=own)
    known = [v for v in found if not math.isnan(v)]
    assert value == pytest.approx(np.mean(known) if known else math.nan, nan_ok=True)
    known = [v for v in chance if not math.isnan(v)]
    assert random == pytest.approx(np.mean(known) if known else math.nan, nan_ok=True)


def test_memory_stays_bounded_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 1000
    z = np.random.default_rng(0).standard_normal((n, 8)).astype(np.float32)
    label = np.arange(n) % 7
    whole = mean_average_precision(z, label, z, label)
    monkeypatch.setattr(retrieval, "BLOCK_SCORES", 4 * n)
    tracemalloc.start()
    assert mean_average_precision(z, label, z, label) == pytest.approx(whole)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < n * n * 4 / 10


def test_scores_that_overflow_are_refused() -> None:
    z = np.full((2, 3), 1e30, np.float32)
    with pytest.raises(UsageError, match="too large"):
        mean_average_precision(z, np.arange(2), z, np.arange(2))


@pytest.mark.parametrize(
    ("wanted", "threads"), [("3", 3), ("", os.cpu_count()), ("0", os.cpu_count())]
)
def test_threads_are_those_of_blas(monkeypatch: pytest.MonkeyPatch, wanted, threads) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert retrieval._threads() == threads


def test_equal_scores_give_the_share_of_relevant_ones() -> None:
    assert average_precision(np.zeros(10), np.arange(10) < 3) == pytest.approx(0.3)


@pytest.mark.parametrize(("relevant", "total"), [(1, 1), (1, 4), (2, 5), (3, 6), (6, 6)])
def test_random_is_the_mean_over_every_order(relevant: int, total: int) -> None:
    orders = set(itertools.permutations([True] * relevant + [False] * (total - relevant)))
    scores = -np.arange(total, dtype=np.float64)
    exact = np.mean([average_precision(scores, np.array(order)) for order in orders])
    assert random_precision(relevant, total) == pytest.approx(exact)


def test_nothing_relevant_has_no_precision() -> None:
    assert math.isnan(average_precision(np.ones(3), np.zeros(3, bool)))
    assert math.isnan(random_precision(0, 3))


def test_bad_scores_are_refused() -> None:
    with pytest.raises(UsageError, match="NaN"):
        average_precision(np.array([np.nan]), np.array([True]))
    with pytest.raises(ShapeError):
        average_precision(np.ones(2), np.array([True]))


def space(seed: int = 0) -> tuple[dict[Modality, np.ndarray], dict[Modality, np.ndarray]]:
    chance = np.random.default_rng(seed)
    label = {
        Modality.IMAGE: np.array([0, 1, 2, 0, 1]),
        Modality.TEXT: np.array([0, 0, 1, 3]),
        Modality.AUDIO: np.array([2]),
    }
    z = {m: chance.standard_normal((len(c), 6)).astype(np.float32) for m, c in label.items()}
    return {m: v / np.linalg.norm(v, axis=1, keepdims=True) for m, v in z.items()}, label


def test_tables_agree_with_the_definition() -> None:
    z, label = space()
    found = tables(z, label)
    everything = np.concatenate(list(z.values()))
    labels = np.concatenate(list(label.values()))
    values = []
    for row in range(5):
        others = np.arange(len(everything)) != row
        right = (labels == labels[row])[others]
        values.append(average_precision_score(right, (everything @ everything[row])[others]))
    media = list(Modality)
    order = sorted(z, key=media.index)
    assert list(found.to_all) == order
    assert found.to_all[Modality.IMAGE] == pytest.approx(np.mean(values), rel=1e-5)
    assert found.mean == pytest.approx(np.mean(list(found.to_all.values())))


def test_pairs_without_a_relevant_item_are_absent() -> None:
    found = tables(*space())
    assert (Modality.AUDIO, Modality.TEXT) not in found.to_each
    assert (Modality.AUDIO, Modality.AUDIO) not in found.to_each
    assert (Modality.AUDIO, Modality.IMAGE) in found.to_each
    assert set(found.random_each) == set(found.to_each)


def test_a_query_never_finds_itself() -> None:
    z = np.eye(3, dtype=np.float32)
    label = np.array([0, 0, 1])
    itself = np.arange(3)
    value, chance = mean_average_precision(z, label, z, label, itself=itself)
    assert value == pytest.approx(0.5)
    assert chance == pytest.approx(0.75)


def test_a_perfect_space_has_full_marks_and_a_random_one_about_random() -> None:
    label = np.arange(600) % 4
    perfect = np.eye(4, dtype=np.float32)[label]
    assert tables({Modality.MESH: perfect}, {Modality.MESH: label}).mean == 1
    chance = np.random.default_rng(0).standard_normal((600, 300)).astype(np.float32)
    chance /= np.linalg.norm(chance, axis=1, keepdims=True)
    found = tables({Modality.MESH: chance}, {Modality.MESH: label})
    assert found.mean == pytest.approx(found.random_mean, abs=0.01)


def test_no_items_have_no_mean() -> None:
    found = tables({}, {})
    assert math.isnan(found.mean)
    assert math.isnan(found.random_mean)


def test_arrays_that_disagree_are_refused() -> None:
    z = np.eye(3, dtype=np.float32)
    with pytest.raises(ShapeError, match="wide"):
        mean_average_precision(z, np.arange(3), z[:, :2], np.arange(3))
    with pytest.raises(ShapeError):
        mean_average_precision(z, np.arange(2), z, np.arange(3))
    with pytest.raises(ShapeError, match="itself"):
        mean_average_precision(z, np.arange(3), z, np.arange(3), itself=np.arange(2))
    with pytest.raises(UsageError):
        mean_average_precision(z * np.nan, np.arange(3), z, np.arange(3))
