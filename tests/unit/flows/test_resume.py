import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quintet.errors import ModelError, NoSpace
from quintet.flows.resume import Checkpoints, fingerprint
from quintet.models.correlators.cca import CCA
from quintet.models.correlators.dfcl import DFCL
from quintet.types import Modality, View, Views


def views(seed: int = 0) -> Views:
    chance = np.random.default_rng(seed)
    label = np.arange(12, dtype=np.int64) % 3
    held = [
        View(
            m,
            [chance.standard_normal((2, 4)).astype(np.float32) for _ in label],
            label,
            np.full(12, -1, dtype=np.int64),
            [f"{m}-{i}" for i in range(12)],
        )
        for m in (Modality.IMAGE, Modality.TEXT)
    ]
    return Views(tuple(held), ("a", "b", "c"), np.eye(3, 5, dtype=np.float32))


def maker(stop_after: int | None = None, **given: object) -> Callable[[], DFCL]:
    def stop(done: int, of: int) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    def make() -> DFCL:
        settings = {"k": 4, "hidden": 4, "width": 4, "rows": 4, "epochs": 5, "updates": 2}
        method = DFCL(**{**settings, **given})  # type: ignore[arg-type]
        method.on_epoch = stop
        return method

    return make


def same(a: DFCL, b: DFCL) -> bool:
    return all(np.array_equal(a.weights_[name], b.weights_[name]) for name in a.weights_)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def kept(tmp_path: Path, notes: list[str]) -> Checkpoints:
    return Checkpoints(tmp_path / "training", notes.append)


WHOLE = maker()().fit(views())


def test_an_interrupted_fit_goes_on_and_ends_as_if_it_had_never_stopped(
    kept: Checkpoints, notes: list[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        kept.fit(maker(stop_after=3), "fit", views())
    epochs: list[int] = []

    def make() -> DFCL:
        method = maker()()
        method.on_epoch = lambda done, of: epochs.append(done)
        return method

    again = kept.fit(make, "fit", views())
    assert notes == ["fit: resuming at epoch 4 of 5"]
    assert epochs == [4, 5]
    assert same(again, WHOLE)
    assert again.checkpoint is None


def test_a_finished_fit_is_not_repeated(kept: Checkpoints, notes: list[str]) -> None:
    kept.fit(maker(), "fit", views())
    again = kept.fit(lambda: maker(stop_after=1)(), "fit", views())
    assert notes == ["fit: all 5 epochs are there already"]
    assert same(again, WHOLE)


def test_clearing_leaves_nothing(kept: Checkpoints) -> None:
    kept.fit(maker(), "fit", views())
    assert kept.folder.exists()
    kept.clear()
    kept.clear()
    assert not kept.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "nonsense", "nothing"])
def test_a_damaged_checkpoint_costs_a_line_and_a_fit_from_the_start(
    kept: Checkpoints, notes: list[str], damage: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        kept.fit(maker(stop_after=3), "fit", views())
    (file,) = kept.folder.iterdir()
    held = bytearray(file.read_bytes())
    held[-1] ^= 1
    damaged = {"cut": held[: len(held) // 2], "changed": held, "nonsense": b"x", "nothing": b""}
    file.write_bytes(damaged[damage])
    again = kept.fit(maker(), "fit", views())
    assert notes[-1].startswith("warning: fit begins again, its checkpoint is damaged (")
    assert same(again, WHOLE)


def test_a_method_without_checkpoints_leaves_none(kept: Checkpoints, notes: list[str]) -> None:
    kept.fit(CCA, "fit", views())
    assert notes == []
    assert not kept.folder.exists()


def test_an_error_that_is_no_damage_is_not_hidden(
    kept: Checkpoints, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: DFCL, data: Views) -> DFCL:
        raise ModelError("something else")

    monkeypatch.setattr(DFCL, "fit", fails)
    with pytest.raises(ModelError, match="something else"):
        kept.fit(maker(), "fit", views())
    assert notes == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "training").write_text("in the way")
    with pytest.raises(NoSpace, match="cannot be made"):
        Checkpoints(tmp_path / "training", print).fit(maker(), "fit", views())


def test_the_same_training_has_the_same_name() -> None:
    assert fingerprint(maker()(), "fit", views()) == fingerprint(maker()(), "fit", views())


def _changed(change: str) -> Views:
    data = views()
    first = data.views[0]
    replaced = {
        "label": {"label": np.roll(first.label, 1)},
        "pair": {"pair": np.arange(12, dtype=np.int64)},
        "id": {"ids": ["other", *first.ids[1:]]},
        "feature": {"x": [first.x[0] + 1, *first.x[1:]]},
        "shape": {"x": [first.x[0].reshape(1, 8), *first.x[1:]]},
    }
    if change == "classes":
        return dataclasses.replace(data, classes=("a", "b", "d"))
    if change == "vectors":
        return dataclasses.replace(data, class_vectors=np.eye(3, 6, dtype=np.float32))
    one = dataclasses.replace(first, **replaced[change])
    return dataclasses.replace(data, views=(one, *data.views[1:]))


@pytest.mark.parametrize(
    "change", ["label", "pair", "id", "feature", "shape", "classes", "vectors"]
)
def test_other_data_are_another_training(change: str) -> None:
    method = maker()()
    assert fingerprint(method, "fit", views()) != fingerprint(method, "fit", _changed(change))


def test_another_stage_method_or_hyper_parameter_is_another_training() -> None:
    found = {
        fingerprint(maker()(), "fit", views()),
        fingerprint(maker()(), "fit on all", views()),
        fingerprint(maker(lr=0.1)(), "fit", views()),
        fingerprint(maker(seed=1)(), "fit", views()),
        fingerprint(CCA(), "fit", views()),
    }
    assert len(found) == 5
