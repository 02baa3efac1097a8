"""The ingredients of joint self-attention: each test dies when its idea is taken away."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.maths.padding import pad
from quintet.models.correlators.attention import Attention, angular
from quintet.nets.batches import Part
from quintet.nets.deep import Shape
from quintet.types import Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
SMALL: dict[str, Any] = {"k": 16, "width": 32, "rows": 16, "epochs": 5, "updates": 16}
CENTRES = 2 * np.random.default_rng(0).standard_normal((6, 12))


def parity(modality: Modality, seed: int, n: int = 60) -> View:
    """Images of two regions, each of two kinds: the class is whether the kinds agree.

    No region alone, and no mean of regions, tells the class; a text of one word does.
    """
    chance = np.random.default_rng(seed)
    first, second = chance.integers(0, 2, (2, n))
    label = (first ^ second).astype(np.int64)
    regions = np.stack([first, 2 + second], axis=1)
    kinds = regions if modality is IMAGE else 4 + label[:, None]
    x = [CENTRES[k] + 0.2 * chance.standard_normal((len(k), 12)) for k in kinds]
    none = np.full(n, -1, dtype=np.int64)
    return View(modality, [row.astype(np.float32) for row in x], label, none, [""] * n)


@cache
def fitted(**given: Any) -> Attention:
    plan: dict[str, Any] = SMALL | {"lr": 5e-3, "dropout": 0.0} | given
    return Attention(**plan).fit(Views((parity(IMAGE, 1), parity(TEXT, 2)), ("odd", "even")))


def told(model: Attention) -> float:
    """How often the nearest text of an unseen image is of its class."""
    images, texts = parity(IMAGE, 3), parity(TEXT, 4)
    x, y = (model.transform(v.modality, *pad(v.x)) for v in (images, texts))
    return float((texts.label[(x @ y.T).argmax(axis=1)] == images.label).mean())


def test_attention_relates_regions_to_each_other() -> None:
    assert told(fitted()) > 0.95
    assert told(fitted(blocks=0)) < 0.8


def test_places_count_for_regions_and_not_for_words() -> None:
    model = fitted()
    x = CENTRES[None, [0, 2, 4]].astype(np.float32)
    mask = np.ones((1, 3), dtype=bool)
    same = {
        m: np.allclose(model.transform(m, x, mask), model.transform(m, x[:, ::-1], mask), atol=1e-4)
        for m in (IMAGE, TEXT)
    }
    assert same == {IMAGE: False, TEXT: True}


def test_all_media_go_through_one_encoder() -> None:
    weights = fitted().weights_
    assert {n.split(".")[1] for n in weights if n.startswith("blocks")} == {"0"}
    per_medium = {n for n in weights if "image" in n or "text" in n}
    assert {n.split(".")[0] for n in per_medium} == {"project", "place", "medium"}


def test_long_rows_are_read_in_part() -> None:
    x = np.random.default_rng(0).standard_normal((1, 3000, 12)).astype(np.float32)
    z = fitted().transform(TEXT, x, np.ones((1, 3000), dtype=bool))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)


def test_the_angular_loss_bounds_the_angle_at_the_negative() -> None:
    chance = np.random.default_rng(0)
    x, y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in chance.standard_normal((2, 4, 3)))
    t, right = math.tan(math.radians(40)) ** 2, np.eye(4, dtype=bool)
    right[0, 2] = True
    total = 0.0
    for i in range(4):
        inside = 1.0
        for j in np.flatnonzero(~right[i]):
            middle = (x[i] + y[i]) / 2
            hinge = ((x[i] - y[i]) ** 2).sum() - 4 * t * ((y[j] - middle) ** 2).sum()
            inside += math.exp(hinge - (2 - 6 * t))  # unit rows: the rest is constant
        total += math.log(inside) / 4
    found = angular(torch.tensor(x), torch.tensor(y), torch.tensor(right), t)
    assert float(found) == pytest.approx(total)


def test_both_losses_count() -> None:
    rest = (torch.ones(6, 2, dtype=torch.bool), torch.full((6,), -1), torch.arange(6))
    chance = torch.Generator().manual_seed(1)
    batch = {m: Part(torch.randn(6, 2, 12, generator=chance), *rest) for m in (IMAGE, TEXT)}
    losses = []
    for weight, margin in ((1.0, 0.2), (0.0, 0.2), (1.0, -3.0), (0.0, -3.0)):
        shape = Shape(dict.fromkeys(batch, 12), 0, None, torch.Generator().manual_seed(0))
        plan = Attention(**SMALL, dropout=0.0, angular=weight, margin=margin)
        losses.append(plan.network(shape).loss(batch, "all").item())
    assert losses[3] == 0
    assert losses[1] > 0.1
    assert losses[2] > 0.1
    assert losses[0] == pytest.approx(losses[1] + losses[2], rel=1e-5)
