import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quintet.errors import ShapeError, UsageError
from quintet.evaluate import recall
from quintet.evaluate.recall import both_ways, random_recall, recall_at
from quintet.types import Modality

OBJECTS = st.lists(st.integers(-1, 4), min_size=1, max_size=9)


def brute_ranks(queries, asked, gallery, objects) -> list[int]:
    """Best rank of every query with a right item, by listing all results, wrong ones first."""
    found = []
    for z, own in zip(queries, asked, strict=True):
        if own < 0 or own not in objects:
            continue
        scores = gallery @ z
        order = sorted(range(len(gallery)), key=lambda i: (-scores[i], objects[i] == own))
        seen_right = [objects[i] == own for i in order]
        found.append(seen_right.index(True) + 1)
    return found


@given(OBJECTS, OBJECTS, st.integers(0, 99), st.sampled_from([1, 3]))
def test_agrees_with_listing_all_results_ties_included(asked, objects, seed, levels) -> None:
    rng = np.random.default_rng(seed)
    queries = rng.integers(-levels, levels + 1, (len(asked), 3)).astype(np.float32)
    gallery = rng.integers(-levels, levels + 1, (len(objects), 3)).astype(np.float32)
    brute = np.array(brute_ranks(queries, asked, gallery, objects))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recall, "BLOCK_SCORES", 20)
        found = recall_at(queries, np.array(asked), gallery, np.array(objects), (1, 2, 5))
    assert found.queries == len(brute)
    if len(brute):
        assert found.at == {k: pytest.approx((brute <= k).mean()) for k in (1, 2, 5)}
        assert found.median_rank == np.median(brute)
    else:
        assert all(math.isnan(v) for v in [*found.at.values(), found.median_rank])
        assert all(math.isnan(v) for v in [*found.random.values(), found.random_median])


@given(st.integers(1, 5), st.integers(0, 3), st.integers(1, 9))
def test_random_is_the_mean_over_every_order(right: int, wrong: int, k: int) -> None:
    orders = set(itertools.permutations([True] * right + [False] * wrong))
    exact = np.mean([any(order[:k]) for order in orders])
    assert random_recall(np.array([right, right]), right + wrong, k) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("captions", "images", "median"), [(1, 10, 5), (1, 24, 12), (1, 1000, 500), (5, 9, 6)]
)
def test_random_median_is_where_half_of_the_random_orders_are_right(
    captions: int, images: int, median: int
) -> None:
    objects = np.repeat(np.arange(images), captions)
    z = np.ones((images, 2), np.float32)
    found = recall_at(z, np.arange(images), z[objects], objects, (median - 1, median))
    assert found.random_median == median
    assert found.random[median - 1] < 0.5 <= found.random[median] + 1e-9


def test_one_point_for_everything_earns_nothing() -> None:
    z = np.ones((20, 4), np.float32)
    found = recall_at(z, np.arange(20), z, np.arange(20))
    assert found.at == {1: 0, 5: 0, 10: 0}
    assert found.median_rank == 20
    assert found.random[10] == pytest.approx(0.5)


def test_the_best_of_several_right_items_counts_once() -> None:
    gallery = np.array([[1, 0], [0.9, 0], [0.8, 0], [0.95, 0]], np.float32)
    found = recall_at(gallery[:1], np.array([7]), gallery, np.array([3, 7, 7, 3]), (1, 2, 3))
    assert found.median_rank == 3
    assert found.at == {1: 0, 2: 0, 3: 1}


@given(st.permutations(range(8)))
def test_the_order_of_the_gallery_does_not_matter(order) -> None:
    rng = np.random.default_rng(3)
    queries = rng.integers(-1, 2, (6, 3)).astype(np.float32)
    gallery, objects = rng.integers(-1, 2, (8, 3)).astype(np.float32), np.arange(8) // 2
    before = recall_at(queries, np.arange(6) % 4, gallery, objects)
    after = recall_at(queries, np.arange(6) % 4, gallery[list(order)], objects[list(order)])
    assert before == after


def test_both_ways_asks_from_either_side_and_names_its_figures() -> None:
    image = np.eye(3, dtype=np.float32)
    text = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0.6, 0.8]], np.float32)
    first = (Modality.IMAGE, image, np.array([0, 1, 2]))
    second = (Modality.TEXT, text, np.array([0, 1, 1, 2]))
    found = both_ways(first, second, (1, 2))
    assert found.there == recall_at(image, first[2], text, second[2], (1, 2))
    assert found.back == recall_at(text, second[2], image, first[2], (1, 2))
    assert found.figures == {
        "image→text R@1": pytest.approx(2 / 3),
        "image→text R@2": pytest.approx(1),
        "image→text median rank": 1,
        "text→image R@1": pytest.approx(3 / 4),
        "text→image R@2": pytest.approx(3 / 4),
        "text→image median rank": 1,
        "mean": pytest.approx((2 / 3 + 1 + 3 / 4 + 3 / 4) / 4),
    }
    assert found.random.keys() == found.figures.keys()
    assert found.random["text→image R@1"] == pytest.approx(1 / 3)
    assert found.random["image→text R@1"] == pytest.approx((1 / 4 + 2 / 4 + 1 / 4) / 3)


def test_media_without_a_shared_pair_are_refused() -> None:
    z = np.eye(2, dtype=np.float32)
    first = (Modality.IMAGE, z, np.array([0, -1]))
    with pytest.raises(UsageError, match="share no pair"):
        both_ways(first, (Modality.TEXT, z, np.array([1, -1])))


def test_input_that_makes_no_sense_is_refused() -> None:
    z, objects = np.eye(3, dtype=np.float32), np.arange(3)
    with pytest.raises(ShapeError, match="wide"):
        recall_at(z, objects, z[:, :2], objects)
    with pytest.raises(ShapeError, match="objects"):
        recall_at(z, objects[:2], z, objects)
    with pytest.raises(UsageError, match="NaN"):
        recall_at(z, objects, z * np.nan, objects)
    with pytest.raises(UsageError, match="rank"):
        recall_at(z, objects, z, objects, (0, 1))
