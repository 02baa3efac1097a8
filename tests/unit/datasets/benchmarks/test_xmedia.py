"""XMedia: the files that the code of DFCL reads, cut down, and what may be wrong with them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from quintet.datasets.benchmarks.xmedia import FILES, xmedia
from quintet.errors import UsageError
from quintet.types import Modality

STEPS = {"img": 49, "vid": 20, "txt": 7, "aud": 20, "3d": 47}
TRAIN = [3, 0, 19]
TEST = [1] * 6 + [0] * 4 + [1] * 5
"""Eleven of class 1, so two for choosing; four of class 0, so none."""


def features(short: str, split: str, d: int) -> np.ndarray:
    rows = len(TRAIN) if split == "train" else len(TEST)
    chance = np.random.default_rng([len(short), rows, d])
    return chance.random((rows, STEPS[short], d), dtype=np.float32)


def write(folder: Path, file: str, split: str, **variables: np.ndarray) -> None:
    savemat(folder / file.format(split=split), variables)


def lay_out(root: Path) -> Path:
    """The folder of the data set below a root, with every file it has."""
    made = root / "xmedia"
    made.mkdir()
    for short, file, variable, d in FILES.values():
        for split in ("train", "test"):
            x = features(short, split, d)
            write(made, file, split, **{variable.format(split=split): x})
        savemat(made / f"train_{short}_lab.mat", {"lab": np.array(TRAIN, dtype=float)[:, None]})
        lines = [f"{'2_bird' if c else '1_ant'}\\{n}.x {c}\n" for n, c in enumerate(TEST)]
        (made / f"test_{short}.txt").write_text("".join(lines), "utf-8")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def test_every_medium_has_its_rows_labels_and_classes(folder: Path) -> None:
    found = xmedia(folder.parent)
    assert found.task == "classes"
    assert len(found.classes) == 20
    assert found.classes[:3] == ("ant", "bird", "class 2")
    for modality, (short, _, _, d) in FILES.items():
        own = [e for e in found.entries if e.modality is modality]
        assert [e.label for e in own] == TRAIN + TEST
        x = np.concatenate([features(short, split, d) for split in ("train", "test")])
        assert np.array_equal(np.stack([e.content for e in own]), x)
    assert len({e.group for e in found.entries}) == len(found.entries)
    assert {e.pair for e in found.entries} == {-1}


def test_the_first_fifth_of_every_class_of_the_test_list_is_for_choosing(folder: Path) -> None:
    for modality in Modality:
        own = [e for e in xmedia(folder.parent).entries if e.modality is modality]
        assert [e.split for e in own] == ["train"] * 3 + ["dev"] * 2 + ["test"] * 13
    big = [0] * 10 + [1] * 5
    for short in STEPS:
        lines = [f"1_ant\\{n}.x {c}\n" for n, c in enumerate(big)]
        (folder / f"test_{short}.txt").write_text("".join(lines), "utf-8")
    entries = [e for e in xmedia(folder.parent).entries if e.split == "dev"]
    assert Counter((e.modality, e.label) for e in entries) == {
        (m, c): n for m in Modality for c, n in ((0, 2), (1, 1))
    }


@pytest.mark.parametrize(
    "name",
    ["train_img.mat", "test_aud_mfcc_step_20.mat", "train_3d_lab.mat", "test_vid.txt"],
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"xmedia lacks {name}"):
        xmedia(folder.parent)


@pytest.mark.parametrize("modality", list(Modality))
def test_another_width_is_told_with_the_right_one(folder: Path, modality: Modality) -> None:
    _, file, variable, d = FILES[modality]
    name = file.format(split="train")
    write(folder, file, "train", **{variable.format(split="train"): np.zeros((3, 2, d + 1))})
    with pytest.raises(UsageError, match=rf"{name}: .*\(3, 2, {d + 1}\).*\(n, t, {d}\)"):
        xmedia(folder.parent)


def test_rows_and_labels_of_unequal_number_are_both_told(folder: Path) -> None:
    savemat(folder / "train_txt_lab.mat", {"lab": np.zeros((5, 1))})
    with pytest.raises(UsageError, match=r"txt_seq\.mat has 3 rows, .*txt_lab\.mat 5 labels"):
        xmedia(folder.parent)


def test_test_lists_of_unequal_number_are_told(folder: Path) -> None:
    (folder / "test_3d.txt").write_text("1_ant\\1.obj 0\n", "utf-8")
    with pytest.raises(UsageError, match=r"test_3d\.mat has 15 rows, .*test_3d\.txt 1 labels"):
        xmedia(folder.parent)


def test_labels_that_count_from_one_are_told(folder: Path) -> None:
    savemat(folder / "train_aud_lab.mat", {"lab": np.array(TRAIN) + 1})
    with pytest.raises(UsageError, match=r"train_aud_lab\.mat names class 20, 0 to 19"):
        xmedia(folder.parent)
