"""The ingredients of InfoNCE: each test dies when its idea is taken away."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.maths.padding import pad
from quintet.models.correlators.infonce import InfoNCE, contrast
from quintet.nets.batches import Part
from quintet.nets.deep import Shape
from quintet.types import Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
SMALL: dict[str, Any] = {
    "k": 16,
    "hidden": 32,
    "rows": 32,
    "epochs": 5,
    "updates": 30,
    "lr": 0.01,
    "dropout": 0.1,
}


def view(modality: Modality, seed: int, n: int = 80, *, label: bool = False) -> View:
    """n pairs: row i of every medium shows point i of six dimensions through its own matrix."""
    truth = np.random.default_rng(seed).standard_normal((n, 6))
    chance = np.random.default_rng(list(Modality).index(modality))
    seen = truth @ chance.standard_normal((6, 12)) + 0.1 * chance.standard_normal((n, 12))
    known = (truth[:, 0] > 0).astype(np.int64) if label else np.full(n, -1)
    x = [row[None].astype(np.float32) for row in seen]
    return View(modality, x, known, np.arange(n), [""] * n)


@cache
def fitted(**given: Any) -> InfoNCE:
    label = given.pop("label", False)
    views = (view(IMAGE, 1, 240, label=label), view(TEXT, 1, 240, label=label))
    return InfoNCE(**(SMALL | given)).fit(Views(views, ("low", "high") if label else ()))


def cosines(model: InfoNCE) -> Any:
    """Held-out images over held-out texts."""
    x, y = (model.transform(m, *pad(view(m, 2).x)) for m in (IMAGE, TEXT))
    return x @ y.T


def test_rows_find_their_own_partner_among_many_they_never_saw() -> None:
    found = cosines(fitted())
    assert (found.argmax(axis=1) == np.arange(80)).mean() > 0.5  # random: 1 of 80
    assert (found.argmax(axis=0) == np.arange(80)).mean() > 0.5


def test_other_rows_of_the_batch_are_pushed_away() -> None:
    found = cosines(fitted())
    others = (found.sum() - np.trace(found)) / (80 * 79)
    assert np.trace(found) / 80 - others > 0.6


def test_temperature_is_learnt() -> None:
    start = -math.log(InfoNCE().temperature)
    assert abs(float(fitted().weights_["log_s"][0]) - start) > 0.02


def test_temperature_has_a_floor() -> None:
    batch = {
        m: Part(torch.randn(6, 1, 12, generator=torch.Generator().manual_seed(i)), *rest)
        for i, m in enumerate((IMAGE, TEXT))
        for rest in [(torch.ones(6, 1, dtype=torch.bool), torch.full((6,), -1), torch.arange(6))]
    }
    losses = []
    for temperature in (1e-2, 1e-6):
        random = torch.Generator().manual_seed(0)
        shape = Shape(dict.fromkeys(batch, 12), 0, None, random)
        net = InfoNCE(**(SMALL | {"dropout": 0.0}), temperature=temperature).network(shape)
        losses.append(net.loss(batch, "all").item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_rows_of_one_class_come_together_only_when_asked() -> None:
    side = view(IMAGE, 2, label=True).label
    same = (side[:, None] == side) & ~np.eye(80, dtype=bool)
    told, apart = (cosines(fitted(label=True, classes=classes)) for classes in (True, False))
    assert np.trace(told) / 80 - told[same].mean() < 0.2  # the partner is one of its class
    assert np.trace(apart) / 80 - apart[same].mean() > 0.6


def test_the_loss_is_that_of_a_plain_loop() -> None:
    chance = np.random.default_rng(0)
    s, right = chance.standard_normal((4, 4)), np.eye(4, dtype=bool)
    right[0, 1] = right[1, 0] = True
    total = 0.0
    for scores in (s, s.T):
        for i in range(4):
            log_p = scores[i] - math.log(sum(math.exp(v) for v in scores[i]))
            total -= sum(log_p[right[i]]) / right[i].sum()
    assert float(contrast(torch.tensor(s), torch.tensor(right))) == pytest.approx(total / 8)
