"""The ingredients of CCL: each test dies when its idea is taken away."""

import numpy as np
import pytest
import torch

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.ccl import CCL, contrast
from quintet.types import Modality, View, Views

CLASSES = tuple("abcd")
SMALL = {"k": 16, "hidden": 24, "rows": 16, "epochs": 10, "updates": 25, "lr": 3e-3, "dropout": 0.1}


def ordered(modality: Modality, count: int, seed: int) -> View:
    """The class is the order of two marks in time: the mean of the steps is the same for all."""
    marks = np.random.default_rng(list(Modality).index(modality)).standard_normal((4, 8)) * 3
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(count) % 4
    x = [marks[np.roll(np.arange(4), c)] + 0.5 * chance.standard_normal((4, 8)) for c in label]
    none = np.full(count, -1, dtype=np.int64)
    rows = [row.astype(np.float32) for row in x]
    return View(modality, rows, label.astype(np.int64), none, [""] * count)


def quality(**given: object) -> float:
    train = tuple(ordered(m, 80, 1) for m in (Modality.VIDEO, Modality.AUDIO))
    model = CCL(**(SMALL | given)).fit(Views(train, CLASSES))  # type: ignore[arg-type]
    tested = [ordered(m, 40, 2) for m in (Modality.VIDEO, Modality.AUDIO)]
    z = {v.modality: model.transform(v.modality, *pad(v.x)) for v in tested}
    return tables(z, {v.modality: v.label for v in tested}).mean


def test_fine_parts_see_what_the_whole_cannot() -> None:
    assert quality() > 0.8
    assert quality(fine_parts=False) < 0.5


def test_without_the_second_task_media_stay_farther_apart() -> None:
    train = tuple(ordered(m, 80, 1) for m in (Modality.VIDEO, Modality.AUDIO))

    def apart(inter: float) -> float:
        model = CCL(**SMALL, inter=inter).fit(Views(train, CLASSES))  # type: ignore[arg-type]
        image, sound = (model.transform(v.modality, *pad(v.x)) for v in train)
        same = train[0].label[:, None] == train[1].label[None, :]
        return float((2 - 2 * image @ sound.T)[same].mean())

    assert apart(1.0) < 0.7 * apart(0.0)


def test_contrast_is_what_it_says() -> None:
    chance = torch.Generator().manual_seed(0)
    x, y = (torch.nn.functional.normalize(torch.randn(n, 5, generator=chance)) for n in (3, 4))
    a, b = torch.tensor([0, 1, 1]), torch.tensor([1, 0, 2, 1])
    near, far = [], []
    for i in range(3):
        for j in range(4):
            d = float((x[i] - y[j]).square().sum())
            near.append(d) if a[i] == b[j] else far.append(max(0.0, 1.5 - d))
    expected = np.mean(near) + np.mean(far)
    assert float(contrast(x, a, y, b, margin=1.5)) == pytest.approx(expected, rel=1e-5)
