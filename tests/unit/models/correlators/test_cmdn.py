"""The ingredients of CMDN: two complementary parts of a medium, then joint networks stacked."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.maths.padding import pad
from quintet.models.correlators.cmdn import CMDN
from quintet.nets.batches import Batch, Part
from quintet.nets.deep import Shape
from quintet.types import Float32, Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
COUNT, HELD = 300, 60
NONE = -1


def private(modality: Modality) -> np.ndarray:
    chance = np.random.default_rng(list(Modality).index(modality) + 50)
    return chance.standard_normal((COUNT + HELD, 1))


def paired(modality: Modality, *, labelled: bool = False) -> View:
    """Rows that show 3 hidden values per pair and a private one; classes by sign."""
    hidden = np.random.default_rng(0).standard_normal((COUNT + HELD, 3))
    chance = np.random.default_rng(list(Modality).index(modality) + 1)
    x = np.tanh(np.hstack([hidden, private(modality)]) @ chance.standard_normal((4, 8)))
    label = (hidden[:, 0] > 0).astype(np.int64) if labelled else np.full(len(x), NONE)
    rows = [row[None].astype(np.float32) for row in x]
    return View(modality, rows, label, np.arange(len(x), dtype=np.int64), [""] * len(x))


def cut(view: View, rows: slice) -> View:
    return View(view.modality, view.x[rows], view.label[rows], view.pair[rows], view.ids[rows])


LATE = slice(COUNT, COUNT + HELD)


@cache
def fitted(*, labelled: bool = False, **given: Any) -> CMDN:
    quick = {"k": 8, "width": 16, "dropout": 0.0, "epochs": 2, "updates": 30, "lr": 1e-2}
    views = (cut(paired(m, labelled=labelled), slice(0, COUNT)) for m in (IMAGE, TEXT))
    return CMDN(**(quick | given)).fit(Views(tuple(views), ("minus", "plus")))


def codes(model: CMDN) -> tuple[Float32, Float32]:
    """Of held-out image and text rows."""
    image, text = (model.transform(m, *pad(cut(paired(m), LATE).x)) for m in (IMAGE, TEXT))
    return image, text


def rank(image: Float32, text: Float32) -> float:
    """Median rank of the partner among 60; 30 by chance."""
    scores = image @ text.T
    return float(np.median((scores > scores.diagonal()[:, None]).sum(axis=1)))


def parts(model: CMDN) -> dict[Modality, tuple[np.ndarray, np.ndarray]]:
    """u and v of held-out rows."""
    found = {}
    for m in (IMAGE, TEXT):
        x = np.concatenate([model._standard(m, row) for row in cut(paired(m), LATE).x])
        with torch.no_grad():
            found[m] = tuple(p.numpy() for p in model._ready().separate(m, torch.from_numpy(x)))
    return found  # type: ignore[return-value]


def told(own: np.ndarray, z: np.ndarray) -> float:
    """Share of the variance of a value that a linear map of z tells."""
    known = np.hstack([z, np.ones((len(z), 1))])
    rest = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
    return float(1 - rest.var() / own.var())


def test_partners_that_were_never_seen_are_found() -> None:
    assert rank(*codes(fitted())) < 8


@pytest.mark.parametrize(("off", "width"), [("intra", 16), ("inter", 16), ("", 32)])
def test_the_second_stage_reads_each_part_that_is_on(off: str, width: int) -> None:
    net, _ = small(CMDN(k=3, width=16, **({off: False} if off else {})))
    assert net.levels[0].encoders["image"].layers[0].in_features == width
    parts = torch.zeros(1, 16), torch.ones(1, 16)
    assert float(net.bottom(*parts).mean()) == {"intra": 1.0, "inter": 0.0, "": 0.5}[off]


def test_the_part_across_media_brings_partners_together_and_the_other_does_not() -> None:
    found = parts(fitted())
    (u, v), (u_text, v_text) = found[IMAGE], found[TEXT]
    assert rank(v, v_text) < 10
    assert rank(u, u_text) > 20
    assert told(private(IMAGE)[LATE, 0], u) > 0.6


def test_the_second_stage_joins_what_the_first_left_apart() -> None:
    assert rank(*codes(fitted(inter=False))) < 12


def test_without_the_distance_of_codes_partners_match_less() -> None:
    assert rank(*codes(fitted(alpha=0.0))) > rank(*codes(fitted())) + 3


def test_labels_sharpen_the_space_where_there_are_any() -> None:
    truth = paired(IMAGE, labelled=True).label[LATE]
    same = truth[:, None] == truth

    def contrast(model: CMDN) -> float:
        image, text = codes(model)
        scores = image @ text.T
        return float(scores[same].mean() - scores[~same].mean())

    assert contrast(fitted(labelled=True)) > contrast(fitted(labelled=True, class_weight=0.0)) + 0.2


def small(plan: CMDN) -> tuple[Any, Batch]:
    """A network, and a batch of 4 objects of which each medium lacks one."""
    shape = Shape({IMAGE: 5, TEXT: 5}, 2, None, torch.Generator().manual_seed(0))
    chance = torch.Generator().manual_seed(1)
    real = torch.ones(4, 1, dtype=torch.bool)
    objects = {IMAGE: torch.tensor([0, 1, 2, -1]), TEXT: torch.tensor([0, 1, -1, 3])}
    batch = {
        m: Part(torch.randn(4, 1, 5, generator=chance), real, torch.tensor([0, 1, -1, -1]), o)
        for m, o in objects.items()
    }
    return plan.network(shape), batch


@pytest.mark.parametrize("player", ["separate", "shared"])
def test_each_stage_moves_its_own_networks_alone(player: str) -> None:
    net, batch = small(CMDN(k=3, width=4))
    net.loss(batch, player).backward()
    moved = {id(p) for p in net.parameters() if p.grad is not None}
    assert moved == {id(p) for p in net.players()[player]}


def test_the_joint_loss_rebuilds_from_own_and_shared_codes() -> None:
    net, batch = small(CMDN(k=3, width=4, dropout=0.0, alpha=0.3))
    joint, a = net.joint, {m: part.x[:, 0] for m, part in batch.items()}
    code = {m: joint.code(m, rows).detach() for m, rows in a.items()}
    shown = {m: (part.object >= 0).float() for m, part in batch.items()}
    expected = 0.0
    for m, other, lone in ((IMAGE, TEXT, 2), (TEXT, IMAGE, 3)):
        held = [0, 1, lone]
        shared = torch.stack([(code[m][i] + code[other][i]) / 2 for i in (0, 1)] + [code[m][lone]])
        back = joint.decoders[m.value]
        for z in (code[m][held], shared):
            expected += float(((back(z) - a[m][held]) ** 2).mean().detach()) / 2
        expected += 0.3 * float(((code[m][held] - shared) ** 2).mean()) / 2
    assert float(joint.loss(a, code, shown).detach()) == pytest.approx(expected, rel=1e-5)
