"""The ingredients of DFCL: each test dies when its idea is taken away."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from quintet.errors import TrainingError, UsageError
from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.dfcl import DFCL
from quintet.nets.deep import ENOUGH_UPDATES, MIN_UPDATES
from quintet.types import Float32, Modality, View, Views

CLASSES = tuple("abcd")
VECTORS = np.linalg.qr(np.random.default_rng(4).standard_normal((16, 4)))[0].T.astype(np.float32)
SIZES = dict(zip(Modality, (60, 16, 40, 30, 20), strict=True))
SMALL: dict[str, Any] = {
    "k": 16,
    "inner": 32,
    "width": 16,
    "hidden": 16,
    "rows": 8,
    "epochs": 8,
    "updates": 20,
}


def rows(modality: Modality, count: int, seed: int, *, labelled: bool = True) -> View:
    """A class is a step pattern in random places of a noisy sequence; media share no feature."""
    centres = 2 * np.random.default_rng(list(Modality).index(modality)).standard_normal((4, 10))
    chance = np.random.default_rng(seed)
    truth = np.arange(count) % 4
    x = [centres[c] + 1.5 * chance.standard_normal((chance.integers(2, 7), 10)) for c in truth]
    label = truth if labelled else np.full(count, -1)
    none = np.full(count, -1, dtype=np.int64)
    return View(
        modality, [s.astype(np.float32) for s in x], label.astype(np.int64), none, [""] * count
    )


@cache
def fitted(**given: Any) -> DFCL:
    views = tuple(rows(m, n, 1) for m, n in SIZES.items())
    return DFCL(**(SMALL | {"lr": 2e-3, "compare": "space"} | given)).fit(
        Views(views, CLASSES, VECTORS)
    )


def embedded(model: DFCL) -> dict[Modality, Float32]:
    return {m: model.transform(m, *pad(rows(m, 20, 2).x)) for m in SIZES}


def gap(z: dict[Modality, Float32]) -> float:
    """Mean distance between the means of two media."""
    means = [v.mean(axis=0) for v in z.values()]
    return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(means) for b in means[:i]]))


def nearness(z: dict[Modality, Float32]) -> float:
    """Mean cosine of a row with its class's word vector."""
    return float(np.mean([(v * VECTORS[np.arange(20) % 4]).sum(axis=1) for v in z.values()]))


@pytest.mark.parametrize("compare", ["classes", "space"])
def test_labels_bring_the_media_together(compare: str) -> None:
    found = tables(embedded(fitted(compare=compare)), dict.fromkeys(SIZES, np.arange(20) % 4))
    assert found.mean > 0.85
    assert min(found.to_each.values()) > 0.7
    assert found.random_mean < 0.35


def test_without_mmd_the_gap_between_media_stays_wider() -> None:
    with_it = fitted(triplet=False, mmd_weight=3.0)
    without = fitted(triplet=False, mmd=False)
    assert gap(embedded(with_it)) < 0.8 * gap(embedded(without))


def test_without_the_triplet_rows_leave_their_word_vectors() -> None:
    assert nearness(embedded(fitted())) > nearness(embedded(fitted(triplet=False))) + 0.3


def test_rows_without_label_still_shape_the_space() -> None:
    known = tuple(rows(m, n, 1) for m, n in SIZES.items() if m is not Modality.MESH)
    bare = rows(Modality.MESH, 20, 1, labelled=False)
    both = [
        DFCL(**SMALL, compare="space", mmd=on).fit(Views((*known, bare), CLASSES, VECTORS))
        for on in (True, False)
    ]
    assert gap(embedded(both[0])) < gap(embedded(both[1]))


def test_another_seed_is_another_space() -> None:
    first, second = embedded(fitted(epochs=1)), embedded(fitted(epochs=1, seed=1))
    assert not np.allclose(first[Modality.TEXT], second[Modality.TEXT])


@pytest.mark.parametrize("k", [3, 16, 40])
def test_word_vectors_fit_any_width_of_the_space(k: int) -> None:
    assert embedded(fitted(k=k, epochs=1))[Modality.AUDIO].shape == (20, k)


def test_small_collections_get_more_and_larger_updates_than_the_paper() -> None:
    model = DFCL()
    assert model._per_epoch(10) * model.epochs >= MIN_UPDATES
    assert model._plan(model._per_epoch(10)).lr > 5e-4
    assert model._plan(model._per_epoch(24 * ENOUGH_UPDATES)).lr == pytest.approx(1e-4)
    assert DFCL(lr=0.02)._plan(1).lr == 0.02
    assert DFCL(updates=7)._per_epoch(10) == 7


def test_progress_is_told_by_epoch() -> None:
    model, told = DFCL(**(SMALL | {"epochs": 2, "updates": 1})), []
    model.on_epoch = lambda done, of: told.append((done, of))
    model.fit(Views((rows(Modality.IMAGE, 8, 1), rows(Modality.TEXT, 8, 1)), CLASSES, VECTORS))
    assert told == [(1, 2), (2, 2)]


def test_rows_are_compared_by_what_the_classifier_tells_from_the_space() -> None:
    told, z = fitted(compare="classes"), fitted()
    anchors = z.weights_["classes.weight"]
    anchors = anchors / np.linalg.norm(anchors, axis=1, keepdims=True)
    for medium, rows_in_space in embedded(z).items():
        p = np.exp(z.sharpness * rows_in_space @ anchors.T)
        expected = p / np.linalg.norm(p, axis=1, keepdims=True)
        np.testing.assert_allclose(embedded(told)[medium], expected, atol=1e-5)
    with pytest.raises(UsageError, match="classes or space"):
        fitted(compare="words")


def test_no_label_or_no_word_vector_is_an_error() -> None:
    bare = rows(Modality.IMAGE, 8, 1, labelled=False)
    with pytest.raises(TrainingError, match="no row has one"):
        DFCL().fit(Views((bare,), CLASSES, VECTORS))
    with pytest.raises(TrainingError, match="4 classes"):
        DFCL().fit(Views((rows(Modality.IMAGE, 8, 1),), CLASSES, VECTORS[:2]))
