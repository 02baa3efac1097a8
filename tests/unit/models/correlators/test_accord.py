"""The ingredients of Accord: each test dies when its idea is taken away."""

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from quintet.errors import TrainingError
from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.accord import Accord
from quintet.types import Float32, Modality, View, Views

CLASSES = tuple("abcd")
PLACES = 4


def view(modality: Modality, count: int, seed: int, noise: float = 1.5, d: int = 10) -> View:
    """Ragged rows around one centre a class."""
    centres = 1.5 * np.random.default_rng(list(Modality).index(modality)).standard_normal((4, d))
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(count) % 4
    x = [centres[c] + noise * chance.standard_normal((chance.integers(2, 5), d)) for c in label]
    return made(modality, x, label)


def made(modality: Modality, x: list[Any], label: Any) -> View:
    none = np.full(len(x), -1, dtype=np.int64)
    ids = [f"{modality}-{i}" for i in range(len(x))]
    return View(modality, [r.astype(np.float32) for r in x], label.astype(np.int64), none, ids)


def embed(model: Accord, rows: View) -> Float32:
    return model.transform(rows.modality, *pad(rows.x))


def quality(model: Accord, *tested: View) -> float:
    z = {v.modality: embed(model, v) for v in tested}
    return tables(z, {v.modality: v.label for v in tested}).mean


@cache
def noisy(levelling: float) -> float:
    """A medium that shows little beside one that shows much."""
    train = view(Modality.IMAGE, 120, 1, 6.0), view(Modality.TEXT, 80, 1, 1.0)
    model = Accord(levelling=levelling).fit(Views(train, CLASSES))
    return quality(model, view(Modality.IMAGE, 120, 2, 6.0), view(Modality.TEXT, 80, 2, 1.0))


def test_the_product_of_probabilities_beats_their_cosine() -> None:
    assert noisy(0.25) > noisy(1.0) + 0.01
    assert noisy(0.0) > noisy(1.0) + 0.01
    assert noisy(0.25) > 0.4


def test_across_media_the_cosine_is_the_probability_of_one_class() -> None:
    train = view(Modality.IMAGE, 60, 1), view(Modality.TEXT, 60, 1)
    model = Accord(levelling=0.0).fit(Views(train, CLASSES))
    image, text = (embed(model, view(m, 20, 2)) for m in (Modality.IMAGE, Modality.TEXT))
    c = len(CLASSES)
    np.testing.assert_allclose(image @ text.T, image[:, :c] @ text[:, :c].T, atol=1e-5)
    np.testing.assert_allclose(image[:, :c].sum(1), 1, atol=1e-4)


def test_a_near_copy_is_nearer_than_any_other_row_of_its_medium() -> None:
    train = view(Modality.IMAGE, 60, 1, 5.0), view(Modality.TEXT, 60, 1)
    model = Accord().fit(Views(train, CLASSES))
    rows = view(Modality.IMAGE, 40, 3, 5.0)
    copies = made(Modality.IMAGE, [x + 1e-4 for x in rows.x], rows.label)
    near = embed(model, copies) @ embed(model, rows).T
    assert (near.argmax(axis=1) == np.arange(40)).mean() > 0.95


def placed(modality: Modality, count: int, seed: int) -> View:
    """The class is where the mark stands, which no statistic over the steps can see."""
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(count) % 4
    x = [0.3 * chance.standard_normal((PLACES, 6)) for _ in label]
    for row, c in zip(x, label, strict=True):
        row[c] += 2.0
    return made(modality, x, label)


def test_places_tell_what_statistics_cannot() -> None:
    def measured(**given: Any) -> float:
        train = placed(Modality.IMAGE, 80, 1), placed(Modality.MESH, 60, 1)
        model = Accord(**given).fit(Views(train, CLASSES))
        return quality(model, placed(Modality.IMAGE, 40, 2), placed(Modality.MESH, 40, 2))

    assert measured() > 0.9
    assert measured(places=False) < 0.5


def spoken(count: int, seed: int) -> View:
    """Rows of 25 words of which two tell the class: a mean of them hides these."""
    words = np.random.default_rng(0).standard_normal((120, 4))
    chance = np.random.default_rng(seed)
    label = np.arange(count) % 4
    x = [words[chance.permutation([*(20 + chance.integers(0, 100, 23)), c, c + 4])] for c in label]
    return made(Modality.TEXT, x, label)


