"""What every correlator promises, whatever its method."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from quintet import catalog, persist
from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.padding import pad
from quintet.types import Modality, View, Views

ROLE = "models.correlators"
QUICK = {"epochs": 2, "updates": 8, "rows": 12, "hidden": 16, "width": 16, "k": 12}
"""Values for fields of these names, so that the suite is fast."""

D = 20
CLASSES = ("bell", "boat", "bird")

pytestmark = pytest.mark.parametrize("name", catalog.names(ROLE))


def make(name: str, **given: Any) -> Any:
    kind = catalog.load(ROLE, name)
    known = {f.name for f in dataclasses.fields(kind) if f.init}
    return kind(**{k: v for k, v in (QUICK | given).items() if k in known})


def view(modality: Modality, count: int, seed: int = 0) -> View:
    """Rows of 1..6 steps around one centre a class; every medium has centres of its own."""
    chance = np.random.default_rng([seed, list(Modality).index(modality)])
    centres = 2 * chance.standard_normal((len(CLASSES), D))
    label = np.arange(count, dtype=np.int64) % len(CLASSES)
    x = [
        (centres[c] + chance.standard_normal((chance.integers(1, 7), D))).astype(np.float32)
        for c in label
    ]
    ids = [f"{modality}-{i}" for i in range(count)]
    return View(modality, x, label, np.full(count, -1, dtype=np.int64), ids)


def views(*found: View) -> Views:
    chance = np.random.default_rng(9)
    vectors = chance.standard_normal((len(CLASSES), 30))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    held = found or tuple(view(m, n) for m, n in zip(Modality, (24, 12, 18, 9, 15), strict=True))
    return Views(held, CLASSES, vectors.astype(np.float32))


def transform(model: Any, rows: View) -> Any:
    return model.transform(rows.modality, *pad(rows.x))


def test_rows_have_unit_length_and_are_finite(name: str) -> None:
    data = views()
    model = make(name).fit(data)
    for rows in data.views:
        z = transform(model, rows)
        assert z.shape[0] == len(rows.x)
        assert z.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)


def test_every_modality_has_the_same_width(name: str) -> None:
    data = views()
    model = make(name).fit(data)
    assert len({transform(model, rows).shape[1] for rows in data.views}) == 1


def test_padding_changes_nothing(name: str) -> None:
    data = views()
    model = make(name).fit(data)
    x, mask = pad(data.views[0].x)
    before = model.transform(Modality.IMAGE, x, mask)
    wider = np.concatenate([x, np.full((len(x), 5, D), 1e3, dtype=np.float32)], axis=1)
    longer = np.concatenate([mask, np.zeros((len(x), 5), dtype=bool)], axis=1)
    np.testing.assert_allclose(model.transform(Modality.IMAGE, wider, longer), before, atol=1e-5)


def test_padding_may_hold_anything_and_be_anywhere(name: str) -> None:
    model = make(name).fit(views())
    row = view(Modality.IMAGE, 3).x[2]
    x, mask = pad([row])
    scattered = np.full((1, 2 * len(row), D), np.nan, dtype=np.float32)
    scattered[0, 1::2] = row
    real = np.zeros((1, 2 * len(row)), dtype=bool)
    real[0, 1::2] = True
    np.testing.assert_allclose(
        model.transform(Modality.IMAGE, scattered, real),
        model.transform(Modality.IMAGE, x, mask),
        atol=1e-5,
    )


def test_a_row_does_not_depend_on_the_others(name: str) -> None:
    data = views()
    model = make(name).fit(data)
    together = transform(model, data.views[0])
    alone = np.concatenate([model.transform(Modality.IMAGE, *pad([x])) for x in data.views[0].x])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_rows_give_no_rows(name: str) -> None:
    model = make(name).fit(views())
    z = model.transform(Modality.IMAGE, np.zeros((0, 2, D), np.float32), np.zeros((0, 2), bool))
    assert z.shape == (0, transform(model, view(Modality.IMAGE, 1)).shape[1])


def test_a_row_without_a_real_step_is_refused(name: str) -> None:
    model = make(name).fit(views())
    mask = np.array([[True, False], [False, False]])
    with pytest.raises(ShapeError, match="row 1"):
        model.transform(Modality.IMAGE, np.zeros((2, 2, D), np.float32), mask)


def test_another_width_is_refused(name: str) -> None:
    model = make(name).fit(views())
    with pytest.raises(ShapeError, match=str(D)):
        model.transform(Modality.IMAGE, np.zeros((1, 2, 7), np.float32), np.ones((1, 2), bool))


def test_the_same_seed_gives_the_same_space(name: str) -> None:
    data = views()
    first, second = make(name, seed=3).fit(data), make(name, seed=3).fit(data)
    for rows in data.views:
        np.testing.assert_array_equal(transform(first, rows), transform(second, rows))


def test_fitting_leaves_the_global_generators_alone(name: str) -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global generator is the point
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    make(name).fit(views())
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_labels_may_be_missing(name: str) -> None:
    data = views()
    some = [
        dataclasses.replace(v, label=np.where(np.arange(len(v.x)) % 4 == 0, -1, v.label))
        for v in data.views
    ]
    model = make(name).fit(views(*some))
    assert np.isfinite(transform(model, data.views[0])).all()


def test_a_modality_without_any_label_does_not_break(name: str) -> None:
    data = views()
    bare = dataclasses.replace(data.views[0], label=np.full(24, -1, dtype=np.int64))
    model = make(name).fit(views(bare, *data.views[1:]))
    assert np.isfinite(transform(model, data.views[1])).all()


def test_a_modality_that_fit_did_not_see_is_refused(name: str) -> None:
    model = make(name).fit(views(view(Modality.IMAGE, 9), view(Modality.TEXT, 9)))
    with pytest.raises(NotFittedError, match="audio"):
        transform(model, view(Modality.AUDIO, 3))


def test_transform_before_fit_is_refused(name: str) -> None:
    with pytest.raises(NotFittedError):
        transform(make(name), view(Modality.IMAGE, 3))


def test_one_row_of_a_modality_is_enough(name: str) -> None:
    data = views(view(Modality.IMAGE, 12), view(Modality.TEXT, 12), view(Modality.AUDIO, 1))
    z = transform(make(name).fit(data), data.views[2])
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)


def test_steps_that_never_vary_do_not_break(name: str) -> None:
    data = views()
    flat = [
        np.concatenate([x[:, :-3], np.ones((len(x), 3), np.float32)], 1) for x in data.views[0].x
    ]
    still = dataclasses.replace(data.views[0], x=flat)
    z = transform(make(name).fit(views(still, *data.views[1:])), still)
    assert np.isfinite(z).all()


def test_fitting_again_forgets_the_first_time(name: str) -> None:
    old = views(view(Modality.IMAGE, 12, seed=8), view(Modality.AUDIO, 12))
    new = views(view(Modality.IMAGE, 12), view(Modality.TEXT, 12))
    again = make(name).fit(old)
    transform(again, old.views[0])
    again.fit(new)
    fresh = make(name).fit(new)
    np.testing.assert_array_equal(transform(again, new.views[0]), transform(fresh, new.views[0]))
    with pytest.raises(NotFittedError):
        transform(again, old.views[1])


def test_views_are_not_changed(name: str) -> None:
    data = views()
    before = copy.deepcopy(data)
    model = make(name).fit(data)
    transform(model, data.views[0])
    for was, now in zip(before.views, data.views, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(was.x, now.x, strict=True))
        np.testing.assert_array_equal(was.label, now.label)
        np.testing.assert_array_equal(was.pair, now.pair)


def test_hyper_parameters_are_not_changed(name: str) -> None:
    model = make(name)
    fields = [f.name for f in dataclasses.fields(model) if f.init]
    before = {f: getattr(model, f) for f in fields}
    model.fit(views())
    assert {f: getattr(model, f) for f in fields} == before


def test_fit_returns_the_model(name: str) -> None:
    model = make(name)
    assert model.fit(views()) is model


def test_a_saved_model_gives_equal_results(name: str) -> None:
    data = views()
    model = make(name).fit(data)
    again = persist.load(persist.dump(model))
    for rows in data.views:
        np.testing.assert_array_equal(transform(model, rows), transform(again, rows))
    assert persist.dump(again) == persist.dump(model)


def test_nothing_to_learn_from_is_an_error(name: str) -> None:
    with pytest.raises(TrainingError):
        make(name).fit(Views(()))


def test_a_fit_that_was_killed_goes_on_to_the_same_space(name: str, tmp_path: Path) -> None:
    """Nothing that training needs is kept outside the network, its optimisers and the epoch."""

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    data, killed = views(), make(name, epochs=3)
    if not hasattr(killed, "checkpoint"):
        pytest.skip("it has no epochs")
    killed.checkpoint, killed.on_epoch = tmp_path / "run.safetensors", stop
    with pytest.raises(KeyboardInterrupt):
        killed.fit(data)
    again, whole = make(name, epochs=3), make(name, epochs=3).fit(data)
    again.checkpoint, told = killed.checkpoint, []
    again.on_epoch = lambda done, total: told.append(done)
    again.fit(data)
    assert told == [3]
    for rows in data.views:
        np.testing.assert_array_equal(transform(again, rows), transform(whole, rows))
