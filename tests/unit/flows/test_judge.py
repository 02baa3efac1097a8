import numpy as np
import pytest

from quintet.flows import judge as judging
from quintet.flows.judge import MIN_PAIRS, Judged, judge
from quintet.flows.space import WORDS, Space
from quintet.types import Bool, Float32, Local, Modality

CLASSES = ("bell", "boat", "bird", "bear")
WIDTH = 12
CENTRES = np.eye(len(CLASSES), WIDTH)


class Means:
    """A space whose rows are known: features are points of it; typed words spread by chance."""

    def fit(self, views: object) -> "Means":
        return self

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        if x.shape[2] != WIDTH:  # pieces of class names, in the order of the classes
            return CENTRES[: len(x)].astype(np.float32)
        z = (x * mask[:, :, None]).sum(axis=1)
        return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


SPACE = Space(Means(), {}, frozenset(), {}, frozenset(Modality))


def items(count: int, seed: int, noise: float = 0.3) -> tuple[list[Local], np.ndarray]:
    chance = np.random.default_rng(seed)
    label = chance.integers(0, len(CLASSES), count)
    x = CENTRES[label] + noise * chance.standard_normal((count, WIDTH))
    rows = [Local(row[None, :].astype(np.float32), np.zeros(1, dtype=np.int64)) for row in x]
    return rows, label.astype(np.int64)


def judged(sizes: dict[Modality, int], seed: int = 0, noise: float = 0.3) -> Judged:
    made = {m: items(n, seed + i, noise) for i, (m, n) in enumerate(sizes.items())}
    local, label = ({m: pair[i] for m, pair in made.items()} for i in (0, 1))
    return judge(SPACE, local, label, CLASSES)


FEW, MANY = {Modality.IMAGE: 60, Modality.TEXT: 40}, {Modality.IMAGE: 200, Modality.TEXT: 150}


def test_confidences_are_near_the_true_shares_on_fresh_items() -> None:
    curve = judged(MANY).curves["image", Modality.TEXT]
    (queries, asked), (hits, held) = items(200, 50), items(200, 51)
    cosines = SPACE.embed(Modality.IMAGE, queries) @ SPACE.embed(Modality.TEXT, hits).T
    told, truth = curve(cosines.ravel()), (asked[:, None] == held).ravel()
    for low, high in ((0.0, 0.15), (0.15, 0.4), (0.4, 0.7), (0.7, 1.0)):
        inside = (told >= low) & (told < high)
        assert inside.sum() > 100
        assert told[inside].mean() == pytest.approx(truth[inside].mean(), abs=0.07)


def test_confidence_never_falls_when_the_cosine_rises() -> None:
    for curve in judged(FEW).curves.values():
        told = curve(np.linspace(-1, 1, 101))
        assert (np.diff(told) >= 0).all()
        assert told[-1] > told[0] + 0.3


def test_every_kind_of_query_is_judged_and_the_errors_are_small() -> None:
    found = judged(MANY)
    kinds = {"image", "text", WORDS}
    assert set(found.curves) == {(kind, hit) for kind in kinds for hit in MANY}
    assert set(found.calibration_error) == kinds
    assert max(found.calibration_error.values()) < 0.06
    assert found.quality.mean > found.quality.random_mean + 0.2


def test_a_space_without_order_promises_no_more_than_chance() -> None:
    told = judged(MANY, noise=50).curves["image", Modality.TEXT](np.array([-0.5, 0.0, 0.5]))
    np.testing.assert_allclose(told, 1 / len(CLASSES), atol=0.12)


def test_a_pair_with_few_data_takes_the_curve_of_its_kind() -> None:
    pairs = {
        ("mesh", Modality.MESH): _pairs(3, 4, 0.9),
        ("mesh", Modality.IMAGE): _pairs(10, 40, 0.2),
        ("text", Modality.IMAGE): _pairs(10, 40, 0.7),
    }
    few = judging._curve(pairs, ("mesh", Modality.MESH), slice(None))
    kin = {key: p for key, p in pairs.items() if key[0] == "mesh"}
    both = np.concatenate([p.cosines.ravel() for p in kin.values()])
    right = np.concatenate([p.relevant.ravel() for p in kin.values()])
    want = judging.Calibrator().fit(both, right)
    assert pairs["mesh", Modality.MESH].cosines.size < MIN_PAIRS
    assert few is not None
    np.testing.assert_array_equal(few(np.linspace(-1, 1, 9)), want(np.linspace(-1, 1, 9)))


def test_a_pair_with_enough_data_has_a_curve_of_its_own() -> None:
    pairs = {
        ("mesh", Modality.TEXT): _pairs(10, 40, 0.8),
        ("mesh", Modality.IMAGE): _pairs(10, 40, 0.2),
    }
    high, low = (judging._curve(pairs, key, slice(None)) for key in pairs)
    assert high is not None
    assert low is not None
    assert high(np.array([0.0]))[0] > low(np.array([0.0]))[0] + 0.3


def _pairs(queries: int, hits: int, share: float) -> judging._Pairs:
    chance = np.random.default_rng(queries)
    cosines = chance.uniform(-1, 1, (queries, hits)).astype(np.float32)
    relevant = chance.random((queries, hits)) < share
    return judging._Pairs(cosines, relevant, np.ones((queries, hits), dtype=bool))


def test_an_item_is_never_its_own_answer() -> None:
    (rows, label) = items(12, 0)
    z = SPACE.embed(Modality.IMAGE, rows)
    pairs = judging._compare(z, label, z, label, same=True)
    scores, _ = judging._flat(pairs, slice(None))
    assert len(scores) == 12 * 11
    assert scores.max() < 0.9999


def test_a_sample_of_many_pairs_reaches_every_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MAX_PAIRS", 400)
    count = 100
    number = np.tile(np.arange(count, dtype=np.float32), (count, 1))
    every = np.ones((count, count), dtype=bool)
    scores, relevant = judging._flat(judging._Pairs(number, number < 50, every), slice(None))
    assert len(scores) == 400
    assert len(np.unique(scores)) > 90
    np.testing.assert_array_equal(relevant, scores < 50)


@pytest.mark.parametrize("others", [{}, {Modality.IMAGE: 30}])
def test_one_item_of_a_medium_is_enough(others: dict[Modality, int]) -> None:
    found = judged({Modality.MESH: 1, **others})
    assert (WORDS, Modality.MESH) in found.curves
    assert (("mesh", Modality.IMAGE) in found.curves) == bool(others)
    assert "mesh" not in found.calibration_error


def test_a_class_whose_name_has_no_word_is_not_typed() -> None:
    rows, label = items(30, 0)
    found = judge(SPACE, {Modality.IMAGE: rows}, {Modality.IMAGE: label}, ("—", "…", "!", "?"))
    assert {kind for kind, _ in found.curves} == {"image"}
