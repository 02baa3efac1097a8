"""Wikipedia: 2 866 pairs of a picture and a text in 10 classes, as published features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, required, required_file
from quintet.datasets.matlab import check, sequences
from quintet.errors import UsageError
from quintet.types import Int64, Modality

__all__ = ["wikipedia"]

SPLITS: tuple[tuple[Split, str, str], ...] = (
    ("train", "tr", "trainset_txt_img_cat.list"),
    ("test", "te", "testset_txt_img_cat.list"),
)

WIDTHS = {Modality.IMAGE: ("I", 128), Modality.TEXT: ("T", 10)}
"""Modality to its letter in the names of variables, and its width."""

ORIGIN = Origin(
    source="Rasiwasia et al., ACM MM 2010; features as distributed with JFSSL",
    licence="research use",
    folder="wikipedia-features",
    files=("raw_features.mat", "categories.list", *(listed for _, _, listed in SPLITS)),
    address="https://github.com/BMC-SDNU/Cross-Modal-Retrieval (folder JFSSL)",
)

ABOUT = (
    "Rasiwasia et al., ACM MM 2010; research use. Image: 128-d SIFT bag of visual words; text: "
    "10-d LDA topics. 2 173 training and 693 test pairs, 10 classes; MAP over all results. "
    "Features as distributed with JFSSL in github.com/BMC-SDNU/Cross-Modal-Retrieval."
)

PUBLISHED = {
    "CCA": (0.249, 0.196),
    "SM": (0.225, 0.223),
    "SCM": (0.277, 0.226),
    "GMLDA": (0.275, 0.210),
    "GMMFA": (0.275, 0.214),
    "LCFS": (0.280, 0.214),
    "JFSSL": (0.306, 0.228),
}
"""MAP image→text and text→image on these features, as cited with the data."""


def wikipedia(data: Path) -> Benchmark:
    """The pairs below ``data/wikipedia-features``.

    Raises:
        UsageError: a file is missing or has another shape, or the files disagree.
    """
    folder = required(data, ORIGIN)
    raw = folder / "raw_features.mat"
    names = required_file(folder / "categories.list").read_text("utf-8").split()
    entries: list[Entry] = []
    for split, key, listed in SPLITS:
        label = _labels(folder / listed)
        first = len(entries) // len(WIDTHS)
        for modality, (letter, d) in WIDTHS.items():
            x = sequences(raw, f"{letter}_{key}", d)
            check(x, f"{raw} {letter}_{key}", label, folder / listed, len(names))
            entries += [
                Entry(modality, row, int(c), first + i, f"{split}-{i}", split)
                for i, (row, c) in enumerate(zip(x, label, strict=True))
            ]
    published = {k: {"image→text": a, "text→image": b} for k, (a, b) in PUBLISHED.items()}
    return Benchmark("wikipedia", "classes", entries, ABOUT, tuple(names), published)


def _labels(file: Path) -> Int64:
    """(n,) class numbers from 0: the third column, which counts from 1."""
    found = []
    for line in required_file(file).read_text("utf-8").splitlines():
        if line.strip():
            *_, number = line.split()
            if not number.isdigit():
                raise UsageError(f"{file}: {line!r} does not end in a class number")
            found.append(int(number) - 1)
    return np.array(found, dtype=np.int64)
