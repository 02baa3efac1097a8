"""Judge the active model on items of the library: MAP over all results, X→All and X→Y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np

from quintet.errors import TrainingError
from quintet.evaluate.retrieval import Table, tables
from quintet.store.records import Vectors
from quintet.store.sqlite import Store
from quintet.types import OWN_CHANNEL, Float32, Int64, Item, Modality


def below(items: Sequence[Item], folder: str | None) -> list[Item]:
    """The items that have a file below the folder; all of them when it is None."""
    if folder is None:
        return list(items)
    return [
        i for i in items if any(PurePath(p).is_relative_to(folder) for p in (i.path, *i.others))
    ]


def evaluate(
    store: Store, model_id: str, items: Sequence[Item], labels: Mapping[str, str]
) -> Table:
    """Tables over the labelled items, each item's own channel as a whole.

    Raises:
        TrainingError: fewer than two labelled items have vectors of the model.
    """
    number = {name: c for c, name in enumerate(sorted(set(labels.values())))}
    z: dict[Modality, Float32] = {}
    y: dict[Modality, Int64] = {}
    wanted = {i.id for i in items if i.id in labels}
    for modality, channel in store.shelves(model_id):
        if channel is OWN_CHANNEL[modality]:
            found = store.vectors(model_id, modality, channel)
            rows = _whole(found, wanted)
            z[modality] = found.z[rows]
            classes = [number[labels[found.item_ids[row]]] for row in rows]
            y[modality] = np.array(classes, dtype=np.int64)
    count = sum(len(rows) for rows in z.values())
    if count < 2:
        raise TrainingError(
            f"{count} labelled item(s) have vectors of model {model_id}; two are needed"
        )
    return tables({m: rows for m, rows in z.items() if len(rows)}, y)


def _whole(found: Vectors, wanted: set[str]) -> list[int]:
    """Rows of the wanted items as a whole: an item's first row, its moments follow."""
    first: dict[str, int] = {}
    for row, item_id in enumerate(found.item_ids):
        if item_id in wanted:
            first.setdefault(item_id, row)
    return list(first.values())
