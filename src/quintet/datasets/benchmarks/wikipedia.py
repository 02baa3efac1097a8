"""Wikipedia: 2 866 pairs of a picture and a text in 10 classes, as published features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from quintet.datasets.benchmark import Benchmark, Entry, Split, required, required_file
from quintet.errors import UsageError
from quintet.types import Float32, Modality

__all__ = ["wikipedia"]

SPLITS: tuple[tuple[Split, str, str], ...] = (
    ("train", "tr", "trainset_txt_img_cat.list"),
    ("test", "te", "testset_txt_img_cat.list"),
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
        UsageError: a file is missing, or the files disagree.
    """
    folder = required(data / "wikipedia-features", "github.com/BMC-SDNU/Cross-Modal-Retrieval")
    raw = loadmat(required_file(folder / "raw_features.mat"))
    names = required_file(folder / "categories.list").read_text("utf-8").split()
    entries: list[Entry] = []
    for split, key, listed in SPLITS:
        rows = required_file(folder / listed).read_text("utf-8").split("\n")
        label = [int(row.split()[2]) - 1 for row in rows if row.strip()]
        for modality, letter in ((Modality.IMAGE, "I"), (Modality.TEXT, "T")):
            x: Float32 = np.asarray(raw[f"{letter}_{key}"], dtype=np.float32)
            if len(x) != len(label):
                raise UsageError(f"{listed} has {len(label)} rows, {letter}_{key} {len(x)}")
            first = sum(e.modality is modality for e in entries)
            entries += [
                Entry(modality, x[i][None], c, first + i, f"{split}-{i}", split)
                for i, c in enumerate(label)
            ]
    published = {k: {"image→text": a, "text→image": b} for k, (a, b) in PUBLISHED.items()}
    return Benchmark("wikipedia", "classes", entries, ABOUT, tuple(names), published)
