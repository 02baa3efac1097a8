import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from quintet.maths import ranks
from quintet.maths.ranks import precisions

INF = np.inf
ROWS = st.lists(
    st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=12, max_size=12), max_size=4
)


def drawn(rows) -> tuple[np.ndarray, np.ndarray]:
    """(b, n) scores and which of them are relevant."""
    table = np.array(rows, np.float32).reshape(len(rows), 12, 2)
    return table[..., 0] / 4, table[..., 1].astype(bool)


def relevant_alone(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.sort(np.where(right, scores, -np.inf), axis=1)


@pytest.mark.parametrize("compiled", [False, True])
@settings(max_examples=40, deadline=None)  # the first call compiles
@given(rows=ROWS)
def test_every_row_agrees_with_another_implementation(rows, compiled: bool) -> None:
    scores, right = drawn(rows)
    good = relevant_alone(scores, right)
    found = precisions(np.sort(scores, axis=1), good, compiled=compiled)
    for row in range(len(rows)):
        if right[row].any():
            theirs = average_precision_score(right[row], scores[row])
            assert found[row] == pytest.approx(theirs)
        else:
            assert np.isnan(found[row])


@settings(max_examples=40)
@given(rows=ROWS)
def test_what_is_compiled_is_also_right_as_python(rows) -> None:
    scores, right = drawn(rows)
    ordered, good = np.sort(scores, axis=1), relevant_alone(scores, right)
    found = np.empty(len(rows))
    ranks.merge(ordered, good, found)
    np.testing.assert_allclose(found, precisions(ordered, good), rtol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_left_out_items_count_nowhere(compiled: bool) -> None:
    scores = np.array([[-INF, 0.1, 0.2, 0.3], [-INF, 0.1, 0.2, 0.3]])
    good = np.array([[-INF, 0.1], [-INF, -INF]])
    found = precisions(scores, good, compiled=compiled)
    assert found[0] == pytest.approx(1 / 3)
    assert np.isnan(found[1])


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_neighbouring_numbers_are_not_equal(kind: type, compiled: bool) -> None:
    low = kind(0.5)
    scores = np.array([[low, np.nextafter(low, kind(1))]])
    assert precisions(scores, scores[:, :1], compiled=compiled)[0] == 0.5
    assert precisions(scores, scores[:, 1:], compiled=compiled)[0] == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_no_rows_and_no_items_have_nothing(compiled: bool) -> None:
    assert precisions(np.empty((0, 3)), np.empty((0, 1)), compiled=compiled).shape == (0,)
    assert np.isnan(precisions(np.empty((1, 0)), np.empty((1, 0)), compiled=compiled)[0])


def test_code_compiles_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    real = numba.njit

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("no locator available")
        return real(**options)

    monkeypatch.setattr(numba, "njit", njit)
    ranks._machine_code.cache_clear()
    scores = np.array([[0.1, 0.5, 0.9]])
    assert precisions(scores, scores[:, ::2].copy(), compiled=True)[0] == pytest.approx(5 / 6)
    ranks._machine_code.cache_clear()
