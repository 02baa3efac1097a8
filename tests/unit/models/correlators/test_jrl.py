from typing import Any

import numpy as np
import pytest

from quintet.errors import NotFittedError
from quintet.maths.graphs import laplacian, nearest
from quintet.maths.padding import pad
from quintet.models.correlators.jrl import JRL
from quintet.types import Modality, View, Views

CLASSES = ("bell", "boat", "bird")


def view(modality: Modality, x: np.ndarray, label: np.ndarray, *, paired: bool = False) -> View:
    n = len(x)
    pair = np.arange(n) if paired else np.full(n, -1)
    rows = [row[None, :].astype(np.float32) for row in x]
    return View(modality, rows, label.astype(np.int64), pair.astype(np.int64), [""] * n)


def clusters(modality: Modality, n: int, seed: int, noise: float = 0.4) -> tuple[Any, Any]:
    """Three features that tell the class, seventeen that tell nothing."""
    fresh = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(n) % 3
    x = fresh.standard_normal((n, 20))
    x[:, :3] = 2 * np.eye(3)[label] + noise * fresh.standard_normal((n, 3))
    return x, label


def z(model: JRL, modality: Modality, x: np.ndarray) -> np.ndarray:
    return model.transform(modality, *pad([row[None, :].astype(np.float32) for row in x]))


def right(model: JRL, modality: Modality, seed: int = 99) -> float:
    """Share of fresh rows whose largest coordinate is their class (projections, no votes)."""
    x, label = clusters(modality, 300, seed)
    return float((z(model, modality, x).argmax(axis=1) == label).mean())


def test_the_two_one_norm_empties_features_that_tell_nothing() -> None:
    data = Views((view(Modality.IMAGE, *clusters(Modality.IMAGE, 60, 1)),), CLASSES)
    lengths = np.linalg.norm(
        JRL(sparse=0.1, rounds=30).fit(data).directions_[Modality.IMAGE], axis=1
    )
    assert (lengths[:3] > 0.05).all()
    assert (lengths[3:] < 0.001).mean() > 0.5  # a ridge leaves none that small


def trap(n: int, seed: int, known: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A feature with a cluster for each of two classes, and one that knows the first rows only."""
    fresh = np.random.default_rng(seed)
    label = np.arange(n) % 2
    side = 2.0 * label - 1
    x = np.stack([side + 0.2 * fresh.standard_normal(n), fresh.standard_normal(n)], axis=1)
    x[:known, 1] = side[:known]
    return x, label, np.where(np.arange(n) < known, label, -1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_without_label_show_which_feature_to_trust(seed: int) -> None:
    x, _, label = trap(200, seed, known=6)
    data = Views((view(Modality.IMAGE, x, label),), ("boat", "bird"))
    fresh, truth, _ = trap(300, seed + 50, known=0)

    def score(smooth: float) -> float:
        model = JRL(voters=0, smooth=smooth).fit(data)
        return float((z(model, Modality.IMAGE, fresh).argmax(axis=1) == truth).mean())

    assert score(smooth=3) > score(smooth=0) + 0.2


def test_matching_rows_teach_a_medium_without_labels() -> None:
    x, label = clusters(Modality.IMAGE, 150, 1)
    y, _ = clusters(Modality.TEXT, 150, 1)
    none = np.full(150, -1)
    data = Views(
        (
            view(Modality.IMAGE, x, label, paired=True),
            view(Modality.TEXT, y, none, paired=True),
            view(Modality.AUDIO, y, none),
        ),
        CLASSES,
    )
    model = JRL(match=1, voters=0).fit(data)
    assert right(model, Modality.TEXT) > 0.8
    assert right(JRL(match=1e-9, voters=0).fit(data), Modality.TEXT) < 0.6
    with pytest.raises(NotFittedError, match="audio"):
        z(model, Modality.AUDIO, x)


def objective(p: dict[Modality, np.ndarray], data: Views, model: JRL) -> float:
    """The class docstring's, written out; rows of two paired media, all labelled."""
    total, projected = 0.0, []
    for v in data.views:
        x = (np.concatenate(v.x) - model.mean_[v.modality]) / model.scale_[v.modality]
        projected.append(x @ p[v.modality])
        miss = projected[-1] - np.eye(3)[v.label]
        bent = laplacian(nearest(x.astype(np.float64), model.neighbours)) @ projected[-1]
        total += (miss**2).sum() / len(x)
        total += model.smooth * (projected[-1] * bent).sum() / len(x)
        total += model.sparse * np.sqrt((p[v.modality] ** 2).sum(axis=1)).sum()
    gap = projected[0] - projected[1]
    return float(total + model.match * (gap**2).sum() / len(gap))


def test_the_solution_is_the_lowest_of_its_equation() -> None:
    data = Views(
        tuple(view(m, *clusters(m, 60, 1), paired=True) for m in (Modality.IMAGE, Modality.TEXT)),
        CLASSES,
    )
    weights: dict[str, Any] = {"sparse": 0.05, "smooth": 0.5, "match": 0.5}
    model = JRL(rounds=60, **weights).fit(data)
    found = {m: d.astype(np.float64) for m, d in model.directions_.items()}
    lowest = objective(found, data, model)
    assert lowest < objective(JRL(rounds=1, **weights).fit(data).directions_, data, model)
    chance = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(20):
            near = {m: d + size * chance.standard_normal(d.shape) for m, d in found.items()}
            assert objective(near, data, model) > lowest


def test_votes_of_labelled_rows_place_a_row_among_its_class() -> None:
    data = Views(
        tuple(view(m, *clusters(m, 90, 1)) for m in (Modality.IMAGE, Modality.TEXT)), CLASSES
    )
    model = JRL(voters=20).fit(data)
    x, label = clusters(Modality.IMAGE, 300, 99)
    found = z(model, Modality.IMAGE, x)
    assert found.min() >= 0
    assert (found.argmax(axis=1) == label).mean() > 0.9
