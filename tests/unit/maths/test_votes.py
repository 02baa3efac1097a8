import numpy as np
import pytest

from quintet.maths import votes
from quintet.maths.votes import class_votes


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    z, voters = (chance.standard_normal((n, 3)).astype(np.float32) for n in (5, 12))
    return z, voters, np.arange(12, dtype=np.int64) % 4


@pytest.mark.parametrize("count", [1, 4, 12, 50])
def test_votes_agree_with_counting_voter_by_voter(count: int) -> None:
    z, voters, label = scene()
    expected = np.zeros((5, 4))
    for i, row in enumerate(z):
        far = np.sqrt(((voters - row) ** 2).sum(axis=1))
        for v in np.argsort(far)[:count]:
            expected[i, label[v]] += 1 / (1 + np.exp(far[v]))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(class_votes(z, voters, label, 4, count), expected, atol=1e-6)


def test_a_row_does_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    z, voters, label = scene()
    together = class_votes(z, voters, label, 4, 3)
    monkeypatch.setattr(votes, "CHUNK", 2)
    np.testing.assert_array_equal(class_votes(z, voters, label, 4, 3), together)
    assert class_votes(z[:0], voters, label, 4, 3).shape == (0, 4)
