"""The ingredients of DSCMR: each test dies when its idea is taken away."""

import numpy as np
import pytest
import torch

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.dscmr import DSCMR, likeness
from quintet.types import Float32, Modality, View, Views

CLASSES = tuple("abcd")
SMALL = {"k": 16, "hidden": 32, "rows": 32, "epochs": 8, "updates": 20, "lr": 2e-3, "dropout": 0.1}
MEDIA = (Modality.IMAGE, Modality.TEXT)


def view(modality: Modality, count: int, seed: int) -> View:
    """Rows around one centre a class; row i of every medium shows object i."""
    centres = 2 * np.random.default_rng(list(Modality).index(modality)).standard_normal((4, 10))
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    own = np.random.default_rng(seed).standard_normal((count, 10))  # of the object, in all media
    label = np.arange(count) % 4
    x = (centres[label] + 2 * own + 0.3 * chance.standard_normal((count, 10))).astype(np.float32)
    pair = np.arange(count, dtype=np.int64)
    return View(modality, list(x[:, None]), label.astype(np.int64), pair, [""] * count)


def fitted(**given: object) -> dict[Modality, Float32]:
    train = tuple(view(m, 120, 1) for m in MEDIA)
    model = DSCMR(**(SMALL | given)).fit(Views(train, CLASSES))  # type: ignore[arg-type]
    return {m: model.transform(m, *pad(view(m, 80, 2).x)) for m in MEDIA}


def test_labels_bring_the_media_together() -> None:
    label = dict.fromkeys(MEDIA, np.arange(80) % 4)
    found = tables(fitted(), label)
    assert found.mean > 0.7
    assert found.random_mean < 0.35


def test_partners_come_nearer_by_the_third_loss() -> None:
    def apart(invariance: float) -> float:
        z = fitted(invariance=invariance)
        return float(np.square(z[MEDIA[0]] - z[MEDIA[1]]).sum(1).mean())

    assert apart(3.0) < 0.8 * apart(0.0)


def test_the_second_loss_gathers_classes_in_the_common_space() -> None:
    def spread(discriminate: float) -> float:
        z = np.concatenate(list(fitted(discriminate=discriminate, invariance=0.0).values()))
        label = np.tile(np.arange(80) % 4, 2)
        same = label[:, None] == label[None, :]
        near = z @ z.T
        return float(near[same].mean() - near[~same].mean())

    assert spread(1.0) > spread(0.0) + 0.1


def test_likeness_is_what_it_says() -> None:
    z = torch.nn.functional.normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))
    label = torch.tensor([0, 1, 0, 2, 1])
    alike, unlike = [], []
    for i in range(5):
        for j in range(5):
            g = 4.0 * float(z[i] @ z[j])
            if label[i] != label[j]:
                unlike.append(np.log1p(np.exp(g)))
            elif i != j:
                alike.append(np.log1p(np.exp(g)) - g)
    expected = np.mean(alike) + np.mean(unlike)
    assert float(likeness(z, label, 8.0)) == pytest.approx(expected, rel=1e-5)
