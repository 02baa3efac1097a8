"""XMedia: 12 000 items of five media in 20 classes, as feature files of DFCL's authors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, required
from quintet.datasets.matlab import check, class_names, labels, listed, sequences
from quintet.types import Int64, Modality

__all__ = ["xmedia"]

CLASSES = 20
DEV_SHARE = 5
"""Of the test list, the first of so many items of a class are for choosing: not in the published
figures, as the authors' evaluation leaves them out."""

FILES = {
    Modality.IMAGE: ("img", "{split}_img.mat", "x", 512),
    Modality.VIDEO: ("vid", "{split}_vid.mat", "x", 4096),
    Modality.TEXT: ("txt", "{split}_txt_seq.mat", "{split}_txt", 300),
    Modality.AUDIO: ("aud", "{split}_aud_mfcc_step_20.mat", "{split}_aud", 128),
    Modality.MESH: ("3d", "{split}_3d.mat", "x", 100),
}
"""Modality to short name, file, variable and width of a step."""

ORIGIN = Origin(
    source="Zhai, Peng & Xiao, TCSVT 2014; features as the code of DFCL reads them",
    licence="research use, on application to the authors at Peking University",
    folder="xmedia",
    files=tuple(
        name.format(split=split, short=short)
        for short, file, _, _ in FILES.values()
        for split, name in (
            ("train", file),
            ("test", file),
            ("train", "train_{short}_lab.mat"),
            ("test", "test_{short}.txt"),
        )
    ),
    address="https://www.icst.pku.edu.cn/mipl/lwsjjxz/dataset",
)

ABOUT = (
    "Zhai, Peng & Xiao, TCSVT 2014; on application to its authors, research use. 5 000 images and "
    "texts, 1 000 sounds, 500 videos and shapes in 20 classes; 49 × 512, t × 300, 20 × 128, "
    "20 × 4096 and 47 × 100 features in the files that the code of DFCL reads, with the lists of "
    "its evaluation (test_img.txt …) beside them. The first fifth of every class in the test lists "
    "is for choosing. MAP over all results, each medium against all, "
    "itself left out (the authors' evalMAP.m counts a query as its own first result)."
)


def xmedia(data: Path) -> Benchmark:
    """The features below ``data/xmedia``.

    Raises:
        UsageError: a file is missing or has another shape.
    """
    folder = required(data, ORIGIN)
    names: list[str] = []
    numbers: list[Int64] = []
    entries: list[Entry] = []
    for modality, (short, file, variable, d) in FILES.items():
        for split in ("train", "test"):
            features = folder / file.format(split=split)
            x = sequences(features, variable.format(split=split), d)
            if split == "train":
                place = folder / f"train_{short}_lab.mat"
                y = labels(place, "lab")
            else:
                place = folder / f"test_{short}.txt"
                found, y = listed(place)
                names += found
                numbers.append(y)
            check(x, features, y, place, CLASSES)
            splits: list[Split] = ["train"] * len(y) if split == "train" else list(_dev_first(y))
            entries += [
                Entry(modality, row, int(c), -1, f"{short}-{split}-{i}", side)
                for i, (row, c, side) in enumerate(zip(x, y, splits, strict=True))
            ]
    classes = class_names(names, np.concatenate(numbers), CLASSES)
    return Benchmark("xmedia", "classes", entries, ABOUT, classes)


def _dev_first(label: Int64) -> Iterator[Split]:
    """``dev`` for the first fifth of every class, in order; the others are ``test``."""
    seen = np.zeros(CLASSES, dtype=np.int64)
    quota = np.bincount(label, minlength=CLASSES) // DEV_SHARE
    for c in label:
        seen[c] += 1
        yield "dev" if seen[c] <= quota[c] else "test"
