"""Choosing, fitting and testing of methods: what is seen when, and what the rows tell."""

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from quintet import catalog
from quintet.datasets.benchmark import Benchmark, Entry
from quintet.datasets.benchmarks import planted as planted_module
from quintet.errors import NotFittedError, TrainingError, UnknownName, UsageError
from quintet.flows import benchmark, configure
from quintet.flows.benchmark import MAX_TRIALS, Task, judge, load, run, settings
from quintet.types import Modality

IMAGE, VIDEO, TEXT, AUDIO, MESH = Modality
NOTHING = Path("not there")
GOOD = 2.0
"""The tilt with which the spy finds every class."""
CLASSES = ("dog", "car", "bird")
QUICK = {"epochs": "2", "updates": "8", "lr": "0.01", "hidden": "16", "width": "16", "k": "16"}
EVENTS: list[Any] = []
"""(what, model, numbers of rows) of every spy, in order."""


def quiet(stage, done, total):
    pass


@dataclass(kw_only=True)
class Spy:
    """Sees the class in a row's second number, but only with the right tilt."""

    k: int = 2
    tilt: float = 0.5
    seed: int = 0
    centres_: dict[str, Any] = field(init=False, default_factory=dict)

    search: ClassVar = {"k": (2, 3), "tilt": (0.5, GOOD, 4.0, 8.0)}

    def fit(self, views):
        numbers = {int(x[0, 0]) for view in views.views for x in view.x}
        EVENTS.append(("fit", self, numbers))
        self.centres_ = {v.modality: np.ones((3, self.k), np.float32) for v in views.views}
        return self

    def transform(self, modality, x, mask):
        EVENTS.append(("transform", self, {int(n) for n in x[:, 0, 0]}))
        if modality not in self.centres_:
            raise NotFittedError(f"not fitted on {modality}")
        label = x[:, 0, 1].astype(np.int64)
        chance = np.random.default_rng(int(x[0, 0, 0]))
        seen = label if self.tilt == GOOD else chance.integers(3, size=len(label))
        return np.eye(3, dtype=np.float32)[seen]


@dataclass(kw_only=True)
class Sure:
    """Draws nothing, so it has no seed; leaves out whatever is not an image or a text."""

    fitted_: tuple[str, ...] = ()

    def fit(self, views):
        self.fitted_ = tuple(v.modality for v in views.views if v.modality in (IMAGE, TEXT))
        return self

    def transform(self, modality, x, mask):
        if modality not in self.fitted_:
            raise NotFittedError(f"not fitted on {modality}")
        return np.eye(3, dtype=np.float32)[x[:, 0, 1].astype(np.int64)]


@dataclass(kw_only=True)
class Rough(Sure):
    """Surrounds the class with so much of a row's own that a random query prefers no class."""

    def transform(self, modality, x, mask):
        sure = super().transform(modality, x, mask)
        own = [np.random.default_rng(int(n)).standard_normal(2000) for n in x[:, 0, 0]]
        z = np.hstack([sure, 4 / np.sqrt(2000) * np.stack(own)])
        return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


@dataclass(kw_only=True)
class Telling(Sure):
    """Tells its epochs."""

    on_epoch: Any = field(init=False, default=None)

    def fit(self, views):
        self.on_epoch(3, 7)
        return super().fit(views)


class Plugin:
    dist = None

    def __init__(self, made):
        self.made = made
        self.value = repr(made)

    def load(self):
        return self.made


def entry(modality, number, label, **about):
    return Entry(modality, np.array([[number, label, 1.0]], np.float32), label, **about)


def tiny(data, media=(IMAGE, TEXT, AUDIO), groups=60):
    """Groups of one to three rows over all media; every row has a number of its own."""
    entries = []
    for split in ("train", "test"):
        for g in range(groups):
            for _ in range(1 + g % 3):
                n = len(entries)
                about = {"group": f"{split} {g}", "split": split}
                entries.append(entry(media[n % len(media)], n, g % 3, **about))
    return Benchmark("tiny", "classes", entries, "made up", CLASSES)


