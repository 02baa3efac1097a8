import numpy as np
import pytest

from quintet.errors import TrainingError
from quintet.maths.padding import pad
from quintet.models.correlators.cfa import CFA
from quintet.types import Modality, View, Views

MEDIA = (Modality.IMAGE, Modality.TEXT, Modality.AUDIO)


def view(modality: Modality, x: np.ndarray, pair: np.ndarray | None = None) -> View:
    """Rows of one step; row i belongs to pair i unless told otherwise."""
    n = len(x)
    pair = np.arange(n) if pair is None else pair
    none = np.full(n, -1, dtype=np.int64)
    steps = [row[None, :].astype(np.float32) for row in x]
    return View(modality, steps, none, pair.astype(np.int64), [str(i) for i in range(n)])


def mixed(n: int, widths: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    """One hidden vector a row, seen through a random mixing with noise in every medium."""
    chance = np.random.default_rng(seed)
    hidden = chance.standard_normal((n, 5))
    return [
        hidden @ chance.standard_normal((5, d)) + 0.5 * chance.standard_normal((n, d))
        for d in widths
    ]


def standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def agreement(x: list[np.ndarray], directions: list[np.ndarray]) -> float:
    """Sum over pairs of media of tr(A' X' Y B) / n."""
    z = [rows @ a for rows, a in zip(x, directions, strict=True)]
    return float(sum((z[i] * z[j]).sum() / len(z[i]) for i in range(len(z)) for j in range(i)))


def test_two_media_get_the_singular_vectors_of_their_covariance() -> None:
    x, y = mixed(200, (12, 9))
    model = CFA(k=4).fit(Views((view(MEDIA[0], x), view(MEDIA[1], y))))
    left, _, right = np.linalg.svd(standardised(x).T @ standardised(y))
    a, b = (model.directions_[m] for m in MEDIA[:2])
    # the same subspaces, and the same pairing inside them: the objective is the same
    np.testing.assert_allclose(a @ b.T, left[:, :4] @ right[:4], atol=1e-4)
    np.testing.assert_allclose(a.T @ a, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(b.T @ b, np.eye(4), atol=1e-5)


def test_square_rotations_are_nearer_than_any_other_rotation() -> None:
    x, y = mixed(200, (5, 5))
    model = CFA(k=5).fit(Views((view(MEDIA[0], x), view(MEDIA[1], y))))
    a, b = (model.directions_[m] for m in MEDIA[:2])
    sx, sy = standardised(x), standardised(y)
    found = np.linalg.norm(sx @ a - sy @ b)
    chance = np.random.default_rng(0)
    for size in (0.05, 0.5, 5.0):
        for _ in range(10):
            turned = np.linalg.qr(a + size * chance.standard_normal(a.shape))[0]
            assert found < np.linalg.norm(sx @ turned - sy @ b)


def test_loud_common_directions_win_over_faint_ones_that_correlate_better() -> None:
    """What sets it apart from canonical correlation, which would choose the faint direction."""
    chance = np.random.default_rng(0)
    loud, faint = chance.standard_normal((2, 500))
    # eight features show the loud factor with noise, one shows the faint factor exactly
    x, y = (np.column_stack([*(loud + chance.standard_normal((8, 500))), faint]) for _ in range(2))
    model = CFA(k=1).fit(Views((view(MEDIA[0], x), view(MEDIA[1], y))))
    for m in MEDIA[:2]:
        weight = np.square(model.directions_[m][:, 0])
        assert weight[:8].sum() > 0.9


def test_three_media_settle_where_no_medium_can_agree_better_alone() -> None:
    x = mixed(300, (10, 8, 12))
    data = Views(tuple(view(m, rows) for m, rows in zip(MEDIA, x, strict=True)))
    sx = [standardised(rows) for rows in x]
    reached = {}
    for rounds in (0, 1, 100):
        model = CFA(k=4, rounds=rounds).fit(data)
        reached[rounds] = agreement(sx, [model.directions_[m] for m in MEDIA])
    assert reached[0] < reached[1] < reached[100]
    settled = [model.directions_[m] for m in MEDIA]
    chance = np.random.default_rng(0)
    for at in range(3):
        for size in (0.01, 0.1, 1.0):
            turned = list(settled)
            noise = size * chance.standard_normal(settled[at].shape)
            turned[at] = np.linalg.qr(settled[at] + noise)[0]
            assert agreement(sx, turned) < reached[100]


def test_rows_of_one_pair_are_found_by_each_other() -> None:
    x, y = mixed(300, (12, 9))
    shown = Views((view(MEDIA[0], x[:200]), view(MEDIA[1], y[:200])))
    model = CFA(k=5).fit(shown)
    image, text = (
        model.transform(v.modality, *pad(v.x))
        for v in (view(MEDIA[0], x[200:]), view(MEDIA[1], y[200:]))
    )
    assert ((image @ text.T).argmax(axis=1) == np.arange(100)).mean() > 0.5  # by chance 0.01


def test_rows_of_one_object_count_as_their_mean() -> None:
    x, y = mixed(60, (6, 5))
    once = CFA(k=3).fit(Views((view(MEDIA[0], x), view(MEDIA[1], y))))
    pair = np.repeat(np.arange(60), 3)
    thrice = CFA(k=3).fit(Views((view(MEDIA[0], x), view(MEDIA[1], np.repeat(y, 3, axis=0), pair))))
    a, b = (once.directions_[m] for m in MEDIA[:2])
    c, d = (thrice.directions_[m] for m in MEDIA[:2])
    np.testing.assert_allclose(a @ b.T, c @ d.T, atol=1e-4)


def test_media_that_do_not_vary_together_are_an_error() -> None:
    x, y = mixed(9, (4, 4))
    with pytest.raises(TrainingError, match="share"):
        CFA().fit(Views((view(MEDIA[0], x), view(MEDIA[1], y, np.arange(9) + 20))))
    with pytest.raises(TrainingError, match="direction"):
        CFA().fit(Views((view(MEDIA[0], x), view(MEDIA[1], np.ones((9, 4))))))
