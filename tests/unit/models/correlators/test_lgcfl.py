from typing import Any

import numpy as np

from quintet.models.correlators.lgcfl import LGCFL
from quintet.types import Modality, View, Views

IMAGE, TEXT, AUDIO = Modality.IMAGE, Modality.TEXT, Modality.AUDIO
CLASSES = ("bell", "boat", "bird")


def view(modality: Modality, x: np.ndarray, label: np.ndarray) -> View:
    none = np.full(len(x), -1, dtype=np.int64)
    steps = [row[None, :].astype(np.float32) for row in x]
    return View(modality, steps, label.astype(np.int64), none, [""] * len(x))


def blocks(modality: Modality, n: int, seed: int = 0) -> View:
    """Five blocks of four features; the second tells the class, its last feature hardly."""
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(n) % 3
    x = chance.standard_normal((n, 20))
    x[:, 4:8] += (
        np.array([2, 2, 2, 0.3]) * np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]])[label]
    )
    return view(modality, x, label)


def lengths(model: LGCFL, modality: Modality, block: int) -> np.ndarray:
    rows = np.square(model.directions_[modality]).sum(axis=1)
    return np.asarray(np.sqrt(rows.reshape(-1, block).sum(axis=1)))


def test_blocks_of_features_are_used_or_dropped_together() -> None:
    data = Views((blocks(IMAGE, 150), blocks(TEXT, 90)), CLASSES)
    together, alone = (LGCFL(sparse=1.0, block=b, rounds=60).fit(data) for b in (4, 1))
    for modality in (IMAGE, TEXT):
        used = lengths(together, modality, 4) > 1e-3
        assert used.tolist() == [False, True, False, False, False]
        assert lengths(together, modality, 1)[7] > 0.01
        assert lengths(alone, modality, 1)[7] < 1e-3  # feature by feature it goes


def test_the_last_block_may_be_shorter() -> None:
    model = LGCFL(sparse=0.6, block=16, rounds=60).fit(Views((blocks(IMAGE, 150),), CLASSES))
    found = lengths(model, IMAGE, 1)
    assert (found[:16] > 1e-3).all()  # they share the block with the features that tell
    assert (found[16:] < 1e-3).all()


def standardised(data: Views, model: LGCFL, at: int) -> np.ndarray:
    v = data.views[at]
    return np.asarray((np.concatenate(v.x) - model.mean_[v.modality]) / model.scale_[v.modality])


def objective(u: dict[Modality, np.ndarray], data: Views, model: LGCFL) -> float:
    """The class docstring's, written out."""
    total, means = 0.0, []
    for at, v in enumerate(data.views):
        z = standardised(data, model, at) @ u[v.modality]
        total += ((z - np.eye(3)[v.label]) ** 2).sum() / len(z)
        for start in range(0, len(u[v.modality]), model.block):
            group = u[v.modality][start : start + model.block]
            total += model.sparse * np.sqrt(len(group) / 20) * np.linalg.norm(group)
        means.append(np.stack([z[v.label == c].mean(axis=0) for c in range(3)]))
    for a in range(len(means)):
        for b in range(a):
            total += model.match * ((means[a] - means[b]) ** 2).sum() / 3
    return float(total)


def test_the_solution_is_the_lowest_of_its_equation() -> None:
    media = (IMAGE, TEXT, AUDIO)
    data = Views(tuple(blocks(m, n) for m, n in zip(media, (60, 40, 50), strict=True)), CLASSES)
    weights: dict[str, Any] = {"sparse": 0.1, "match": 0.5, "block": 6}
    model = LGCFL(rounds=100, **weights).fit(data)
    found = {m: d.astype(np.float64) for m, d in model.directions_.items()}
    lowest = objective(found, data, model)
    assert lowest < objective(LGCFL(rounds=1, **weights).fit(data).directions_, data, model)
    chance = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(20):
            near = {m: d + size * chance.standard_normal(d.shape) for m, d in found.items()}
            assert objective(near, data, model) > lowest


def test_joining_brings_the_classes_of_two_media_together() -> None:
    """A medium whose rows hardly tell the class would else stay near the middle."""
    clear, label = blocks(IMAGE, 90), np.arange(60) % 3
    faint = np.random.default_rng(1).standard_normal((60, 20))
    faint[:, 0] += 0.3 * label
    data = Views((clear, view(TEXT, faint, label)), CLASSES)

    def gap(match: float) -> float:
        model = LGCFL(match=match).fit(data)
        means = []
        for at, v in enumerate(data.views):
            z = standardised(data, model, at) @ model.directions_[v.modality]
            means.append(np.stack([z[v.label == c].mean(axis=0) for c in range(3)]))
        return float(np.linalg.norm(means[0] - means[1]))

    assert gap(match=5) < 0.5 * gap(match=0)
