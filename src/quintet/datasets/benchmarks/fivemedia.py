"""fivemedia: real files of five media in ten classes, put together from public sources."""

from __future__ import annotations

import csv
from pathlib import Path

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, required, required_file
from quintet.errors import UsageError
from quintet.types import Modality

__all__ = ["fivemedia"]

COLUMNS = ("split", "class", "modality", "path", "group")
SPLITS: dict[str, Split] = {"train": "train", "test": "test"}

ORIGIN = Origin(
    source="put together here from CIFAR-10, Caltech-101, Flickr8k, MSVD-CN, Open English WordNet, "
    "ESC-10, UrbanSound8K, FSDKaggle2018, drone and turntable clips, Princeton Shape Benchmark and "
    "CAPOD",
    licence="that of each source; the whole is for local measurement and is not passed on",
    folder="fivemedia",
    files=("manifest.tsv",),
    address="the sources, e.g. https://www.cs.toronto.edu/~kriz/cifar.html, "
    "https://github.com/karolpiczak/ESC-10, https://shape.cs.princeton.edu/benchmark/; any files "
    f"in a manifest.tsv with the columns {', '.join(COLUMNS)} will do",
)

ABOUT = (
    "Images CIFAR-10 and Caltech-101; texts Flickr8k, MSVD-CN (Chinese), Open English WordNet; "
    "audio ESC-10, UrbanSound8K, FSDKaggle2018; video drone and turntable clips; meshes Princeton "
    "Shape Benchmark and CAPOD; local measurement only. Ten classes, not all in every medium; "
    "groups (one recording, one object) do not cross the split, but for one clip that has a "
    "caption on either side, of another class. MAP over all results, each medium against all."
)


def fivemedia(data: Path) -> Benchmark:
    """The files below ``data/fivemedia``, by its manifest.

    Raises:
        UsageError: the manifest is missing, or a line of it cannot be read.
    """
    folder = required(data, ORIGIN)
    rows = _rows(required_file(folder / "manifest.tsv"))
    classes = tuple(sorted({row["class"] for row in rows}))
    entries = [
        Entry(
            modality=Modality(row["modality"]),
            content=folder / row["path"],
            label=classes.index(row["class"]),
            group=row["group"],
            split=SPLITS[row["split"]],
        )
        for row in rows
    ]
    return Benchmark("fivemedia", "classes", entries, ABOUT, classes)


def _rows(manifest: Path) -> list[dict[str, str]]:
    lines = manifest.read_text("utf-8").splitlines()
    read = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    for column in COLUMNS:
        if column not in (read.fieldnames or ()):
            raise UsageError(f"{manifest} lacks the column {column}")
    rows = []
    for row in read:
        where = f"{manifest}, line {read.line_num}"
        if any(row[column] is None for column in COLUMNS):
            raise UsageError(f"{where} has too few columns")
        if row["modality"] not in set(Modality):
            raise UsageError(f"{where}: {row['modality']!r} is not one of {', '.join(Modality)}")
        if row["split"] not in SPLITS:
            raise UsageError(f"{where}: {row['split']!r} is not one of {', '.join(SPLITS)}")
        rows.append(row)
    return rows
