"""Judge the active model on items of the library: MAP over all results, X→All and X→Y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np

from quintet.errors import TrainingError
from quintet.evaluate.retrieval import Table, tables
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
    vectors = store.vectors(model_id)
    own = {(i.id, OWN_CHANNEL[i.modality]): i for i in items if i.id in labels}
    number = {name: c for c, name in enumerate(sorted(set(labels.values())))}
    rows: dict[Modality, list[tuple[Float32, int]]] = {}
    seen: set[str] = set()
    for item_id, channel, z in zip(vectors.item_ids, vectors.channels, vectors.z, strict=True):
        item = own.get((item_id, channel))
        if item and item_id not in seen:
            seen.add(item_id)
            rows.setdefault(item.modality, []).append((z, number[labels[item_id]]))
    if len(seen) < 2:
        raise TrainingError(
            f"{len(seen)} labelled item(s) have vectors of model {model_id}; two are needed"
        )
    z_of = {m: np.stack([z for z, _ in found]) for m, found in rows.items()}
    y_of: dict[Modality, Int64] = {
        m: np.array([y for _, y in found], dtype=np.int64) for m, found in rows.items()
    }
    return tables(z_of, y_of)
