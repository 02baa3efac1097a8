import numpy as np
import pytest

from quintet.errors import ShapeError
from quintet.maths.padding import evenly, pad, unpad


def ramp(steps: int, d: int = 2) -> np.ndarray:
    return np.arange(1, steps * d + 1, dtype=np.float32).reshape(steps, d)


def test_padded_sequences_come_back() -> None:
    rows = [ramp(3), ramp(1), ramp(5)]
    x, mask = pad(rows)
    assert x.shape == (3, 5, 2)
    assert x.dtype == np.float32
    for row, again in zip(rows, unpad(x, mask), strict=True):
        np.testing.assert_array_equal(row, again)
    assert not x[~mask].any()


def test_long_sequences_are_sampled_evenly_and_short_ones_kept() -> None:
    x, mask = pad([ramp(9, 1), ramp(2, 1)], steps=3)
    assert x[0].ravel().tolist() == [1, 5, 9]
    assert mask.tolist() == [[True, True, True], [True, True, False]]


def test_an_empty_sequence_has_no_real_step() -> None:
    x, mask = pad([np.zeros((0, 4), np.float32)])
    assert x.shape == (1, 1, 4)
    assert not mask.any()
    with pytest.raises(ShapeError, match="row 0"):
        unpad(x, mask)


@pytest.mark.parametrize("count", [1, 2, 7, 12, 13, 50])
def test_a_sample_is_in_order_without_repeats(count: int) -> None:
    kept = evenly(np.arange(13, dtype=np.float32)[:, None], count).ravel()
    assert len(kept) == min(count, 13)
    assert (np.diff(kept) > 0).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="no sequence"):
        pad([])
    with pytest.raises(ShapeError, match="one d"):
        pad([ramp(2, 2), ramp(2, 3)])
    with pytest.raises(ShapeError, match="steps is 0"):
        pad([ramp(2)], steps=0)
    with pytest.raises(ShapeError, match="must be"):
        unpad(np.zeros((2, 3, 1), np.float32), np.ones((2, 2), bool))
