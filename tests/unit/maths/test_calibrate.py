import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from quintet.errors import NotFittedError, ShapeError, TrainingError, UsageError
from quintet.maths.calibrate import LIMIT, Calibrator, expected_calibration_error


def two_humps(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of a common space: a hump of strangers near 0, one of kin near 0.9, some strays."""
    chance = np.random.default_rng(seed)
    relevant = chance.random(count) < 0.15
    stray = chance.random(count) < 0.25
    near = np.where(stray, ~relevant & (chance.random(count) < 0.3), relevant)
    scores = np.where(near, chance.normal(0.9, 0.05, count), chance.normal(0, 0.25, count))
    return np.clip(scores, -1, 1), relevant


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=1, max_size=60),
    st.lists(st.floats(-2, 2), min_size=2, max_size=20),
)
def test_never_decreasing_and_never_certain(
    examples: list[tuple[float, bool]], asked: list[float]
) -> None:
    scores, relevant = zip(*examples, strict=True)
    told = Calibrator().fit(scores, relevant)(sorted(asked))
    assert (np.diff(told) >= 0).all()
    assert (told >= LIMIT).all()
    assert (told <= 1 - LIMIT).all()


def test_new_scores_of_the_same_kind_get_honest_probabilities() -> None:
    curve = Calibrator().fit(*two_humps(8000, 0))
    scores, relevant = two_humps(8000, 1)
    assert expected_calibration_error(curve(scores), relevant) < 0.02


def test_bends_beat_one_straight_logistic_on_two_humps() -> None:
    scores, relevant = two_humps(8000, 0)
    many = Calibrator().fit(scores, relevant)
    few = Calibrator().fit(scores[:200], relevant[:200])
    assert len(many.slopes_) > 1
    assert len(few.slopes_) == 1
    fresh, truth = two_humps(8000, 1)
    assert log_loss(truth, many(fresh)) < log_loss(truth, few(fresh))


def test_a_handful_of_one_sided_examples_gives_no_certainty() -> None:
    told = Calibrator().fit([0.5, 0.6, 0.7], [True, True, True])([0.6])
    assert 0.5 < told[0] < 0.95


def test_equal_scores_give_about_their_share() -> None:
    told = Calibrator().fit([0.3] * 100, [True] * 20 + [False] * 80)([0.3])
    assert told[0] == pytest.approx(0.2, abs=0.02)


def test_a_rarer_target_lowers_every_probability() -> None:
    curve = Calibrator().fit(*two_humps(2000, 0))
    asked = np.linspace(-1, 1, 9)
    assert (curve(asked, prior=0.01) < curve(asked)).all()
    np.testing.assert_allclose(curve(asked, prior=curve.prior_), curve(asked))


def test_a_curve_survives_json() -> None:
    curve = Calibrator().fit(*two_humps(500, 0))
    again = Calibrator.from_state(json.loads(json.dumps(curve.state())))
    asked = np.linspace(-1, 1, 50)
    np.testing.assert_array_equal(again(asked), curve(asked))


@pytest.mark.parametrize(
    "state",
    [
        {"knots": [0, 1], "slopes": [1, 2], "offset": 0, "prior": 0.5},
        {"knots": [1, 0], "slopes": [1], "offset": 0, "prior": 0.5},
        {"knots": [0], "slopes": [], "offset": 0, "prior": 0.5},
    ],
)
def test_a_damaged_state_is_refused(state: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a calibration curve"):
        Calibrator.from_state(state)


def test_what_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(TrainingError):
        Calibrator().fit([], [])
    with pytest.raises(ShapeError):
        Calibrator().fit([0.1, 0.2], [True])
    with pytest.raises(UsageError, match="NaN"):
        Calibrator().fit([np.nan], [True])
    with pytest.raises(NotFittedError):
        Calibrator()([0.1])
    with pytest.raises(NotFittedError):
        Calibrator().state()


def test_calibration_error_is_the_gap_between_told_and_true() -> None:
    truth = np.array([True] * 3 + [False] * 7)
    assert expected_calibration_error(np.full(10, 0.3), truth) == pytest.approx(0)
    assert expected_calibration_error(np.full(10, 0.8), truth) == pytest.approx(0.5)


def test_calibration_error_sees_gaps_that_cancel_over_all() -> None:
    told = np.repeat([0.2, 0.8], 50)
    truth = np.repeat([True, False], 50)
    assert expected_calibration_error(told, truth) == pytest.approx(0.8)
