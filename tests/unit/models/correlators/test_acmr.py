"""The ingredients of ACMR: each test dies when its idea is taken away."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.acmr import ACMR, structure
from quintet.nets.batches import Batch, Pool
from quintet.nets.deep import Net, Shape
from quintet.types import Float32, Modality, View, Views

CLASSES = tuple("abcd")
SIZES = {Modality.IMAGE: 60, Modality.TEXT: 40, Modality.MESH: 20}
SMALL: dict[str, Any] = {
    "k": 12,
    "hidden": 24,
    "judge": 16,
    "epochs": 4,
    "updates": 15,
    "rows": 12,
    "lr": 5e-3,
    "dropout": 0.0,
}


def view(modality: Modality, count: int, seed: int, *, labelled: bool = True) -> View:
    """Rows around one centre a class; media share no feature."""
    centres = np.random.default_rng(list(Modality).index(modality)).standard_normal((4, 10))
    chance = np.random.default_rng(seed)
    truth = np.arange(count, dtype=np.int64) % 4
    x = [(centres[c] + 0.7 * chance.standard_normal((3, 10))).astype(np.float32) for c in truth]
    none = np.full(count, -1, dtype=np.int64)
    return View(modality, x, truth if labelled else none, none, [""] * count)


@cache
def fitted(*media: Modality, **given: Any) -> dict[Modality, Float32]:
    """Embeddings of fresh rows."""
    bare = given.pop("bare", None)
    views = tuple(view(m, SIZES[m], 1, labelled=m is not bare) for m in media or SIZES)
    model = ACMR(**(SMALL | given)).fit(Views(views, CLASSES))
    return {m: model.transform(m, *pad(view(m, 40, 2).x)) for m in media or SIZES}


def gap(z: dict[Modality, Float32]) -> float:
    """Mean distance between the means of two media."""
    means = [v.mean(axis=0) for v in z.values()]
    return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(means) for b in means[:i]]))


def spread(z: dict[Modality, Float32]) -> tuple[float, float]:
    """Mean squared distance of rows of two media: of one class, and of two."""
    truth = np.arange(40) % 4
    same = truth[:, None] == truth
    apart = [2 - 2 * z[m] @ z[n].T for i, m in enumerate(SIZES) for n in list(SIZES)[:i]]
    return (
        float(np.mean([d[same].mean() for d in apart])),
        float(np.mean([d[~same].mean() for d in apart])),
    )


def net_and_batch(**given: Any) -> tuple[Net, Batch]:
    media = {Modality.IMAGE: 10, Modality.TEXT: 10}
    net = ACMR(**(SMALL | given)).network(Shape(media, 4, None, torch.Generator()))
    batch = {}
    for m in media:
        rows = view(m, 8, 1)
        pool = Pool([x.mean(axis=0, keepdims=True) for x in rows.x], rows.label)
        batch[m] = pool.part(range(8), torch.device("cpu"))
    return net, batch


def test_classes_come_together_over_media() -> None:
    assert tables(fitted(), dict.fromkeys(SIZES, np.arange(40) % 4)).mean > 0.85


def test_the_game_brings_a_medium_to_the_others_that_has_no_label() -> None:
    """Nothing else does: prediction and structure know no row of it."""
    both = (Modality.IMAGE, Modality.MESH)
    played, alone = (fitted(*both, adversary=a, bare=Modality.MESH, updates=40) for a in (0.3, 0.0))
    assert gap(played) < 0.5 * gap(alone)


def test_structure_pulls_classes_together_and_pushes_others_away() -> None:
    """Without label prediction, so that it alone does."""
    whole, pull, none = (
        spread(fitted(adversary=0.0, beta=0.0, **given))
        for given in ({}, {"push": 0.0}, {"alpha": 0.0})
    )
    assert whole[0] < 0.5 * none[0]
    assert whole[1] > 2 * whole[0]
    assert whole[1] > pull[1] + 0.4  # pulled alone, all rows fall together


def test_players_want_the_opposite_of_one_judge() -> None:
    net, batch = net_and_batch(alpha=0.0, beta=0.0, adversary=0.5, calm=0.0)
    judge, towers = net.loss(batch, "judge"), net.loss(batch, "towers")
    assert float(towers.detach()) == pytest.approx(-0.5 * float(judge.detach()), rel=1e-5)
    z = {m: net.embed(m, part.x, part.mask).detach() for m, part in batch.items()}
    log_p = net.get_submodule("judge")(torch.cat(list(z.values()))).log_softmax(dim=1)
    surprise = -(log_p[:8, 0].sum() + log_p[8:, 1].sum()) / 16
    assert float(judge.detach()) == pytest.approx(float(surprise.detach()), rel=1e-5)


def test_a_steep_judgement_costs_the_judge() -> None:
    (net, batch), (free, _) = net_and_batch(calm=2.0), net_and_batch(calm=0.0)
    z = torch.cat([net.embed(m, part.x, part.mask) for m, part in batch.items()]).detach()
    steepness = 0.0
    for i, row in enumerate(z):
        row.requires_grad_()
        log_p = net.get_submodule("judge")(row[None]).log_softmax(dim=1)[0, i // 8]
        steepness += float(torch.autograd.grad(log_p, row)[0].square().sum()) / 16
    cost = net.loss(batch, "judge") - free.loss(batch, "judge")
    assert steepness > 1e-4
    assert float(cost.detach()) == pytest.approx(2 * steepness, rel=1e-3)


def test_the_judge_moves_nothing_but_himself() -> None:
    net, batch = net_and_batch()
    net.loss(batch, "judge").backward()
    moved = {id(p) for p in net.parameters() if p.grad is not None}
    assert moved == {id(p) for p in net.players()["judge"]}
    owned = [id(p) for own in net.players().values() for p in own]
    assert sorted(owned) == sorted(id(p) for p in net.parameters())


def test_structure_is_that_of_a_plain_loop() -> None:
    chance = np.random.default_rng(0)
    x, y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in chance.normal(size=(2, 5, 3)))
    first, second = np.array([0, 1, 0, -1, 2]), np.array([1, 0, 0, 1, -1])
    pull, away = [], []
    for i in range(5):
        for j in range(5):
            if first[i] >= 0 and second[j] >= 0:
                apart = ((x[i] - y[j]) ** 2).sum()
                if first[i] == second[j]:
                    pull.append(apart)
                else:
                    away.append(max(0.0, 1.5 - apart))
    tensors = (torch.from_numpy(a) for a in (x, y, first, second))
    found = float(structure(*tensors, 0.5, 1.5))
    assert found == pytest.approx(np.mean(pull) + 0.5 * np.mean(away))
    none = torch.full((5,), -1)
    assert float(structure(torch.ones(5, 3), torch.ones(5, 3), none, none, 1, 1)) == 0
