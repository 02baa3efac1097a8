"""Flickr8k: 8 091 photos with five captions each; find the photo of a caption and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quintet.datasets.benchmark import Benchmark, Entry, Origin, Split, required, required_file
from quintet.errors import UsageError
from quintet.types import Modality

__all__ = ["flickr8k"]

SPLITS: Mapping[Split, str] = {
    "train": "Flickr_8k.trainImages.txt",
    "dev": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}

ORIGIN = Origin(
    source="Hodosh, Young & Hockenmaier, JAIR 2013",
    licence="non-commercial research and education",
    folder="flickr8k",
    files=("Flickr8k.token.txt", *SPLITS.values(), "images/*.jpg"),
    address="https://hockenmaier.cs.illinois.edu/8k-pictures.html",
)

ABOUT = (
    "Hodosh, Young & Hockenmaier, JAIR 2013; non-commercial research and education. Photos "
    "(here squashed to 128 × 128) with five captions each; official split of 6 000 / 1 000 / "
    "1 000 photos. Recall at 1, 5, 10 and median rank among 1 000 photos and 5 000 captions; "
    "nothing pretrained."
)

PUBLISHED = {
    "KCCA (Hodosh 2013)": (8.3, 7.6),
    "DeFrag (ImageNet features)": (12.6, 9.7),
    "m-RNN (ImageNet features)": (14.5, 11.5),
    "DVSA (ImageNet features)": (16.5, 11.8),
}
"""R@1 image→text and text→image in percent, on full-size photos, as cited with the data."""


def flickr8k(data: Path) -> Benchmark:
    """The photos and captions below ``data/flickr8k``.

    Raises:
        UsageError: a file is missing, or a listed photo has no caption.
    """
    folder = required(data, ORIGIN)
    told = folder / "Flickr8k.token.txt"
    captions: dict[str, list[str]] = {}
    for line in required_file(told).read_text("utf-8").splitlines():
        name, _, caption = line.partition("\t")
        if caption.strip():
            captions.setdefault(name.split("#")[0], []).append(caption)
    entries: list[Entry] = []
    pair = 0
    for split, listed in SPLITS.items():
        for photo in required_file(folder / listed).read_text("utf-8").split():
            if photo not in captions:
                raise UsageError(f"{listed} lists {photo}, of which {told} has no caption")
            place = folder / "images" / photo
            entries.append(Entry(Modality.IMAGE, place, -1, pair, photo, split))
            entries += [
                Entry(Modality.TEXT, caption, -1, pair, photo, split) for caption in captions[photo]
            ]
            pair += 1
    published = {
        k: {"image→text R@1": a / 100, "text→image R@1": b / 100} for k, (a, b) in PUBLISHED.items()
    }
    return Benchmark("flickr8k", "pairs", entries, ABOUT, published=published)
