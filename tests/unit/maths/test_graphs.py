import numpy as np
import pytest

from quintet.maths import graphs
from quintet.maths.graphs import hyperedges, laplacian, nearest


def rows(n: int = 40, d: int = 3) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((n, d))


@pytest.mark.parametrize("k", [1, 5, 39, 100])
def test_nearest_agrees_with_all_distances_sorted(k: int) -> None:
    x = rows()
    far = np.linalg.norm(x[:, None] - x[None], axis=2)
    expected = np.argsort(far, axis=1)[:, 1 : k + 1]
    np.testing.assert_array_equal(np.sort(nearest(x, k)), np.sort(expected))


def test_nearest_does_not_depend_on_how_many_rows_are_compared_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.sort(nearest(rows(), 4))
    monkeypatch.setattr(graphs, "CHUNK", 7)
    np.testing.assert_array_equal(np.sort(nearest(rows(), 4)), whole)


def test_a_row_is_never_its_own_neighbour_even_among_copies() -> None:
    found = nearest(np.zeros((6, 2)), 3)
    assert not (found == np.arange(6)[:, None]).any()


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_have_no_neighbours(n: int) -> None:
    none = nearest(np.zeros((n, 2)), 3)
    assert none.shape == (n, 0)
    assert laplacian(none).toarray().tolist() == [[0.0]] * n
    assert hyperedges(none).shape == (n, n)


def test_laplacian_measures_how_much_values_differ_between_neighbours() -> None:
    x = rows()
    found = nearest(x, 4)
    joined = np.zeros((40, 40))
    for i, near in enumerate(found):
        joined[i, near] = joined[near, i] = 1
    degree = joined.sum(axis=1)
    f = np.random.default_rng(2).standard_normal(40)
    scaled = f / np.sqrt(degree)
    expected = sum(joined[i, j] * (scaled[i] - scaled[j]) ** 2 for i in range(40) for j in range(i))
    assert f @ (laplacian(found) @ f) == pytest.approx(expected)
    np.testing.assert_allclose(laplacian(found) @ np.sqrt(degree), 0, atol=1e-12)


def test_hypergraph_laplacian_measures_how_much_values_differ_within_an_edge() -> None:
    x = rows()
    found = nearest(x, 4)
    edges = [{i, *near.tolist()} for i, near in enumerate(found)]
    degree = np.array([sum(v in edge for edge in edges) for v in range(40)])
    f = np.random.default_rng(2).standard_normal(40)
    scaled = f / np.sqrt(degree)
    expected = sum(
        (scaled[u] - scaled[v]) ** 2 / len(edge) / 2 for edge in edges for u in edge for v in edge
    )
    s = hyperedges(found)
    assert f @ f - (s @ f) @ (s @ f) == pytest.approx(expected)
    np.testing.assert_allclose(s.T @ (s @ np.sqrt(degree)), np.sqrt(degree))
