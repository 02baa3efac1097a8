"""Wikipedia: the layout as distributed, what may be wrong with it, and the real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from quintet.datasets.benchmarks.wikipedia import wikipedia
from quintet.errors import UsageError
from quintet.evaluate.retrieval import tables
from quintet.types import Modality

TRAIN = "trainset_txt_img_cat.list"


def features() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)
    shapes = {"I_tr": (4, 128), "I_te": (2, 128), "T_tr": (4, 10), "T_te": (2, 10)}
    return {name: chance.random(shape) for name, shape in shapes.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "wikipedia-features"
    made.mkdir()
    savemat(made / "raw_features.mat", features())
    (made / "categories.list").write_text("art\nbiology\nsport\n", "utf-8")
    (made / TRAIN).write_text("t0\ti0\t1\nt1\ti1\t3\nt2\ti2\t2\nt3\ti3\t3\n", "utf-8")
    (made / "testset_txt_img_cat.list").write_text("t4\ti4\t2\nt5\ti5\t1\n", "utf-8")
    return made


def test_rows_have_features_classes_pairs_and_splits(folder: Path) -> None:
    found = wikipedia(folder.parent)
    assert (found.task, found.classes) == ("classes", ("art", "biology", "sport"))
    for modality, letter in ((Modality.IMAGE, "I"), (Modality.TEXT, "T")):
        rows = [e for e in found.entries if e.modality is modality]
        assert [e.label for e in rows] == [0, 2, 1, 2, 1, 0]
        assert [e.pair for e in rows] == [0, 1, 2, 3, 4, 5]
        assert [e.split for e in rows] == ["train"] * 4 + ["test"] * 2
        x = np.concatenate([features()[f"{letter}_tr"], features()[f"{letter}_te"]])
        assert np.array_equal(np.stack([e.content for e in rows])[:, 0], x.astype(np.float32))


def test_a_pair_is_one_group(folder: Path) -> None:
    found = wikipedia(folder.parent).entries
    assert len({e.group for e in found}) == len({(e.group, e.pair) for e in found}) == 6


def test_without_the_folder_the_message_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data at .*wikipedia-features.*github\.com"):
        wikipedia(tmp_path)


@pytest.mark.parametrize(
    "name", ["raw_features.mat", "categories.list", TRAIN, "testset_txt_img_cat.list"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"wikipedia-features lacks {name}"):
        wikipedia(folder.parent)


def test_lists_and_features_of_unequal_length_are_both_told(folder: Path) -> None:
    savemat(folder / "raw_features.mat", features() | {"T_tr": np.zeros((3, 10))})
    with pytest.raises(UsageError, match=rf"raw_features\.mat T_tr has 3 rows, .*{TRAIN} 4 labels"):
        wikipedia(folder.parent)


def test_another_width_is_told_with_the_right_one(folder: Path) -> None:
    savemat(folder / "raw_features.mat", features() | {"I_te": np.zeros((2, 100))})
    with pytest.raises(UsageError, match=r"raw_features\.mat: I_te is \(2, 1, 100\).*128"):
        wikipedia(folder.parent)


@pytest.mark.parametrize(("last", "told"), [("t3\ti3\tart", "art"), ("t3\ti3\t4", "names class 3")])
def test_a_line_without_a_known_class_is_told(folder: Path, last: str, told: str) -> None:
    (folder / TRAIN).write_text(f"t0\ti0\t1\nt1\ti1\t3\nt2\ti2\t2\n{last}\n", "utf-8")
    with pytest.raises(UsageError, match=rf"{TRAIN}.*{told}"):
        wikipedia(folder.parent)


@pytest.mark.data
def test_the_real_files_are_those_of_the_published_figures(data: Path) -> None:
    found = wikipedia(data)
    assert len(found.classes) == 10
    split = {
        (m, s): [e for e in found.entries if (e.modality, e.split) == (m, s)]
        for m in (Modality.IMAGE, Modality.TEXT)
        for s in ("train", "test")
    }
    assert {key: len(rows) for key, rows in split.items()} == {
        (Modality.IMAGE, "train"): 2173,
        (Modality.TEXT, "train"): 2173,
        (Modality.IMAGE, "test"): 693,
        (Modality.TEXT, "test"): 693,
    }
    assert {e.label for e in found.entries} == set(range(10))
    topics = np.stack([e.content[0] for e in split[Modality.TEXT, "train"]])
    assert np.allclose(topics.sum(axis=1), 1, atol=1e-3)  # shares of ten topics
    chance = np.random.default_rng(0)
    z = {m: chance.standard_normal((693, 16)).astype(np.float32) for m, s in split if s == "test"}
    label = {m: np.array([e.label for e in split[m, "test"]]) for m in z}
    table = tables(z, label)
    expected = table.random_each[Modality.IMAGE, Modality.TEXT]
    assert expected == pytest.approx(0.118, abs=0.002)
    assert table.to_each[Modality.IMAGE, Modality.TEXT] == pytest.approx(expected, abs=0.005)
