"""XMediaNet: 100 000 items of five media in 200 classes, as feature files of DFCL's authors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, required
from quintet.datasets.matlab import check, class_names, labels, listed, sequences
from quintet.errors import UsageError
from quintet.types import Float32, Int64, Modality

__all__ = ["xmedianet"]

CLASSES = 200

TRAIN = {
    Modality.IMAGE: (r"train_img_pool5_\d+\.mat", "train_img_sub", "img", 512),
    Modality.VIDEO: (r"train_vid_fea_\d+\.mat", "train_fea", "vid", 4096),
    Modality.TEXT: (r"train_txt_seq_\d+\.mat", "train_txt", "txt", 300),
    Modality.AUDIO: (r"train_aud_mfcc_step_128\.mat", "train_aud", "aud", 128),
    Modality.MESH: (r"train_3d\.mat", "train_3d", "3d", 100),
}
"""Modality to its files (in order of their numbers), variable, short name and width."""

TEST = {
    Modality.IMAGE: ("test_img_pool5.mat", "test_img"),
    Modality.VIDEO: ("test_vid_fea.mat", "test_fea"),
    Modality.TEXT: ("test_txt_seq.mat", "test_txt"),
    Modality.AUDIO: ("test_aud_mfcc_step_128.mat", "test_aud"),
    Modality.MESH: ("test_3d.mat", "test_3d"),
}

PAIRED = frozenset({Modality.IMAGE, Modality.TEXT})
"""Row i of the images and row i of the texts belong together."""

ORIGIN = Origin(
    source="Peng, Huang & Zhao, TCSVT 2018; features as the code of DFCL reads them",
    licence="research use, on application to the authors at Peking University",
    folder="xmedianet",
    files=(
        *(name.replace(r"\d+", "*").replace("\\", "") for name, *_ in TRAIN.values()),
        *(f"train_{short}_lab.mat" for *_, short, _ in TRAIN.values()),
        *(name for name, _ in TEST.values()),
        *("test_img_txt_lab.mat", "test_vid_lab.mat", "test_aud.txt", "test_3d.txt"),
    ),
    address="https://www.icst.pku.edu.cn/mipl/lwsjjxz/dataset",
)

ABOUT = (
    "Peng, Huang & Zhao, TCSVT 2018; on application to its authors, research use. 40 000 images "
    "and texts in pairs, 10 000 videos and sounds, 2 000 shapes in 200 classes; 49 × 512, t × 300, "
    "t × 4096, t × 128 and 47 × 100 features in the files that the code of DFCL reads, with the "
    "lists of its evaluation beside them. MAP over all results, each medium against all, "
    "itself left out (the authors' evalMAP.m counts a query as its own first result)."
)


def xmedianet(data: Path) -> Benchmark:
    """The features below ``data/xmedianet``.

    Raises:
        UsageError: a file is missing or has another shape.
    """
    folder = required(data, ORIGIN)
    entries: list[Entry] = []
    for modality, (pattern, variable, short, d) in TRAIN.items():
        x = _joined(_numbered(folder, pattern), variable, d)
        place = folder / f"train_{short}_lab.mat"
        y = labels(place, "x")
        check(x, f"{folder} {pattern}", y, place, CLASSES)
        entries += _entries(modality, x, y, "train")
    for modality, (file, variable) in TEST.items():
        x = sequences(folder / file, variable, TRAIN[modality][3])
        place, y = _test_labels(folder, modality)
        check(x, folder / file, y, place, CLASSES)
        entries += _entries(modality, x, y, "test")
    names, numbers = listed(folder / "test_3d.txt")
    return Benchmark("xmedianet", "classes", entries, ABOUT, class_names(names, numbers, CLASSES))


def _numbered(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern in the order of the numbers in their names.

    Raises:
        UsageError: there is none.
    """
    found = [file for file in folder.iterdir() if re.fullmatch(pattern, file.name)]
    if not found:
        raise UsageError(f"{folder} lacks {pattern}; the data set is not complete")
    return sorted(found, key=lambda file: [int(n) for n in re.findall(r"\d+", file.stem)])


def _joined(files: list[Path], variable: str, d: int) -> Float32:
    parts = [sequences(file, variable, d) for file in files]
    steps = parts[0].shape[1]
    for file, part in zip(files, parts, strict=True):
        if part.shape[1] != steps:
            raise UsageError(f"{file} has {part.shape[1]} steps a row, {files[0]} {steps}")
    return np.concatenate(parts)


def _test_labels(folder: Path, modality: Modality) -> tuple[Path, Int64]:
    if modality in PAIRED:
        place = folder / "test_img_txt_lab.mat"
        return place, labels(place, "test_lab")
    if modality is Modality.VIDEO:
        place = folder / "test_vid_lab.mat"
        return place, labels(place, "test_lab")
    place = folder / f"test_{TRAIN[modality][2]}.txt"
    return place, listed(place)[1]


def _entries(modality: Modality, x: Float32, y: Int64, split: Split) -> Iterator[Entry]:
    first = 0 if split == "train" else 10_000_000
    for i, (row, c) in enumerate(zip(x, y, strict=True)):
        pair = first + i if modality in PAIRED else -1
        group = f"{split}-{i}" if modality in PAIRED else f"{modality}-{split}-{i}"
        yield Entry(modality, row, int(c), pair, group, split)
