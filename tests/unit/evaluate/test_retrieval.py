import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from quintet.errors import ShapeError, UsageError
from quintet.evaluate.retrieval import (
    average_precision,
    mean_average_precision,
    random_precision,
    tables,
)
from quintet.types import Modality

RESULTS = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=40)


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
    with pytest.raises(UsageError):
        mean_average_precision(z * np.nan, np.arange(3), z, np.arange(3))
