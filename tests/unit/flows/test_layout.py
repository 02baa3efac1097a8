import numpy as np

from quintet.flows import layout


def clouds(rng, n, k=8):
    centres = np.eye(k)[:3]
    z = np.repeat(centres, n, axis=0) + 0.05 * rng.standard_normal((3 * n, k))
    order = rng.permutation(3 * n)
    z = (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)
    return z[order], np.repeat(np.arange(3), n)[order]


def nearest_is_same(xy, kind):
    far = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return float((kind[far.argmin(axis=1)] == kind).mean())


def test_what_is_alike_lies_close_also_beyond_the_anchors(monkeypatch):
    monkeypatch.setattr(layout, "ANCHORS", 60)
    z, kind = clouds(np.random.default_rng(0), 40)
    xy = layout.placed(z)
    assert xy.shape == (120, 2)
    assert np.abs(xy).max() == 1
    assert nearest_is_same(xy, kind) > 0.95
    assert nearest_is_same(xy[60:], kind[60:]) > 0.95


def test_the_same_rows_lie_at_the_same_places():
    z, _ = clouds(np.random.default_rng(1), 10)
    np.testing.assert_array_equal(layout.placed(z), layout.placed(z.copy()))


def test_few_and_equal_rows():
    assert layout.placed(np.zeros((0, 4), np.float32)).shape == (0, 2)
    for n in (1, 2, 4, 9):
        xy = layout.placed(np.ones((n, 4), np.float32) / 2)
        assert xy.shape == (n, 2)
        assert np.isfinite(xy).all()
