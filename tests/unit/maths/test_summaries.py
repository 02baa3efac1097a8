import numpy as np

from quintet.maths.summaries import FEW, count_atoms, find_atoms, layout, statistics

WORDS = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def test_statistics_are_mean_deviation_and_maximum() -> None:
    x = np.random.default_rng(1).standard_normal((7, 3)).astype(np.float32)
    np.testing.assert_allclose(statistics([x])[0], [*x.mean(0), *x.std(0), *x.max(0)], rtol=1e-6)


def test_rows_of_one_length_have_a_layout_unless_they_are_very_wide() -> None:
    assert layout([np.zeros((5, 2), np.float32)] * 3) == 5
    assert layout([np.zeros((1, 2), np.float32)] * 3) == 0
    assert layout([np.zeros((5, 2), np.float32), np.zeros((4, 2), np.float32)]) == 0
    assert layout([np.zeros((100, 300), np.float32)] * 3) == 0


def test_steps_that_come_again_are_atoms_most_frequent_first() -> None:
    rows = [WORDS[[0, 1, 1]]] * FEW + [WORDS[[0, 2]]]
    atoms = find_atoms(rows)
    np.testing.assert_array_equal(atoms, WORDS[[0, 1]])
    np.testing.assert_array_equal(count_atoms(rows[:1], atoms), [[1, 2]])


def test_measured_features_have_no_atoms() -> None:
    chance = np.random.default_rng(2)
    rows = [chance.standard_normal((3, 4)).astype(np.float32) for _ in range(30)]
    assert find_atoms(rows).shape == (0, 4)
    mixed = [np.concatenate([x, WORDS[:1]]) for x in rows]
    assert find_atoms(mixed).shape == (0, 4)  # a quarter of the steps recurs: not a text


def test_unknown_steps_are_not_counted() -> None:
    assert count_atoms([WORDS[3:]], WORDS[:2]).tolist() == [[0.0, 0.0]]
