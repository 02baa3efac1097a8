"""The held-out part: items that the model never trains on, by which it is judged."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from quintet.types import Item

FRACTION = 0.2
"""Share of each label and modality that is held out."""


def held_out(items: Sequence[Item], labels: Mapping[str, str], seed: int = 0) -> frozenset[str]:
    """Ids of the held-out labelled items: FRACTION of every (modality, label), by content hash.

    Groups of fewer than three items keep all of them for training. The same content and seed
    always fall on the same side, so adding items does not reshuffle the others much.
    """
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        if item.id in labels:
            groups[(item.modality, labels[item.id])].append(item.id)
    chosen: set[str] = set()
    for ids in groups.values():
        count = max(1, round(FRACTION * len(ids))) if len(ids) > 2 else 0
        chosen.update(sorted(ids, key=lambda i: _order(i, seed))[:count])
    return frozenset(chosen)


def _order(item_id: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=8).digest()