def test_words_that_recur_are_counted_one_by_one() -> None:
    def measured(**given: Any) -> float:
        train = spoken(400, 1), view(Modality.IMAGE, 60, 1, 0.5)
        model = Accord(**given).fit(Views(train, CLASSES))
        return quality(model, spoken(60, 2), view(Modality.IMAGE, 60, 2, 0.5))

    assert measured(parts=False) > measured(words=False, parts=False) + 0.05


def ringed(modality: Modality, count: int, seed: int) -> View:
    """Two classes inside each other: no plane parts them."""
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    label = np.arange(count) % 2
    way = chance.standard_normal((count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    x = [((1 + 2 * c) * w)[None] for c, w in zip(label, way, strict=True)]
    return made(modality, x, label)


def test_parts_tell_what_drowns_in_the_mean() -> None:
    """One step in eight shows the class, by which of four far places it is in; others are noise."""

    def rows(modality: Modality, count: int, seed: int) -> View:
        chance = np.random.default_rng([seed, list(Modality).index(modality)])
        label = np.arange(count) % 4
        x = [3 * chance.standard_normal((8, 3)) for _ in label]
        for row, c in zip(x, label, strict=True):
            sign = chance.choice([-1, 1])
            row[chance.integers(8)] = 8 * sign * np.array([np.cos(c), np.sin(c), 0.5])
        return made(modality, x, label)

    train = rows(Modality.IMAGE, 240, 1), rows(Modality.AUDIO, 240, 1)
    tested = rows(Modality.IMAGE, 120, 2), rows(Modality.AUDIO, 120, 2)
    with_parts = quality(Accord(places=False).fit(Views(train, CLASSES)), *tested)
    without = quality(Accord(places=False, parts=False).fit(Views(train, CLASSES)), *tested)
    assert with_parts > without + 0.1


def test_kernel_experts_part_what_no_plane_can() -> None:
    def measured(**given: Any) -> float:
        train = ringed(Modality.IMAGE, 120, 1), ringed(Modality.AUDIO, 120, 1)
        model = Accord(**given).fit(Views(train, ("in", "out")))
        return quality(model, ringed(Modality.IMAGE, 60, 2), ringed(Modality.AUDIO, 60, 2))

    assert measured() > 0.9
    assert measured(kernels=False) < 0.75


def paired(modality: Modality, hidden: Any, seed: int) -> View:
    chance = np.random.default_rng(seed)
    x = hidden @ chance.standard_normal((3, 20)) + 0.1 * chance.standard_normal((len(hidden), 20))
    rows = made(modality, [r[None] for r in x], np.full(len(hidden), -1))
    return dataclasses.replace(rows, pair=np.arange(len(hidden), dtype=np.int64))


def test_pairs_without_labels_find_each_other() -> None:
    hidden = np.random.default_rng(0).standard_normal((300, 3))
    both = [paired(Modality.IMAGE, hidden, 1), paired(Modality.TEXT, hidden, 2)]
    shown = [View(v.modality, v.x[:250], v.label[:250], v.pair[:250], v.ids[:250]) for v in both]
    model = Accord(ridge=0.01).fit(Views(tuple(shown)))
    image, text = (embed(model, v)[250:] for v in both)
    assert ((image @ text.T).argmax(axis=1) == np.arange(50)).mean() > 0.2  # by chance 0.02


def test_neither_labels_nor_pairs_is_an_error() -> None:
    bare = dataclasses.replace(view(Modality.IMAGE, 8, 1), label=np.full(8, -1, dtype=np.int64))
    with pytest.raises(TrainingError, match="accord"):
        Accord().fit(Views((bare,), CLASSES))


def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    model = Accord()
    model.on_epoch = lambda done, total: told.append((done, total))
    model.fit(
        Views((view(Modality.IMAGE, 60, 1), view(Modality.TEXT, 60, 2)), ("a", "b", "c", "d"))
    )
    done = [share for share, _ in told]
    assert len(done) >= 4
    assert done == sorted(set(done))
    assert told[-1] == (100, 100)
