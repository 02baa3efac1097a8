"""fivemedia: real files of five media in ten classes, put together from public sources."""

from __future__ import annotations

import csv
from pathlib import Path

from quintet.datasets.benchmark import Benchmark, Entry, required, required_file
from quintet.types import Modality

__all__ = ["fivemedia"]

ABOUT = (
    "Images CIFAR-10 and Caltech-101; texts Flickr8k, MSVD-CN (Chinese), Open English WordNet; "
    "audio ESC-10, UrbanSound8K, FSDKaggle2018; video drone and turntable clips; meshes Princeton "
    "Shape Benchmark and CAPOD; local measurement only. Ten classes, not all in every medium; "
    "groups (one recording, one object) never cross the split. MAP over all results, each medium "
    "against all."
)


def fivemedia(data: Path) -> Benchmark:
    """The files below ``data/fivemedia``, by its manifest.

    Raises:
        UsageError: the manifest is missing.
    """
    folder = required(data / "fivemedia", "the sources named in its README")
    manifest = required_file(folder / "manifest.tsv").read_text("utf-8")
    rows = list(csv.DictReader(manifest.splitlines(), delimiter="\t"))
    classes = tuple(sorted({row["class"] for row in rows}))
    entries = [
        Entry(
            modality=Modality(row["modality"]),
            content=folder / row["path"],
            label=classes.index(row["class"]),
            group=row["group"],
            split="test" if row["split"] == "test" else "train",
        )
        for row in rows
    ]
    return Benchmark("fivemedia", "classes", entries, ABOUT, classes)
