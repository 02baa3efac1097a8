from typing import Any

import numpy as np
import pytest

from quintet.errors import NotFittedError
from quintet.maths.graphs import nearest
from quintet.maths.padding import pad
from quintet.models.correlators.s2upg import S2UPG
from quintet.types import Modality, View, Views

CLASSES = ("bell", "boat", "bird")
MEDIA = (Modality.IMAGE, Modality.TEXT)


def view(modality: Modality, x: list[np.ndarray], label: np.ndarray) -> View:
    n = len(x)
    rows = [row.astype(np.float32) for row in x]
    return View(modality, rows, label.astype(np.int64), np.full(n, -1, dtype=np.int64), [""] * n)


def scene(
    modality: Modality, n: int, seed: int, steps: int = 6, noise: float = 1.0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Every step has three features that tell the class and nine that do not."""
    fresh = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(n) % 3
    x = noise * fresh.standard_normal((n, steps, 12))
    x[:, :, :3] += 2 * np.eye(3)[label][:, None]
    return list(x), label


def both(n: int = 30, seed: int = 1, **given: Any) -> Views:
    return Views(tuple(view(m, *scene(m, n, seed, **given)) for m in MEDIA), CLASSES)


def z(model: S2UPG, modality: Modality, x: list[np.ndarray]) -> np.ndarray:
    return model.transform(modality, *pad([row.astype(np.float32) for row in x]))


def test_a_class_without_label_in_one_medium_is_learnt_from_another_through_the_joint_graph() -> (
    None
):
    """No text is labelled a bird; among unlabelled texts, those near bird images are birds."""
    (image, shown), (text, said) = (scene(m, 90, 1, noise=0.5) for m in MEDIA)
    known = np.where(said == 2, -1, said)
    data = Views((view(Modality.IMAGE, image, shown), view(Modality.TEXT, text, known)), CLASSES)
    fresh, truth = scene(Modality.TEXT, 90, 51, noise=0.5)

    def birdness(smooth: float) -> tuple[float, float]:
        model = S2UPG(voters=0, smooth=smooth, neighbours=10).fit(data)
        third = z(model, Modality.TEXT, fresh)[:, 2]
        return float(third[truth == 2].min()), float(third[truth != 2].max())

    least, other = birdness(smooth=1)
    assert least > other
    assert birdness(smooth=0) == pytest.approx((0, 0))


def test_patches_teach_more_than_items_alone() -> None:
    def score(patches: int, seed: int) -> float:
        data = both(12, seed, steps=8, noise=2)
        model = S2UPG(voters=0, patches=patches).fit(data)
        fresh = {m: scene(m, 150, 99, steps=8, noise=2) for m in MEDIA}
        hits = [z(model, m, x).argmax(axis=1) == label for m, (x, label) in fresh.items()]
        return float(np.mean(hits))

    alone, taught = (np.mean([score(p, seed) for seed in (1, 2, 3)]) for p in (0, 8))
    assert taught > alone + 0.05


def test_the_two_one_norm_empties_features_that_tell_nothing() -> None:
    model = S2UPG(sparse=0.2, smooth=0, rounds=20).fit(both(60, noise=0.5))
    for found in model.directions_.values():
        lengths = np.linalg.norm(found, axis=1)
        assert (lengths[:3] > 0.02).all()
        assert (lengths[3:] < 0.001).all()  # a ridge leaves none that small


def vertices(data: Views, model: S2UPG) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Per medium: features of items and patches, their class, their weight in the fit."""
    found = []
    for v in data.views:
        items = [row.mean(axis=0) for row in v.x]
        patches = [run.mean(axis=0) for row in v.x for run in np.array_split(row, model.patches)]
        x = (np.stack(items + patches) - model.mean_[v.modality]) / model.scale_[v.modality]
        label = np.concatenate([v.label, np.repeat(v.label, model.patches)])
        weight = np.concatenate([np.ones(len(items)), np.full(len(patches), 1 / model.patches)])
        found.append((x.astype(np.float64), label, weight / weight.sum()))
    return found


def whole_laplacian(z: np.ndarray, k: int) -> np.ndarray:
    """That of the hypergraph over all vertices of all media, straight from its definition."""
    incidence = np.eye(len(z))
    for edge, near in enumerate(nearest(z, k)):
        incidence[near, edge] = 1
    root = np.diag(1 / np.sqrt(incidence.sum(axis=1)))
    within = np.diag(1 / incidence.sum(axis=0))
    return np.asarray(np.eye(len(z)) - root @ incidence @ within @ incidence.T @ root)


def test_the_solution_is_the_lowest_of_its_equation() -> None:
    data = both(20)
    model = S2UPG(sparse=0.02, smooth=2, patches=3, neighbours=5, graphs=1, rounds=60).fit(data)
    known = vertices(data, model)
    targets = [np.eye(3)[label] - weight @ np.eye(3)[label] for _, label, weight in known]
    centred = [x - weight @ x for x, _, weight in known]
    start = [
        np.linalg.solve(c.T @ (w[:, None] * c) + 0.02 * np.eye(12), c.T @ (w[:, None] * y))
        for (_, _, w), c, y in zip(known, centred, targets, strict=True)
    ]
    bend = whole_laplacian(
        np.concatenate([x @ p for (x, *_), p in zip(known, start, strict=True)]), 5
    )

    def objective(p: list[np.ndarray]) -> float:
        placed = np.concatenate([x @ own for (x, *_), own in zip(known, p, strict=True)])
        total = 2 * (placed * (bend @ placed)).sum() / len(placed)
        for own, c, y, (_, _, w) in zip(p, centred, targets, known, strict=True):
            total += (w[:, None] * (c @ own - y) ** 2).sum()
            total += 0.02 * np.sqrt((own**2).sum(axis=1)).sum()
        return float(total)

    found = [model.directions_[m].astype(np.float64) for m in MEDIA]
    lowest = objective(found)
    assert lowest < objective(start)
    chance = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(20):
            near = [p + size * chance.standard_normal(p.shape) for p in found]
            assert objective(near) > lowest


def test_a_medium_without_label_is_not_fitted_and_one_medium_is_enough() -> None:
    image, text = both().views
    bare = View(text.modality, text.x, np.full_like(text.label, -1), text.pair, text.ids)
    model = S2UPG().fit(Views((image, bare), CLASSES))
    with pytest.raises(NotFittedError, match="text"):
        z(model, Modality.TEXT, list(text.x))
    assert (z(model, Modality.IMAGE, list(image.x)).argmax(axis=1) == image.label).mean() > 0.8
