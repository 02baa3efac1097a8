"""The sketch's bound holds: that is what makes search on it exact."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quintet.index.sketch import CHUNK, Sketch


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 50),
    k=st.integers(1, 64),
    power=st.integers(-12, 8),
    sparse=st.booleans(),
)
def test_no_product_is_farther_off_than_the_bound(seed, n, k, power, sparse):
    rng = np.random.default_rng(seed)
    rows = (rng.normal(size=(n, k)) * 10.0**power).astype(np.float32)
    if sparse:
        rows[rng.random((n, k)) < 0.8] = 0
    query = rng.normal(size=k).astype(np.float32)
    about, error = Sketch.of(rows).products(query)
    exact = rows.astype(np.float64) @ query.astype(np.float64)
    rounding = 1e-4 * np.linalg.norm(rows, axis=1).max() * np.linalg.norm(query)
    assert (np.abs(about - exact) <= error + rounding).all()


def test_unit_rows_are_off_by_about_a_hundredth():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 304)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    _, error = Sketch.of(rows).products(rows[0])
    assert 0 < error.max() < 0.02


def test_rows_are_rounded_alike_in_every_chunk():
    row = np.linspace(-1, 1, 8, dtype=np.float32)
    made = Sketch.of(np.tile(row, (CHUNK + 3, 1)))
    assert (made.steps == made.steps[0]).all()
    assert made.error[-1] == made.error[0]
    assert len(made.scale) == CHUNK + 3
