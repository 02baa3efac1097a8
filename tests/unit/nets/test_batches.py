from itertools import islice

import numpy as np
import torch

from quintet.nets.batches import Pool, mixed
from quintet.types import Modality

CPU = torch.device("cpu")


def pool(*labels: int) -> Pool:
    """Row i holds its own number in 1 + i % 3 steps."""
    x = [np.full((1 + i % 3, 2), i, dtype=np.float32) for i in range(len(labels))]
    return Pool(x, np.array(labels, dtype=np.int64))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_batch_holds_so_many_rows_of_every_medium() -> None:
    pools = {Modality.IMAGE: pool(*[0, 1] * 5), Modality.MESH: pool(0)}
    found = list(mixed(pools, 4, CPU)(seeded()))
    assert len(found) == 3
    for batch in found:
        assert {m: len(part.label) for m, part in batch.items()} == dict.fromkeys(pools, 4)


def test_values_masks_and_labels_stay_together() -> None:
    (batch,) = mixed({Modality.TEXT: pool(3, -1, 5, 3)}, 8, CPU, updates=1)(seeded())
    part = batch[Modality.TEXT]
    for x, mask, label in zip(part.x, part.mask, part.label.tolist(), strict=True):
        row = int(x[0, 0])
        assert int(mask.sum()) == 1 + row % 3
        assert label == [3, -1, 5, 3][row]
        assert not x[~mask].any()


def test_rare_classes_are_drawn_as_often_and_all_rows_before_one_repeats() -> None:
    labels = [0] * 12 + [1] * 2
    (batch,) = mixed({Modality.AUDIO: pool(*labels)}, 24, CPU, updates=1)(seeded())
    part = batch[Modality.AUDIO]
    assert torch.bincount(part.label).tolist() == [12, 12]
    rows = [int(x[0, 0]) for x in part.x]
    assert sorted(r for r in rows if r < 12) == list(range(12))


def test_the_generator_alone_decides() -> None:
    epoch = mixed({Modality.IMAGE: pool(*range(9))}, 3, CPU)

    def rows(seed: int) -> list[float]:
        return [
            float(v) for b in islice(epoch(seeded(seed)), 3) for v in b[Modality.IMAGE].x[:, 0, 0]
        ]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)
