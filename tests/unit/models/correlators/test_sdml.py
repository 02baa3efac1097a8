"""The ingredients of SDML: class vectors fixed in advance, media that learn apart."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.sdml import SDML, orthogonal
from quintet.nets.batches import Part, Pool
from quintet.nets.deep import Net, Shape
from quintet.types import Float32, Modality, View, Views

CLASSES = tuple("abcd")
SIZES = dict(zip(Modality, (60, 16, 40, 30, 20), strict=True))
SMALL: dict[str, Any] = {
    "k": 12,
    "hidden": 24,
    "epochs": 4,
    "updates": 12,
    "rows": 16,
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
def fitted(*media: Modality, **given: Any) -> SDML:
    views = tuple(view(m, SIZES[m], 1) for m in media or SIZES)
    return SDML(**(SMALL | given)).fit(Views(views, CLASSES))


def embedded(model: SDML, modality: Modality) -> Float32:
    return model.transform(modality, *pad(view(modality, 20, 2).x))


def net_and_part(label: np.ndarray, **given: Any) -> tuple[Net, Part]:
    rows = view(Modality.IMAGE, len(label), 1)
    shape = Shape({Modality.IMAGE: 10, Modality.TEXT: 10}, 4, None, torch.Generator())
    pool = Pool([x.mean(axis=0, keepdims=True) for x in rows.x], label)
    return SDML(**(SMALL | given)).network(shape), pool.part(range(len(label)), torch.device("cpu"))


def test_rows_come_to_lie_at_the_vector_that_was_fixed_for_their_class() -> None:
    model = fitted()
    fixed = model.weights_["targets"]
    fresh = model.network(Shape(dict.fromkeys(SIZES, 10), 4, None, seeded(model.seed)))
    np.testing.assert_array_equal(fixed, fresh.state_dict()["targets"])  # never learnt
    for m in SIZES:
        cosine = embedded(model, m) @ fixed.T
        assert cosine[np.arange(20), np.arange(20) % 4].mean() > 0.8
        assert np.abs(cosine).mean() < 0.4  # and at right angles to the others
    truth = dict.fromkeys(SIZES, np.arange(20) % 4)
    assert tables({m: embedded(model, m) for m in SIZES}, truth).mean > 0.85


def test_media_that_were_trained_in_different_runs_still_meet() -> None:
    """The fixed vectors alone join them: a medium can be added without training the others."""
    z = {}
    for m in (Modality.IMAGE, Modality.TEXT):
        together = fitted(Modality.IMAGE, Modality.TEXT)
        alone = SDML(**SMALL).fit(Views((view(m, SIZES[m], 1),), CLASSES))
        np.testing.assert_array_equal(together.weights_["targets"], alone.weights_["targets"])
        z[m] = embedded(alone, m)
    assert tables(z, dict.fromkeys(z, np.arange(20) % 4)).mean > 0.85


def test_a_medium_does_not_move_the_network_of_another() -> None:
    net, part = net_and_part(np.arange(8) % 4)
    net.loss({Modality.IMAGE: part, Modality.TEXT: part}, "image").backward()
    moved = {id(p) for p in net.parameters() if p.grad is not None}
    assert moved == {id(p) for p in net.players()["image"]}
    assert moved.isdisjoint({id(p) for p in net.players()["text"]})


@pytest.mark.parametrize("alpha", [0.25, 1.0])
def test_the_loss_is_that_of_a_plain_sum(alpha: float) -> None:
    label = np.array([0, 1, 2, 3, -1, -1])
    net, part = net_and_part(label, alpha=alpha)
    with torch.inference_mode():
        z = net.embed(Modality.IMAGE, part.x, part.mask)
        again = net.get_submodule("decoders.image")(z).numpy()
        loss = float(net.loss({Modality.IMAGE: part}, "image"))
    fixed, x = net.state_dict()["targets"].numpy(), part.x[:, 0].numpy()
    near = sum(((z[i].numpy() - fixed[label[i]]) ** 2).sum() for i in range(4)) / 4
    rebuilt = sum(((again[i] - x[i]) ** 2).sum() / 10 for i in range(6)) / 6
    assert loss == pytest.approx(alpha * near + (1 - alpha) * rebuilt, rel=1e-5)


def test_rows_without_label_shape_the_space_through_the_reconstruction_alone() -> None:
    for alpha, moves in ((0.5, True), (1.0, False)):
        net, part = net_and_part(np.full(8, -1), alpha=alpha)
        net.loss({Modality.IMAGE: part}, "image").backward()
        grads = [p.grad for p in net.get_submodule("encoders.image").parameters()]
        assert any(g is not None and bool(g.abs().sum() > 0) for g in grads) is moves


@pytest.mark.parametrize(("c", "k"), [(4, 4), (4, 9), (9, 4), (1, 3)])
def test_class_vectors_are_as_far_apart_as_there_is_room(c: int, k: int) -> None:
    rows = orthogonal(c, k, seeded(0)).numpy()
    assert rows.shape == (c, k)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    if c <= k:
        np.testing.assert_allclose(rows @ rows.T, np.eye(c), atol=1e-6)
    assert not np.allclose(rows, orthogonal(c, k, seeded(1)).numpy())


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
