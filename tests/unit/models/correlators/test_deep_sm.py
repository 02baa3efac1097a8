"""The ingredients of deep semantic matching: probabilities as the space, media that learn alone."""

import numpy as np
import pytest
import torch

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.deep_sm import DeepSM
from quintet.nets.batches import Pool
from quintet.nets.deep import Shape
from quintet.types import Modality, View, Views

CLASSES = tuple("abcd")
SIZES = dict(zip(Modality, (60, 16, 40, 30, 20), strict=True))


def view(modality: Modality, count: int, seed: int) -> View:
    """Rows around one centre a class; media share no feature."""
    centres = np.random.default_rng(list(Modality).index(modality)).standard_normal((4, 10))
    chance = np.random.default_rng(seed)
    label = np.arange(count, dtype=np.int64) % 4
    x = [(centres[c] + chance.standard_normal((3, 10))).astype(np.float32) for c in label]
    return View(modality, x, label, np.full(count, -1, dtype=np.int64), [""] * count)


def fitted(*views: View) -> DeepSM:
    return DeepSM(hidden=32, epochs=4, updates=12, rows=16, lr=3e-3).fit(Views(views, CLASSES))


def test_a_row_is_what_classes_it_may_be_and_media_meet_there() -> None:
    model = fitted(*(view(m, n, 1) for m, n in SIZES.items()))
    z = {m: model.transform(m, *pad(view(m, 20, 2).x)) for m in SIZES}
    truth = np.arange(20) % 4
    for rows in z.values():
        assert rows.shape[1] == len(CLASSES)
        assert (rows >= 0).all()
        assert (rows.argmax(axis=1) == truth).mean() > 0.7
    assert tables(z, dict.fromkeys(SIZES, truth)).mean > 0.75


def test_each_network_learns_from_its_own_medium_alone() -> None:
    shape = Shape({Modality.IMAGE: 10, Modality.TEXT: 10}, 4, None, torch.Generator())
    net = DeepSM(hidden=8).network(shape)
    batch = {}
    for m in shape.widths:
        rows = view(m, 8, 1)
        batch[m] = Pool([x.mean(axis=0, keepdims=True) for x in rows.x], rows.label).part(
            range(8), torch.device("cpu")
        )
    net.loss(batch, "text").backward()
    own = {id(p) for p in net.players()["text"]}
    moved = {id(p) for p in net.parameters() if p.grad is not None}
    assert moved == own


def test_the_loss_is_the_surprise_at_the_true_class() -> None:
    shape = Shape({Modality.IMAGE: 10}, 4, None, torch.Generator())
    net = DeepSM(hidden=8, dropout=0.0).network(shape)
    rows = view(Modality.IMAGE, 6, 1)
    label = np.where(np.arange(6) < 4, rows.label, -1)
    part = Pool([x[:1] for x in rows.x], label).part(range(6), torch.device("cpu"))
    p = net.embed(Modality.IMAGE, part.x, part.mask).detach().numpy()
    surprise = -np.log(p[np.arange(4), label[:4]]).mean()
    loss = float(net.loss({Modality.IMAGE: part}, "image").detach())
    assert loss == pytest.approx(surprise, abs=1e-5)
