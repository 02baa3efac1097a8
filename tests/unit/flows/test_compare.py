"""Methods beside each other on the held-out fifths of one library."""

from typing import Any

import numpy as np
import pytest

from quintet.errors import NotFittedError, TrainingError
from quintet.flows import configure
from quintet.flows.compare import compare
from quintet.flows.labels import Labels
from quintet.flows.train import TrainingSet, fit_space, fit_without, set_aside
from quintet.models.correlators.cca import CCA
from quintet.types import Bool, Float32, Item, Local, Modality, Views

CLASSES = ("bell", "bird", "boat")
PER_CLASS = 10
WIDTH = {Modality.IMAGE: 6, Modality.TEXT: 300, Modality.MESH: 4}


def library(noise: float = 1.0, media: tuple[Modality, ...] = tuple(WIDTH)) -> TrainingSet:
    chance = np.random.default_rng(0)
    items, of, local = [], {}, {}
    for m in media:
        centres = 3 * chance.standard_normal((len(CLASSES), WIDTH[m]))
        for no in range(len(CLASSES) * PER_CLASS):
            item = Item(f"{m}-{no}", m, "x", f"/{m}/{no}", 1, 0, "2026")
            x = centres[no % 3] + noise * chance.standard_normal((2, WIDTH[m]))
            items.append(item)
            of[item.id] = CLASSES[no % 3]
            local[item.id] = Local(x.astype(np.float32), np.zeros(2, dtype=np.int64))
    return TrainingSet(items, Labels(of, "test"), local, {})


def silent(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def test_a_method_that_learns_is_far_from_random_and_one_without_signal_is_not() -> None:
    (good,) = compare(library(), ["cca"], range(3), silent)
    (noise,) = compare(library(noise=100.0), ["cca"], range(3), silent)
    assert good.mean is not None
    assert noise.mean is not None
    assert good.random is not None
    assert good.mean > 0.85 > good.random + 0.3
    assert noise.mean == pytest.approx(good.random, abs=0.15)
    assert set(good.to_all) == set(WIDTH)
    assert good.mean == pytest.approx(np.mean(list(good.to_all.values())))


def test_the_figures_are_those_that_training_would_report() -> None:
    data = library(noise=4.0)
    (row,) = compare(data, ["cca"], [3], silent)
    trained = fit_space(data, CCA, seed=3, refit=False, on_progress=silent)
    assert dict(row.to_all) == pytest.approx(dict(trained.judged.quality.to_all))
    assert row.random == pytest.approx(trained.judged.quality.random_mean)
    assert row.spread is None


def test_the_spread_is_over_different_fifths() -> None:
    data = library(noise=4.0)
    assert set_aside(data, 0) != set_aside(data, 1)
    (row,) = compare(data, ["cca"], [0, 1], silent)
    each = [compare(data, ["cca"], [seed], silent)[0].mean for seed in (0, 1)]
    assert row.seeds == 2
    assert row.mean == pytest.approx(np.mean(each))
    assert row.spread == pytest.approx(np.std(each, ddof=1))


def test_a_fit_sees_none_of_the_held_out_items(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = library(), []

    class Spy(CCA):
        def fit(self, views: Views) -> Any:
            seen.append({i for view in views.views for i in view.ids})
            return super().fit(views)

    monkeypatch.setattr(configure, "correlator", lambda method, params: Spy())
    compare(data, ["cca"], [0, 1], silent)
    for seed, ids in enumerate(seen):
        assert not ids & set_aside(data, seed)
        assert len({i for i in ids if not i.startswith("name:")}) == 90 - len(set_aside(data, seed))


def test_a_method_that_cannot_learn_says_why_and_the_others_go_on() -> None:
    good, bad = compare(library(), ["cca", "identity"], [0], silent)
    assert good.problem == ""
    assert (bad.mean, dict(bad.to_all)) == (None, {})
    assert "one width" in bad.problem
    with pytest.raises(TrainingError, match="one width"):
        compare(library(), ["identity"], [0], silent)


class Partial(CCA):
    """Leaves meshes out, as a method may that finds no label there."""

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        if modality is Modality.MESH:
            raise NotFittedError("not fitted on mesh")
        return super().transform(modality, x, mask)


def test_a_medium_that_a_method_leaves_out_is_found_at_random(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(configure, "correlator", lambda method, params: Partial())
    (row,) = compare(library(), ["cca"], range(5), silent)
    assert row.random is not None
    assert row.to_all[Modality.MESH] == pytest.approx(row.random, abs=0.12)
    assert row.to_all[Modality.IMAGE] > row.to_all[Modality.MESH] + 0.1


def test_a_space_reads_only_what_its_method_took_in() -> None:
    data = library()
    space = fit_without(set_aside(data, 0), data, Partial, "fit", silent)
    assert space.modalities == {Modality.IMAGE, Modality.TEXT}
    trained = fit_space(data, Partial, seed=0, refit=True, on_progress=silent)
    assert set(trained.judged.quality.to_all) == {Modality.IMAGE, Modality.TEXT}


def test_one_medium_is_not_enough() -> None:
    with pytest.raises(TrainingError, match="1 medium"):
        compare(library(media=(Modality.IMAGE,)), ["cca"], [0], silent)


class Endless(CCA):
    """Its rows of meshes go out of bounds."""

    name = "endless"

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        z = super().transform(modality, x, mask)
        if modality is Modality.MESH:
            z[: len(z) // 2] = np.nan
        return z


@pytest.mark.parametrize("refit", [False, True])
def test_embeddings_that_are_no_finite_numbers_are_refused(refit: bool) -> None:
    with pytest.raises(TrainingError, match=r"endless gave 15 of 30 mesh items .*larger ridge"):
        fit_space(library(), Endless, seed=0, refit=refit, on_progress=silent)


def test_a_comparison_says_which_method_went_out_of_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        configure, "correlator", lambda method, params: Endless() if method == "dfcl" else CCA()
    )
    good, bad = compare(library(), ["cca", "dfcl"], [0], silent)
    assert good.problem == ""
    assert "no finite numbers" in bad.problem


def test_training_says_whether_its_model_is_more_than_luck() -> None:
    def judged(noise: float) -> bool:
        data = library(noise)
        return fit_space(data, CCA, seed=0, refit=False, on_progress=silent).judged.beats_chance

    assert judged(1.0)
    assert not judged(1000.0)
