"""Who belongs to whom in a batch, and hinges, against plain loops."""

import numpy as np
import torch
from torch import Tensor

from quintet.nets.batches import Part
from quintet.nets.matching import hinges, meetings
from quintet.types import Modality

IMAGE, TEXT, AUDIO = Modality.IMAGE, Modality.TEXT, Modality.AUDIO


def part(objects: list[int], label: list[int] | None = None) -> Part:
    none = torch.zeros(len(objects), 1, 2)
    known = label or [-1] * len(objects)
    mask = torch.ones(len(objects), 1, dtype=torch.bool)
    return Part(none, mask, torch.tensor(known), torch.tensor(objects))


def numbered(start: int) -> Tensor:
    return torch.arange(start, start + 4)[:, None].float()


def test_filler_meets_nobody_and_rows_of_one_object_belong_together() -> None:
    batch = {IMAGE: part([5, -1, 5, 7]), TEXT: part([5, 6, 5, 7]), AUDIO: part([-1] * 4)}
    found = list(meetings(batch, {m: numbered(10 * i) for i, m in enumerate(batch)}))
    assert len(found) == 1  # audio has only filler
    x, y, right = found[0]
    assert x.ravel().tolist() == [0, 2, 3]
    assert y.ravel().tolist() == [10, 12, 13]
    assert right.tolist() == [[True, True, False], [True, True, False], [False, False, True]]


def test_rows_of_one_known_class_belong_together_when_asked() -> None:
    batch = {IMAGE: part([1, 2, 3, 4], [0, 0, -1, -1]), TEXT: part([1, 2, 3, 4], [0, 0, -1, -1])}
    z = {m: numbered(0) for m in batch}
    assert next(meetings(batch, z))[2].sum() == 4
    told = next(meetings(batch, z, classes=True))[2]
    assert told.sum() == 6
    assert told[0, 1]
    assert not told[2, 3]  # two unknown classes are not one class


def test_hinges_are_those_of_a_plain_loop() -> None:
    chance = np.random.default_rng(0)
    s, right = chance.uniform(-1, 1, (5, 5)), np.eye(5, dtype=bool)
    right[0, 3] = True
    expected = np.zeros((10, 5))
    for i in range(5):
        for j in range(5):
            if not right[i, j]:
                expected[i, j] = max(0, 0.3 + s[i, j] - s[i, i])
            if not right[j, i]:
                expected[5 + i, j] = max(0, 0.3 + s[j, i] - s[i, i])
    found = hinges(torch.tensor(s), torch.tensor(right), 0.3)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
