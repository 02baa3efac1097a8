"""XMediaNet: the numbered files that the code of DFCL reads, cut down, and what may be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from quintet.datasets.benchmarks.xmedianet import TEST, TRAIN, xmedianet
from quintet.errors import UsageError
from quintet.types import Modality

PARTS = {Modality.IMAGE: 11, Modality.VIDEO: 2, Modality.TEXT: 11}
"""Files of the media that come in several; one row a file, so that rows tell their file."""
STEPS = 2


def name_of(modality: Modality, number: int) -> str:
    return TRAIN[modality][0].replace(r"\d+", str(number)).replace("\\", "")


def row(number: int, d: int) -> np.ndarray:
    return np.full((1, STEPS, d), number, dtype=np.float32)


def lay_out(root: Path) -> Path:
    """The folder of the data set below a root, with every file it has."""
    made = root / "xmedianet"
    made.mkdir()
    for modality, (_, variable, short, d) in TRAIN.items():
        parts = PARTS.get(modality, 1)
        for number in range(1, parts + 1):
            savemat(made / name_of(modality, number), {variable: row(number, d)})
        savemat(made / f"train_{short}_lab.mat", {"x": 100.0 + np.arange(parts)})
        file, variable = TEST[modality]
        savemat(made / file, {variable: np.concatenate([row(-1, d), row(-2, d)])})
    for name in ("img_txt", "vid"):
        savemat(made / f"test_{name}_lab.mat", {"test_lab": np.array([[199.0], [3.0]])})
    for short in ("aud", "3d"):
        text = f"zebra\\a.{short} 199\npolice_car\\b.{short} 3\n"
        (made / f"test_{short}.txt").write_text(text, "utf-8")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def test_part_files_come_in_the_order_of_their_numbers(folder: Path) -> None:
    found = xmedianet(folder.parent)
    for modality in Modality:
        own = [e for e in found.entries if (e.modality, e.split) == (modality, "train")]
        parts = PARTS.get(modality, 1)
        assert [int(e.content[0, 0]) for e in own] == list(range(1, parts + 1))  # 10 after 9
        assert [e.label for e in own] == [100 + n for n in range(parts)]
        assert {e.content.shape for e in own} == {(STEPS, TRAIN[modality][3])}


def test_test_rows_have_the_labels_of_their_medium(folder: Path) -> None:
    found = xmedianet(folder.parent)
    for modality in Modality:
        own = [e for e in found.entries if (e.modality, e.split) == (modality, "test")]
        assert [(int(e.content[0, 0]), e.label) for e in own] == [(-1, 199), (-2, 3)]
    assert len(found.classes) == 200
    assert (found.classes[199], found.classes[3], found.classes[0]) == (
        "zebra",
        "police_car",
        "class 0",
    )


def test_images_and_texts_are_paired_and_a_pair_is_one_group(folder: Path) -> None:
    found = xmedianet(folder.parent).entries
    pairs: dict[int, list[Modality]] = {}
    for entry in found:
        if entry.modality in (Modality.IMAGE, Modality.TEXT):
            pairs.setdefault(entry.pair, []).append(entry.modality)
        else:
            assert entry.pair == -1
    assert len(pairs) == 11 + 2
    assert {tuple(both) for both in pairs.values()} == {(Modality.IMAGE, Modality.TEXT)}
    for pair in pairs:
        both = [e for e in found if e.pair == pair]
        assert len({(e.group, e.split, e.label) for e in both}) == 1
    others = [e for e in found if e.pair == -1]
    assert len({e.group for e in found}) == len(pairs) + len(others)


@pytest.mark.parametrize(
    "name", ["train_3d.mat", "test_img_pool5.mat", "train_vid_lab.mat", "test_aud.txt"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match="xmedianet lacks ") as told:
        xmedianet(folder.parent)
    assert name in str(told.value).replace("\\", "")


def test_medium_without_any_part_file_is_told(folder: Path) -> None:
    for number in (1, 2):
        (folder / name_of(Modality.VIDEO, number)).unlink()
    with pytest.raises(UsageError, match="xmedianet lacks train_vid_fea_"):
        xmedianet(folder.parent)


def test_a_part_that_is_lacking_shows_in_the_count(folder: Path) -> None:
    (folder / name_of(Modality.TEXT, 4)).unlink()
    with pytest.raises(UsageError, match=r"txt_seq_.* has 10 rows, .*txt_lab\.mat 11 labels"):
        xmedianet(folder.parent)


@pytest.mark.parametrize("modality", list(Modality))
def test_another_width_is_told_with_the_right_one(folder: Path, modality: Modality) -> None:
    file, variable = TEST[modality]
    d = TRAIN[modality][3]
    savemat(folder / file, {variable: np.zeros((2, 3, d - 1))})
    with pytest.raises(UsageError, match=rf"{file}: .*\(2, 3, {d - 1}\).*\(n, t, {d}\)"):
        xmedianet(folder.parent)


def test_a_class_beyond_the_last_is_told(folder: Path) -> None:
    savemat(folder / "test_vid_lab.mat", {"test_lab": np.array([200, 3])})
    with pytest.raises(UsageError, match=r"test_vid_lab\.mat names class 200, 0 to 199"):
        xmedianet(folder.parent)


def test_parts_of_unequal_steps_are_told(folder: Path) -> None:
    file = folder / name_of(Modality.TEXT, 2)
    savemat(file, {"train_txt": np.zeros((1, STEPS + 1, 300))})
    with pytest.raises(UsageError, match=r"txt_seq_2\.mat has 3 steps a row, .*txt_seq_1\.mat 2"):
        xmedianet(folder.parent)
