"""Flickr8k: photos and captions as distributed, what may be missing, and the real files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from quintet.datasets.benchmarks.flickr8k import SPLITS, flickr8k
from quintet.errors import UsageError
from quintet.types import Modality

PHOTOS = {"train": ["3.jpg", "1.jpg"], "dev": ["4.jpg"], "test": ["2.jpg"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "flickr8k"
    (made / "images").mkdir(parents=True)
    (made / "images" / "1.jpg").touch()
    for split, photos in PHOTOS.items():
        (made / SPLITS[split]).write_text("\n".join(photos) + "\n", "utf-8")
    lines = [f"{n}.jpg#{k}\tdog {n} says\t{k} .\n" for n in (1, 2, 3, 4, 9) for k in range(5)]
    (made / "Flickr8k.token.txt").write_text("".join(lines), "utf-8")
    return made


def test_every_photo_stands_before_its_five_captions(folder: Path) -> None:
    found = flickr8k(folder.parent)
    assert found.task == "pairs"
    assert len(found.entries) == 4 * 6
    order = [p for split in ("train", "dev", "test") for p in PHOTOS[split]]
    for pair, photo in enumerate(order):
        rows = [e for e in found.entries if e.pair == pair]
        assert [e.modality for e in rows] == [Modality.IMAGE] + [Modality.TEXT] * 5
        assert rows[0].content == folder / "images" / photo
        assert [e.content for e in rows[1:]] == [f"dog {photo[0]} says\t{k} ." for k in range(5)]
        assert {e.group for e in rows} == {photo}
        assert {photo in PHOTOS[e.split] for e in rows} == {True}
        assert {e.label for e in rows} == {-1}


def test_figures_of_others_are_shares(folder: Path) -> None:
    published = flickr8k(folder.parent).published
    assert published["KCCA (Hodosh 2013)"]["image→text R@1"] == pytest.approx(0.083)
    assert all(0 < value < 1 for row in published.values() for value in row.values())


@pytest.mark.parametrize("name", ["Flickr8k.token.txt", *SPLITS.values()])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"flickr8k lacks {name}"):
        flickr8k(folder.parent)


def test_a_listed_photo_without_a_caption_is_named(folder: Path) -> None:
    (folder / SPLITS["dev"]).write_text("4.jpg\n7.jpg\n", "utf-8")
    with pytest.raises(UsageError, match=rf"{SPLITS['dev']} lists 7\.jpg.*token\.txt"):
        flickr8k(folder.parent)


@pytest.mark.data
def test_the_real_files_hold_the_official_split(data: Path) -> None:
    found = flickr8k(data).entries
    count = Counter((e.modality, e.split) for e in found)
    photos = {"train": 6000, "dev": 1000, "test": 1000}
    assert count == {(Modality.IMAGE, s): n for s, n in photos.items()} | {
        (Modality.TEXT, s): 5 * n for s, n in photos.items()
    }
    captions = Counter(e.pair for e in found if e.modality is Modality.TEXT)
    assert set(captions.values()) == {5}
    assert len({(e.group, e.split) for e in found}) == len({e.pair for e in found}) == 8000
    assert all(e.content.is_file() for e in found if e.modality is Modality.IMAGE)
