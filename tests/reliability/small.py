"""A library of a few hundred items with what people said of them, made without a decoder."""

import hashlib

import numpy as np

from quintet.store.records import FileRow, Record, TextRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Local, Modality, Segment, SegmentKind

SOURCE = "user"


def identity(number):
    """The id of the n-th item."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def record(number):
    """The n-th item, all of it."""
    item_id, path, text = (
        identity(number),
        f"/media/{number}.txt",
        f"Number {number} in the harbour.",
    )
    item = Item(item_id, Modality.TEXT, "txt", path, 9, 1, "2025", {"title": f"t{number}"})
    x = np.random.default_rng(number).standard_normal((2, 4)).astype(np.float32)
    return Record(
        item,
        FileRow(path, "/media", 9, 1, number),
        {Channel.WRITTEN: [Segment(SegmentKind.SENTENCE, 0, start_char=0, end_char=9, text=text)]},
        {Channel.WRITTEN: Local(x, np.zeros(2, dtype=np.int64))},
        {Channel.WRITTEN: "fake@1"},
        [TextRow("name", f"{number}.txt"), TextRow("text", text, Channel.WRITTEN, 0)],
        {"alike": [VectorRow(item_id, Channel.WRITTEN, 0, 0, x[0])]},
    )


def make(folder, count):
    """A library with labels, tags, searches and settings; its database is one settled file."""
    with Store.create(folder) as store:
        store.put([record(n) for n in range(count)])
        store.set_labels({identity(n): f"label {n}" for n in range(count)}, SOURCE)
        for n in range(0, count, 3):
            store.add_tags([identity(n)], [f"tag {n}"])
        for n in range(20):
            store.put_search(f"search {n}", {"words": f"harbour {n}"})
        store.set_setting("encoder.text", "text_pieces")
    return folder / "library.sqlite"


def annotations(count):
    """Table to the rows that ``make`` writes, as far as people said them."""
    return {
        "labels": {(identity(n), SOURCE, f"label {n}") for n in range(count)},
        "tags": {(identity(n), f"tag {n}") for n in range(0, count, 3)},
    }