def own_dev(data):
    """Every fifth training row is for choosing, by the benchmark's own word."""
    made = tiny(data)
    entries = [
        replace(e, split="dev") if e.split == "train" and n % 5 == 0 else e
        for n, e in enumerate(made.entries)
    ]
    return replace(made, entries=entries)


def alone(data):
    """No row has a group."""
    made = tiny(data)
    return replace(made, entries=[replace(e, group="") for e in made.entries])


def photos(data):
    """Six photos with two captions each a split; a photo's number is that of its pair."""
    entries = []
    for pair in range(18):
        split = ("train", "dev", "test")[pair // 6]
        about = {"pair": pair, "group": str(pair), "split": split}
        entries.append(replace(entry(IMAGE, pair, pair % 3, **about), label=-1))
        for caption in range(2):
            number = 100 + 2 * pair + caption
            entries.append(replace(entry(TEXT, number, pair % 3, **about), label=-1))
    return Benchmark("photos", "pairs", entries, "made up")


PLUGINS = {
    "models.correlators": {"spy": Spy, "sure": Sure, "telling": Telling},
    "datasets.benchmarks": {"tiny": tiny, "own_dev": own_dev, "alone": alone, "photos": photos},
}


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    EVENTS.clear()
    made = {role: {n: Plugin(x) for n, x in own.items()} for role, own in PLUGINS.items()}
    monkeypatch.setattr(catalog, "_plugins", lambda role: made.get(role, {}))


def task_of(name) -> Task:
    return load(name, NOTHING, None, quiet)


def numbers(views):
    return {int(x[0, 0]) for view in views.views for x in view.x}


def rows_of(task, method, seeds=(0,), trials=0, **params):
    return list(run(task, method, params, seeds, trials=trials, on_progress=quiet))


# what a task holds


def test_a_part_of_train_is_for_choosing_and_no_group_is_on_two_sides():
    task = task_of("tiny")
    group = {int(e.content[0, 0]): e.group for e in task.about.entries}
    train, kept, dev, test = map(numbers, (task.train, task.kept, task.dev, task.test))
    assert kept | dev == train
    assert not kept & dev
    assert not train & test
    assert train | test == set(group)
    sides = [{group[n] for n in side} for side in (kept, dev, test)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]
    assert 0.1 < len(sides[1]) / (len(sides[0]) + len(sides[1])) < 0.4
    assert len(dev) > len(sides[1])  # some groups do have several rows
    media = {view.modality for view in task.dev.views}
    assert media == {IMAGE, TEXT, AUDIO}


def test_the_part_for_choosing_is_the_same_every_time():
    first, second = task_of("tiny"), task_of("tiny")
    assert numbers(first.dev) == numbers(second.dev)


def test_rows_without_a_group_are_a_group_each():
    task = task_of("alone")
    assert 0.1 < len(numbers(task.dev)) / len(numbers(task.train)) < 0.4


def test_rows_that_a_benchmark_sets_aside_itself_are_never_trained_on():
    task = task_of("own_dev")
    side = {int(e.content[0, 0]): e.split for e in task.about.entries}
    assert numbers(task.train) == numbers(task.kept) == {n for n in side if side[n] == "train"}
    assert numbers(task.dev) == {n for n in side if side[n] == "dev"}
    assert numbers(task.test) == {n for n in side if side[n] == "test"}


def test_rows_that_cannot_be_read_are_counted_and_the_others_keep_their_labels(monkeypatch):
    def but_every_seventh(entries, name, cache, on_progress):
        return [None if n % 7 == 0 else e.content for n, e in enumerate(entries)]

    monkeypatch.setattr(benchmark, "encoded", but_every_seventh)
    task = task_of("tiny")
    total = len(task.about.entries)
    assert task.left_out == len(range(0, total, 7))
    assert numbers(task.train) | numbers(task.test) == {n for n in range(total) if n % 7}
    for part in (task.train, task.dev, task.test):
        for view in part.views:
            assert [int(x[0, 1]) for x in view.x] == view.label.tolist()
            assert len(view.x) == len(view.pair) == len(view.ids) == len(set(view.ids))


def test_views_have_a_word_vector_a_class():
    views = task_of("tiny").train
    assert views.classes == CLASSES
    assert np.linalg.norm(views.class_vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.abs(views.class_vectors[0] - views.class_vectors[1]).max() > 0.01
    assert task_of("photos").train.class_vectors is None


def test_unknown_benchmarks_and_absent_data_are_told(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'planted'"):
        task_of("plantd")
    with pytest.raises(UsageError, match="no data at"):
        load("wikipedia", tmp_path, None, quiet)


def test_every_benchmark_is_listed_with_what_it_is():
    found = {known.name: known for known in benchmark.listed()}
    assert found["tiny"].origin.licence == "not told"
    own = {name: found[name] for name in found if name not in PLUGINS["datasets.benchmarks"]}
    assert set(own) == {"fivemedia", "flickr8k", "planted", "wikipedia", "xmedia", "xmedianet"}
    for known in own.values():
        assert known.what
        assert known.origin.source
        assert known.origin.licence


@pytest.mark.parametrize("name", catalog.names("datasets.benchmarks"))
def test_every_benchmark_says_which_files_it_wants_and_from_where(name, tmp_path):
    origin = next(known.origin for known in benchmark.listed() if known.name == name)
    if name == "planted":
        assert (origin.folder, origin.files) == ("", ())
        return
    assert "https://" in origin.address
    told = [*origin.files, origin.address, origin.licence, f"{origin.folder}/", "QUINTET_DATA"]
    with pytest.raises(UsageError, match="neither --data nor QUINTET_DATA is set") as unset:
        load(name, None, None, quiet)
    with pytest.raises(UsageError, match=f"no data at {tmp_path}/{origin.folder}") as absent:
        load(name, tmp_path, None, quiet)
    for error in (unset, absent):
        assert all(fact in str(error.value) for fact in told)
    (tmp_path / origin.folder).mkdir()
    with pytest.raises(UsageError, match=f"{origin.folder} lacks ") as empty:
        load(name, tmp_path, None, quiet)
    assert all(file in str(empty.value) for file in origin.files)


def test_the_cache_is_where_it_was_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("QUINTET_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert benchmark.cache_folder() == tmp_path / ".cache" / "quintet"
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert benchmark.cache_folder() == Path("/c/quintet")
    monkeypatch.setenv("QUINTET_CACHE", "/own")
    assert benchmark.cache_folder() == Path("/own")


# settings


@pytest.mark.parametrize("method", sorted(catalog.names(configure.ROLE)))
def test_the_grid_is_small_and_its_first_point_is_the_default(method):
    grid = settings(method, {})
    assert 1 <= len(grid) <= MAX_TRIALS
    assert len({tuple(point.items()) for point in grid}) == len(grid)
    plain, first = configure.correlator(method, {}), configure.correlator(method, grid[0])
    for known in fields(plain):
        if known.init:
            assert getattr(plain, known.name) == getattr(first, known.name)
    for point in grid:
        configure.correlator(method, point)


def test_what_is_given_is_not_tried():
    grid = settings("spy", {"tilt": "1.5"})
    assert grid == [{"tilt": "1.5", "k": "2"}, {"tilt": "1.5", "k": "3"}]
    assert settings("sure", {}) == [{}]


# choosing


@pytest.mark.parametrize(("asked", "tried"), [(0, 0), (1, 0), (2, 2), (5, 5), (6, 6), (100, 6)])
def test_no_more_settings_are_tried_than_were_asked_for(asked, tried):
    (row,) = rows_of(task_of("tiny"), "spy", trials=asked)
    assert row.trials == tried
    assert [what for what, *_ in EVENTS].count("fit") == tried + 1
    assert (row.validation is None) is (tried == 0)


def test_the_best_setting_on_validation_data_is_taken():
    (row,) = rows_of(task_of("tiny"), "spy", trials=6)
    assert row.params["tilt"] == str(GOOD)
    assert row.validation == 1.0
    assert row.figures["mean"] == 1.0
    (row,) = rows_of(task_of("tiny"), "spy")
    assert row.params == {"k": "2", "tilt": "0.5"}
    assert row.figures["mean"] < 0.6


@pytest.mark.parametrize("name", ["tiny", "own_dev"])
def test_test_rows_are_never_seen_in_choosing_and_no_others_in_the_end(name):
    task = task_of(name)
    kept, dev, train, test = map(numbers, (task.kept, task.dev, task.train, task.test))
    rows_of(task, "spy", seeds=(4, 5), trials=3)
    models = list({id(model): model for _, model, _ in EVENTS}.values())
    assert [model.seed for model in models] == [0, 0, 0, 4, 5]
    for n, model in enumerate(models):
        learnt, judged = (kept, dev) if n < 3 else (train, test)
        assert [seen for what, m, seen in EVENTS if m is model and what == "fit"] == [learnt]
        shown = [seen for what, m, seen in EVENTS if m is model and what == "transform"]
        assert set().union(*shown) == judged
    assert [what for what, *_ in EVENTS[:2]] == ["fit", "transform"]


def test_the_choice_does_not_depend_on_the_test_part():
    task = task_of("tiny")
    upset = replace(
        task,
        test=replace(
            task.test,
            views=tuple(replace(v, label=(v.label + 1) % 3) for v in task.test.views),
        ),
    )
    first, second = (rows_of(t, "spy", trials=6)[0] for t in (task, upset))
    assert (first.params, first.validation) == (second.params, second.validation)


# rows


def test_one_row_a_seed_with_all_that_it_tells():
    task = task_of("tiny")
    rows = rows_of(task, "spy", seeds=(3, 9), trials=4, k="5")
    assert [row.seed for row in rows] == [3, 9]
    for row in rows:
        assert (row.benchmark, row.method) == ("tiny", "spy")
        assert row.params == {"k": "5", "tilt": str(GOOD)}
        assert row.parameters == 3 * 3 * 5  # three media, three centres of width 5
        assert row.seconds >= 0
        to_all = {"image→all", "text→all", "audio→all"}
        assert set(row.figures) == to_all | {"mean", "image→text", "text→image"}
        assert set(row.random) == set(row.figures)


def test_a_method_that_draws_nothing_gives_one_row():
    rows = rows_of(task_of("tiny"), "sure", seeds=(0, 1, 2), trials=6)
    assert [(row.seed, row.trials, row.validation) for row in rows] == [(0, 0, None)]


def test_a_seed_among_the_hyper_parameters_is_the_one_that_is_told():
    rows = rows_of(task_of("tiny"), "spy", seeds=(0, 1, 2), seed="7")
    assert [row.seed for row in rows] == [7]
    assert [model.seed for what, model, _ in EVENTS if what == "fit"] == [7]


def test_unknown_hyper_parameters_are_told_before_anything_is_fitted():
    with pytest.raises(UnknownName, match="did you mean 'tilt'"):
        rows_of(task_of("tiny"), "spy", trials=2, tlt="1")
    assert not EVENTS


def test_progress_tells_encoding_trials_and_epochs():
    told = []
    task = task_of("tiny")
    list(run(task, "telling", {}, (0,), trials=0, on_progress=lambda *x: told.append(x)))
    assert ("telling", 3, 7) in told
    list(run(task, "spy", {}, (0,), trials=2, on_progress=lambda *x: told.append(x)))
    assert ("spy trial", 1, 2) in told


@pytest.fixture
def planted_task(monkeypatch) -> Task:
    sizes = {m: (64, 24, 4, d) for m, (_, _, _, d) in planted_module.SIZES.items()}
    monkeypatch.setattr(planted_module, "SIZES", sizes)
    return task_of("planted")


@pytest.mark.parametrize(("method", "params"), [("cca", {}), ("dfcl", QUICK)])
def test_rows_of_real_methods_can_be_made_again(planted_task, method, params):
    first, second = (
        [replace(row, seconds=0) for row in rows_of(planted_task, method, (1, 2), 0, **params)]
        for _ in range(2)
    )
    assert first == second
    assert len(first) == (2 if configure.draws(method) else 1)
    if len(first) == 2:
        assert first[0].figures != first[1].figures
    for row in first:
        assert row.figures["mean"] > row.random["mean"] + 0.05
        assert row.parameters > 100


# judging


def test_media_that_a_method_leaves_out_count_as_found_at_random():
    task = task_of("tiny")
    figures, random = judge(Rough().fit(task.train), task.test, "classes")
    assert figures == judge(Rough().fit(task.train), task.test, "classes")[0]
    assert figures["audio→all"] == pytest.approx(random["audio→all"], abs=0.06)
    # images and texts find each other, and the sounds strewn among them
    for name in ("image→all", "text→all"):
        assert 0.95 > figures[name] > random[name] + 0.2
    names = ["image→all", "text→all", "audio→all"]
    assert figures["mean"] == pytest.approx(np.mean([figures[name] for name in names]))
    assert random["mean"] == pytest.approx(np.mean([random[name] for name in names]))


def test_a_method_that_leaves_out_every_medium_is_told():
    task = task_of("tiny")
    with pytest.raises(TrainingError, match="none of image, text, audio"):
        judge(Sure(), task.test, "classes")


def test_of_two_media_each_looks_for_the_other_only(monkeypatch):
    both = {"two": Plugin(lambda data: tiny(data, media=(IMAGE, TEXT)))}
    monkeypatch.setitem(catalog._plugins("datasets.benchmarks"), "two", both["two"])
    task = task_of("two")
    figures, random = judge(Spy(tilt=GOOD).fit(task.train), task.test, "classes")
    assert figures == {"image→text": 1.0, "text→image": 1.0, "mean": 1.0}
    count = {v.modality: Counter(v.label.tolist()) for v in task.test.views}
    assert random["image→text"] == pytest.approx(max(count[TEXT].values()) / 59, abs=0.15)


def test_a_pair_finds_its_other_half(monkeypatch):
    """Three pairs a point of the space: a right one stands behind the wrong ones at its place."""
    task = task_of("photos")
    assert [v.modality for v in task.test.views] == [IMAGE, TEXT]
    assert [len(v.x) for v in task.test.views] == [6, 12]
    model = Sure().fit(task.train)
    figures, random = judge(model, task.test, "pairs")
    # six photos at three places: two photos share one, so rank 2; of four captions two are right
    assert figures["text→image R@1"] == 0
    assert figures["text→image R@5"] == 1
    assert figures["text→image median rank"] == 2
    assert figures["image→text R@1"] == 0
    assert figures["image→text median rank"] == 3
    assert random["text→image R@1"] == pytest.approx(1 / 6)
    assert random["image→text R@1"] == pytest.approx(2 / 12)
    assert set(figures) == set(random)
    shares = [value for name, value in figures.items() if "R@" in name]
    assert len(shares) == 6
    assert figures["mean"] == pytest.approx(np.mean(shares))


def test_pairs_are_chosen_by_and_tested_on_recall():
    (row,) = rows_of(task_of("photos"), "spy", trials=6)
    assert row.params["tilt"] == str(GOOD)
    assert row.figures["text→image R@5"] == 1
    assert row.trials == 6


def test_rows_longer_than_a_method_gets_and_many_of_them_are_judged(monkeypatch):
    monkeypatch.setattr(benchmark, "MAX_STEPS", 4)
    monkeypatch.setattr(benchmark, "BATCH", 7)
    task = task_of("tiny")
    longer = tuple(
        replace(v, x=[np.repeat(x, 1 + n % 9, axis=0) for n, x in enumerate(v.x)])
        for v in task.test.views
    )
    EVENTS.clear()
    model = Spy(tilt=GOOD).fit(task.train)
    figures, _ = judge(model, replace(task.test, views=longer), "classes")
    assert figures["mean"] == 1.0
    shown = [seen for what, _, seen in EVENTS if what == "transform"]
    assert max(map(len, shown)) == 7
    assert set().union(*shown) == numbers(task.test)
