from typing import Any

import numpy as np
import pytest
import torch

from quintet.errors import TrainingError
from quintet.models.correlators.cca import CCA
from quintet.models.correlators.dcca import DCCA
from quintet.nets.finite import require_finite
from quintet.types import Modality, View, Views


def views() -> Views:
    chance = np.random.default_rng(0)
    rows = np.arange(12, dtype=np.int64)
    made = [
        View(m, list(chance.standard_normal((12, 1, 5)).astype(np.float32)), rows % 3, rows, [""])
        for m in (Modality.IMAGE, Modality.TEXT)
    ]
    return Views(tuple(made), ("bell", "boat", "bird"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_without_a_finite_place_are_counted_and_told(value: float) -> None:
    z = np.ones((4, 3), np.float32)
    require_finite(DCCA(), "dcca", Modality.TEXT, z)
    z[[1, 3], 0] = value
    told = r"dcca gave 2 of 4 text items .* no finite numbers; try a smaller lr, .* larger ridge"
    with pytest.raises(TrainingError, match=told):
        require_finite(DCCA(), "dcca", Modality.TEXT, z)


@pytest.mark.parametrize(
    ("method", "error"),
    [(DCCA, torch.linalg.LinAlgError("singular")), (CCA, np.linalg.LinAlgError("singular"))],
)
def test_a_matrix_without_solution_names_the_method(
    monkeypatch: pytest.MonkeyPatch, method: Any, error: Exception
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise error

    monkeypatch.setattr("quintet.nets.deep.play", broken)
    monkeypatch.setattr(CCA, "learn", broken)
    with pytest.raises(TrainingError, match=r"cca cannot be fitted \(singular\); try .*ridge"):
        method().fit(views())
