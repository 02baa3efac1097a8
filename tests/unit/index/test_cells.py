"""Centres of cells: found as brute force finds them."""

import numpy as np

from quintet.index import cells


def unit(rng, n, k):
    z = rng.normal(size=(n, k)).astype(np.float32)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def test_each_row_is_in_the_cell_of_its_nearest_centre(monkeypatch):
    rng = np.random.default_rng(0)
    rows, centres = unit(rng, 301, 8), unit(rng, 17, 8)
    expected = (rows @ centres.T).argmax(axis=1)
    np.testing.assert_array_equal(cells.own(rows, centres), expected)
    monkeypatch.setattr(cells, "SCORES", 17 * 50)
    np.testing.assert_array_equal(cells.own(rows, centres), expected)


def test_nearest_cells_come_best_first():
    rng = np.random.default_rng(1)
    q, centres = unit(rng, 5, 8), unit(rng, 17, 8)
    for count in (1, 4, 17):
        at, scores = cells.nearest(q, centres, count)
        true = np.argsort(-(q @ centres.T), axis=1)[:, :count]
        np.testing.assert_array_equal(at, true)
        np.testing.assert_allclose(scores, np.take_along_axis(q @ centres.T, true, 1))


def test_centres_are_those_of_the_groups_that_are_there():
    rng = np.random.default_rng(2)
    groups = np.linalg.qr(rng.normal(size=(12, 12)))[0].astype(np.float32)
    rows = groups[np.repeat(np.arange(12), 50)] + 0.02 * rng.normal(size=(600, 12))
    found = cells.learnt(rows.astype(np.float32), 40)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert ((found @ groups.T).max(axis=0) > 0.99).all()
    np.testing.assert_array_equal(found, cells.learnt(rows.astype(np.float32), 40))


def test_equal_rows_leave_no_centre_without_a_place():
    rows = np.tile(np.eye(1, 8, dtype=np.float32), (90, 1))
    found = cells.learnt(rows, 6)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, rows[:6])
