"""The approximate index: what the contract does not say."""

import numpy as np
import pytest

from quintet.errors import ShapeError, UsageError
from quintet.index import breadth as breadth_of
from quintet.index import ivf
from quintet.index.breadth import Breadth
from quintet.index.codes import Among, Codes
from quintet.index.flat import Flat
from quintet.index.ivf import IVF
from quintet.index.rescore import best
from quintet.index.rows import padded

N, K = 6000, 24


@pytest.fixture(scope="module")
def rows():
    """Clustered, as vectors of a trained space are."""
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(60, K))
    z = kinds[rng.integers(0, 60, N)] + 0.4 * rng.normal(size=(N, K))
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def index(rows):
    return IVF.build(np.arange(N) * 3, padded(rows))


@pytest.fixture(scope="module")
def exact(rows):
    return Flat(np.arange(N) * 3, padded(rows))


def queries(rows, n=60):
    z = rows[:n] + 0.1 * np.random.default_rng(1).normal(size=(n, K)).astype(np.float32)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def recall(found, true):
    pairs = zip(found, true, strict=True)
    return np.mean([len({k for k, _ in f} & {k for k, _ in t}) / len(t) for f, t in pairs])


def test_most_of_the_nearest_are_found_without_looking_everywhere(index, exact, rows):
    assert index.base.codes.cells == N // 40
    assert index.base.breadth.cells(10) < 64
    q = queries(rows)
    assert recall(index.search_many(q, 10), exact.search_many(q, 10)) > 0.95


def test_cosines_are_exact_and_not_those_of_codes(index, exact, rows):
    q = queries(rows)[0]
    true = dict(exact.search(q, N))
    assert all(score == true[key] for key, score in index.search(q, 10))
    _, about = index.base.codes.near(padded(q[None]), 10, N)
    assert not np.isin(about[0], list(true.values())).all()


@pytest.mark.parametrize("share", [0.9, 0.3, 0.02, 0.0])
def test_filters_are_exact(index, exact, rows, share):
    mask = np.random.default_rng(2).random(N) < share
    allowed = {3 * int(i) for i in np.flatnonzero(mask)}
    q = queries(rows)
    found = index.search_many(q, 10, mask)
    assert all({k for k, _ in hits} <= allowed for hits in found)
    assert all(len(hits) == min(10, len(allowed)) for hits in found)
    if len(allowed) <= ivf.FEW:
        assert found == exact.search_many(q, 10, mask)
    else:
        assert recall(found, exact.search_many(q, 10, mask)) > 0.95


def test_a_filter_that_leaves_only_far_rows_still_fills_the_list(index, exact, rows, monkeypatch):
    monkeypatch.setattr(ivf, "FEW", 0)
    q = queries(rows)[3]
    mask = exact.rows @ padded(q[None])[0] < 0
    assert len(index.search(q, 50, mask)) == 50


