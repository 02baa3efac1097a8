import numpy as np
import pytest

from quintet.errors import TrainingError
from quintet.models.correlators.identity import Identity
from quintet.types import Modality, View, Views


def view(modality: Modality, d: int) -> View:
    none = np.full(2, -1, dtype=np.int64)
    return View(modality, [np.ones((1, d), np.float32)] * 2, none, none, ["a", "b"])


def test_the_direction_is_that_of_the_mean_step() -> None:
    model = Identity().fit(Views((view(Modality.IMAGE, 2),)))
    x = np.array([[[3, 0], [0, 4], [9, 9]]], np.float32)
    z = model.transform(Modality.IMAGE, x, np.array([[True, True, False]]))
    np.testing.assert_allclose(z, [[0.6, 0.8]], rtol=1e-6)


def test_encoders_of_different_spaces_are_refused() -> None:
    with pytest.raises(TrainingError, match="image 2, text 3"):
        Identity().fit(Views((view(Modality.IMAGE, 2), view(Modality.TEXT, 3))))
