import numpy as np
import pytest

from quintet.evaluate.chance import beats_chance
from quintet.evaluate.retrieval import tables
from quintet.maths.rows import unit_rows
from quintet.types import Float32, Int64, Modality

Rows = dict[Modality, Float32]
Labels = dict[Modality, Int64]


def space(signal: float, rows: int, seed: int, heap: float = 0.0) -> tuple[Rows, Labels]:
    """Three media of three classes, told apart by so much; all drawn to one heap."""
    chance = np.random.default_rng(seed)
    centres, middle = chance.standard_normal((3, 8)), heap * chance.standard_normal(8)
    label = {m: np.arange(rows, dtype=np.int64) % 3 for m in list(Modality)[:3]}
    z = {
        m: unit_rows(
            (signal * centres[y] + middle + chance.standard_normal((rows, 8))).astype(np.float32)
        )
        for m, y in label.items()
    }
    return z, label


def beats(z: Rows, label: Labels) -> bool:
    return beats_chance(z, label, tables(z, label))


@pytest.mark.parametrize("rows", [6, 30, 400])
def test_a_space_that_tells_classes_apart_beats_chance(rows: int) -> None:
    assert all(beats(*space(2.0, rows, seed)) for seed in range(3))


@pytest.mark.parametrize(("rows", "heap"), [(6, 0), (40, 0), (40, 5), (110, 0)])
def test_a_space_without_signal_does_not_though_its_figure_is_above_random(
    rows: int, heap: float
) -> None:
    spaces = [space(0.0, rows, seed, heap) for seed in range(6)]
    above = [tables(z, y).mean > tables(z, y).random_mean for z, y in spaces]
    assert any(above)
    assert sum(beats(z, y) for z, y in spaces) <= 1


def test_one_place_for_all_does_not_beat_chance() -> None:
    z, label = space(1.0, 30, 0)
    assert not beats({m: np.ones_like(x) / np.sqrt(8) for m, x in z.items()}, label)