def test_another_mask_of_the_same_object_is_another_filter(index, rows):
    mask = np.ones(N, bool)
    q = queries(rows)[0]
    first = index.search(q, 1, mask)[0][0]
    mask[first // 3] = False
    assert index.search(q, 1, mask)[0][0] != first


def test_fresh_rows_and_removed_ones(rows, exact, monkeypatch):
    monkeypatch.setattr(Breadth, "cells", lambda breadth, count, share=1.0: 10**6)
    index = IVF.build(np.arange(N - 500) * 3, padded(rows[: N - 500]))
    index.add(range(3 * (N - 500), 3 * N, 3), rows[N - 500 :])
    q = queries(rows, 5)
    assert index.search_many(q, 20) == exact.search_many(q, 20)
    gone = [key for hits in exact.search_many(q, 5) for key, _ in hits]
    index.remove(gone)
    left = Flat(np.arange(N) * 3, padded(rows))
    left.remove(gone)
    assert index.keys.tolist() == left.keys.tolist()
    mask = np.random.default_rng(0).random(len(left)) < 0.95
    assert index.search_many(q, 20) == left.search_many(q, 20)
    assert index.search_many(q, 20, mask) == left.search_many(q, 20, mask)


def test_very_many_equal_rows_come_in_the_order_of_their_keys(monkeypatch):
    monkeypatch.setattr(ivf, "FEW", 0)
    index = IVF.build(np.arange(3000), np.tile(np.eye(1, 8, dtype=np.float32), (3000, 1)))
    for _ in range(2):
        assert [k for k, _ in index.search(np.eye(8, dtype=np.float32)[0], 10)] == list(range(10))
        monkeypatch.setattr(ivf, "PATIENCE", 0)


@pytest.mark.parametrize("patience", [0, 10**9])
def test_rows_that_only_their_codes_tell_apart_come_in_the_order_of_their_keys(
    monkeypatch, patience
):
    monkeypatch.setattr(ivf, "FEW", 0)
    monkeypatch.setattr(ivf, "PATIENCE", patience)
    monkeypatch.setattr(Breadth, "cells", lambda breadth, count, share=1.0: 10**6)
    z = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    z *= np.sqrt(0.75) / np.linalg.norm(z[:, 1:], axis=1, keepdims=True)
    z[:, 0] = 0.5
    index = IVF.build(np.arange(2000), z)
    found = index.search(np.eye(8, dtype=np.float32)[0], 10)
    assert found == [(key, 0.5) for key in range(10)]


def test_breadth_grows_with_the_list_and_with_the_filter():
    breadth = Breadth((10, 40), (2, 10), 0.01)
    assert breadth.cells(5) == breadth.cells(10) == 2
    assert breadth.cells(25) == 6
    assert breadth.cells(10, 0.25) == breadth.cells(40) == 10
    assert breadth.cells(80) == 20
    assert Breadth.of(breadth.array()) == breadth


def test_queries_of_another_kind_widen_the_search(rows):
    codes = Codes.of(padded(rows))
    strange = np.random.default_rng(3).normal(size=(100, K)).astype(np.float32)
    strange /= np.linalg.norm(strange, axis=1, keepdims=True)
    own = Breadth.measured(codes, padded(rows))
    both = Breadth.measured(codes, padded(rows), [padded(strange)])
    assert both.cells(10) > own.cells(10)


def test_codes_come_back_from_bytes(index, rows):
    again = Codes.load(index.base.codes.dump())
    q = padded(queries(rows))
    for ours, theirs in zip(again.near(q, 10, 4), index.base.codes.near(q, 10, 4), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_mask_of_codes_allows_what_it_says(index, rows):
    mask = np.arange(N) % 7 == 0
    found, _ = index.base.codes.near(padded(queries(rows)), 20, N, Among.of(mask))
    assert (found % 7 == 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_array_operations_and_the_compiled_loop_agree(seed):
    rng = np.random.default_rng(seed)
    rows = np.round(rng.normal(size=(50, 8)) * 2).astype(np.float32) / 2
    q = np.round(rng.normal(size=(6, 8)) * 2).astype(np.float32) / 2
    near = np.stack([rng.permutation(50)[:20] for _ in q])
    near[2, 5:] = -1
    near[3, :] = -1
    about = np.take_along_axis(q @ rows.T, near, axis=1)
    slow = best(rows, q, (near, about), 7, compiled=False)
    fast = best(rows, q, (near, about), 7, compiled=True)
    for a, b in zip(slow, fast, strict=True):
        np.testing.assert_array_equal(a, b)
    with np.errstate(invalid="ignore"):
        order = np.argsort(np.where(near < 0, np.inf, -about), axis=1, kind="stable")
    lists = np.take_along_axis(near, order, 1), np.take_along_axis(about, order, 1)
    found, cosines, _ = best(rows, q, lists, 7, blur=1e-4, compiled=True)
    np.testing.assert_array_equal(found, slow[0])
    np.testing.assert_array_equal(cosines, slow[1])


def test_keys_and_vectors_that_cannot_be_searched_are_refused(rows):
    bad = padded(rows[:100]).copy()
    bad[70, 3] = np.nan
    with pytest.raises(UsageError, match="NaN"):
        IVF.build(np.arange(100), bad)
    for keys in (np.arange(99), np.zeros(100, int), np.arange(100)[::-1]):
        with pytest.raises((UsageError, ShapeError)):
            IVF.build(keys, padded(rows[:100]))


@pytest.mark.parametrize("n", [1, 2, 39, 41])
def test_as_few_rows_as_one_are_coded(n, rows, monkeypatch):
    monkeypatch.setattr(ivf, "FEW", 0)
    index = IVF.build(np.arange(n) + 5, padded(rows[:n]))
    many = np.repeat(rows[:1], 9, axis=0)
    for found in [index.search(rows[0], 3), *index.search_many(many, 3)]:
        assert found[0] == (5, pytest.approx(1.0))
        assert len(found) == min(3, n)


def test_batches_find_what_single_queries_find(index, rows):
    q = queries(rows)
    assert index.search_many(q, 10) == [index.search(one, 10) for one in q]


def test_a_filter_that_cannot_be_written_to_is_not_compared_again(index, rows, monkeypatch):
    made = []
    real = Among.of
    monkeypatch.setattr(Among, "of", lambda mask: made.append(mask) or real(mask))
    monkeypatch.setattr(np, "array_equal", None)
    mask = np.arange(N) < N - 10
    mask.flags.writeable = False
    for one in queries(rows, 5):
        index.search(one, 3, mask)
    assert len(made) == 1


def test_a_filter_is_answered_exactly_where_looking_for_it_takes_longer(monkeypatch, rows):
    monkeypatch.setattr(ivf, "FEW", 0)
    index = IVF.build(np.arange(N), padded(rows))
    exact = Flat(np.arange(N), padded(rows))
    monkeypatch.setattr(Breadth, "cells", lambda breadth, count, share=1.0: index.base.codes.cells)
    monkeypatch.setattr(type(index.base.codes), "near", None)
    mask = np.arange(N) % 41 == 0
    q = queries(rows, 5)
    assert index.search_many(q, 7, mask) == exact.search_many(q, 7, mask)


def test_breadth_is_measured_against_brute_force(rows):
    q = queries(rows, 20)
    near = breadth_of._nearest(rows, q, 30)
    true = np.argsort(-(q @ rows.T), axis=1, kind="stable")[:, :30]
    np.testing.assert_array_equal(np.sort(near, axis=1), np.sort(true, axis=1))
