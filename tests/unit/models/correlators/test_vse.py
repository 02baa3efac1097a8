"""The ingredients of VSE++: each test dies when its idea is taken away."""

from typing import Any

import numpy as np
import pytest
import torch

from quintet.maths.padding import pad
from quintet.models.correlators.vse import VSE, ranking
from quintet.nets.batches import Batch, Part
from quintet.nets.deep import Net, Shape
from quintet.nets.matching import hinges
from quintet.types import Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
SMALL: dict[str, Any] = {"k": 16, "hidden": 32, "states": 16, "width": 16, "rows": 32, "epochs": 5}
QUICK = SMALL | {"updates": 16, "lr": 0.01, "dropout": 0.1, "warm_up": 20}


def view(modality: Modality, seed: int, n: int = 80) -> View:
    """n pairs: row i of every medium shows point i of six dimensions through its own matrix."""
    truth = np.random.default_rng(seed).standard_normal((n, 6))
    chance = np.random.default_rng(list(Modality).index(modality))
    seen = truth @ chance.standard_normal((6, 12)) + 0.1 * chance.standard_normal((n, 12))
    x = [row.reshape(1, 12).astype(np.float32) for row in seen]
    return View(modality, x, np.full(n, -1), np.arange(n), [""] * n)


def net(**given: Any) -> Net:
    shape = Shape(dict.fromkeys((IMAGE, TEXT), 12), 0, None, torch.Generator().manual_seed(0))
    return VSE(**(SMALL | {"dropout": 0.0} | given)).network(shape).train()


def batch() -> Batch:
    chance = torch.Generator().manual_seed(1)
    rest = (torch.ones(6, 2, dtype=torch.bool), torch.full((6,), -1), torch.arange(6))
    return {m: Part(torch.randn(6, 2, 12, generator=chance), *rest) for m in (IMAGE, TEXT)}


def test_rows_find_their_own_partner_among_many_they_never_saw() -> None:
    model = VSE(**QUICK).fit(Views((view(IMAGE, 1, 240), view(TEXT, 1, 240))))
    x, y = (model.transform(m, *pad(view(m, 2).x)) for m in (IMAGE, TEXT))
    found = x @ y.T
    assert (found.argmax(axis=1) == np.arange(80)).mean() > 0.5  # random: 1 of 80
    assert (found.argmax(axis=0) == np.arange(80)).mean() > 0.5


def test_only_the_hardest_negative_moves() -> None:
    cosines = torch.tensor([[0.5, 0.4, 0.45], [0.0, 0.9, 0.0], [0.0, 0.0, 0.9]])
    cosines.requires_grad_()
    right = torch.eye(3, dtype=torch.bool)
    ranking(hinges(cosines, right, 0.2), hardest=True).backward()  # type: ignore[no-untyped-call]
    assert cosines.grad is not None
    np.testing.assert_allclose(cosines.grad.numpy(), [[-1 / 6, 0, 1 / 6], [0, 0, 0], [0, 0, 0]])
    assert ranking(hinges(cosines, right, 0.2), hardest=True).item() == pytest.approx(0.15 / 6)
    all_of_them = ranking(hinges(cosines, right, 0.2), hardest=False).item()
    assert all_of_them == pytest.approx((0.1 + 0.15) / 2)


def test_a_match_of_the_same_object_is_no_negative() -> None:
    cosines, right = torch.full((2, 2), 0.5), torch.ones(2, 2, dtype=torch.bool)
    assert ranking(hinges(cosines, right, 0.2), hardest=True).item() == 0


def test_the_first_updates_use_all_negatives() -> None:
    switched, data = net(warm_up=2), batch()
    losses = [switched.loss(data, "all").item() for _ in range(4)]
    assert losses[:2] == pytest.approx([net(hardest=False).loss(data, "all").item()] * 2)
    assert losses[2:] == pytest.approx([net(warm_up=0).loss(data, "all").item()] * 2)
    assert losses[2] > losses[1] * 1.05


def test_the_order_of_words_counts_and_that_of_regions_does_not() -> None:
    made = net().eval()
    x, mask = batch()[TEXT].x, batch()[TEXT].mask
    rows = {m: made.embed(m, x if m is TEXT else x.mean(1, keepdim=True), mask) for m in (TEXT,)}
    assert not torch.allclose(rows[TEXT], made.embed(TEXT, x.flip(1), mask), atol=1e-3)
    model = VSE(**(QUICK | {"epochs": 1})).fit(Views((view(IMAGE, 1), view(TEXT, 1))))
    steps = np.random.default_rng(0).standard_normal((3, 4, 12)).astype(np.float32)
    real = np.ones((3, 4), dtype=bool)
    np.testing.assert_allclose(
        model.transform(IMAGE, steps, real), model.transform(IMAGE, steps[:, ::-1], real), atol=1e-5
    )
