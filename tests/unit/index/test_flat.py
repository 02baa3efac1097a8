"""The flat index: what the contract does not say."""

import numpy as np
import pytest

from quintet.index import flat
from quintet.index.flat import Flat


def rows(n=300, k=21):
    z = np.random.default_rng(0).normal(size=(n, k)).astype(np.float32)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def test_rows_are_padded_to_whole_registers():
    index = Flat()
    index.add([5, 3], rows(2))
    assert index.rows.shape == (2, 24)
    assert index.keys.tolist() == [3, 5]
    assert len(index) == 2


def test_an_index_made_from_cached_rows_answers_alike():
    index = Flat()
    index.add(range(300), rows())
    frozen = np.frombuffer(index.rows.tobytes(), np.float32).reshape(index.rows.shape)
    again = Flat(index.keys, frozen)
    query = rows(1)[0]
    assert again.search(query, 10) == index.search(query, 10)
    again.add([1000], query[None])
    assert again.search(query, 1) == [(0, pytest.approx(1.0))]
    assert [key for key, _ in again.search(query, 2)] == [0, 1000]


def test_large_and_small_libraries_answer_alike(monkeypatch):
    index = Flat()
    index.add(range(300), rows())
    mask = np.arange(300) % 3 == 0
    small = [index.search(q, 7, m) for q in rows(20) for m in (None, mask)]
    monkeypatch.setattr(flat, "MANY", 10)
    monkeypatch.setattr(flat, "PATIENCE", 0)
    assert [index.search(q, 7, m) for q in rows(20) for m in (None, mask)] == small
    index.remove(range(0, 300, 2))
    assert all(key % 2 for key, _ in index.search(rows(1)[0], 300))


def test_a_mask_that_allows_nothing():
    index = Flat()
    index.add(range(300), rows())
    assert index.search(rows(1)[0], 5, np.zeros(300, bool)) == []


def test_a_process_that_asks_once_does_not_wait_for_the_sketch(monkeypatch):
    monkeypatch.setattr(flat, "MANY", 10)
    monkeypatch.setattr(flat, "PATIENCE", 2)
    z = np.eye(20, dtype=np.float32)
    index = Flat()
    index.add(range(20), z)
    found = [(index.search(z[3], 2), index._sketch is not None) for _ in range(3)]
    assert [made for _, made in found] == [False, False, True]
    assert found[0][0] == found[2][0]
