"""fivemedia: entries by its manifest, what may be wrong with that, and the real files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from quintet.datasets.benchmarks.fivemedia import fivemedia
from quintet.errors import UsageError
from quintet.types import Modality

HEAD = "split\tclass\tmodality\tpath\tsource\tgroup"
ROWS = (
    "test\tdog\taudio\ttest/dog/a.ogg\tesc10\tse/1",
    "train\tcar\timage\ttrain/car/b.png\tcifar10\tc/2",
    'train\tdog\ttext\ttrain/dog/"c.txt\tflickr8k\tf/3',
)


def write(folder: Path, head: str, *rows: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.tsv").write_text("\n".join([head, *rows]) + "\n", "utf-8")


def test_lines_of_the_manifest_are_entries_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "fivemedia"
    write(folder, HEAD, *ROWS)
    found = fivemedia(tmp_path)
    assert (found.task, found.classes) == ("classes", ("car", "dog"))
    assert [(e.modality, e.label, e.group, e.split) for e in found.entries] == [
        (Modality.AUDIO, 1, "se/1", "test"),
        (Modality.IMAGE, 0, "c/2", "train"),
        (Modality.TEXT, 1, "f/3", "train"),
    ]
    names = ["test/dog/a.ogg", "train/car/b.png", 'train/dog/"c.txt']
    assert [e.content for e in found.entries] == [folder / name for name in names]
    assert {e.pair for e in found.entries} == {-1}


def test_without_folder_or_manifest_the_message_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data at .*fivemedia"):
        fivemedia(tmp_path)
    (tmp_path / "fivemedia").mkdir()
    with pytest.raises(UsageError, match=r"fivemedia lacks manifest\.tsv"):
        fivemedia(tmp_path)


@pytest.mark.parametrize(
    ("head", "row", "told"),
    [
        (HEAD.removesuffix("\tgroup"), ROWS[0], "lacks the column group"),
        (HEAD, ROWS[1].replace("image", "smell"), "smell"),
        (HEAD, ROWS[1].replace("train\t", "valid\t"), "valid"),
        (HEAD, "train\tcar\timage", "line 3"),
    ],
)
def test_a_wrong_manifest_is_told(tmp_path: Path, head: str, row: str, told: str) -> None:
    write(tmp_path / "fivemedia", head, ROWS[0], row)
    with pytest.raises(UsageError, match=rf"manifest\.tsv.*{told}"):
        fivemedia(tmp_path)


@pytest.mark.data
def test_the_real_manifest_holds_its_counts_and_keeps_groups_whole(data: Path) -> None:
    found = fivemedia(data)
    assert len(found.classes) == 10
    count = Counter((e.modality, e.split) for e in found.entries)
    assert [count[m, "train"] for m in Modality] == [883, 81, 467, 244, 140]
    assert all(count[m, "test"] for m in Modality)
    sides: dict[str, set[str]] = {}
    for entry in found.entries:
        # CIFAR-10 counts the pictures of every class from 0: the number alone is no picture
        inside = f"{entry.label}/" if entry.group.startswith("cifar10/") else ""
        sides.setdefault(inside + entry.group, set()).add(entry.split)
    crossing = [group for group, seen in sides.items() if len(seen) > 1]
    assert crossing == ["msvd/vid1601.mp4"]  # parachutes in train, passengers in test
    assert "" not in sides
    assert len(sides) < len(found.entries)  # some rows do share a group
    assert all(e.content.is_file() for e in found.entries)
