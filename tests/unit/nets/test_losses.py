import pytest
import torch

from quintet.nets.losses import pairwise_mmd, triplet

ANCHORS = torch.eye(3)


def test_rows_on_their_vectors_lose_nothing_and_the_others_pay_the_margin() -> None:
    label = torch.tensor([0, 1, 2])
    assert float(triplet(ANCHORS, ANCHORS, label, margin=1.0)) == 0
    # |z - own|^2 = 2; the other vectors are at 0 and 2: (1 + 2 + 1) / 2
    assert float(triplet(ANCHORS, ANCHORS, label.roll(1), margin=1.0)) == pytest.approx(2)


def test_a_wider_margin_costs_more() -> None:
    label = torch.tensor([0, 1, 2])
    assert float(triplet(ANCHORS, ANCHORS, label, margin=2.5)) == pytest.approx(0.5)


def test_no_row_or_one_class_loses_nothing() -> None:
    none = torch.zeros(0, 3, requires_grad=True)
    assert float(triplet(none, ANCHORS, torch.zeros(0, dtype=torch.long), 1.0).detach()) == 0
    assert float(triplet(ANCHORS[:1], ANCHORS[:1], torch.tensor([0]), 1.0)) == 0


def test_discrepancy_is_the_mean_over_every_two() -> None:
    near, far = torch.zeros(4, 3), torch.full((4, 3), 9.0)
    alone = float(pairwise_mmd([near, far]))
    assert float(pairwise_mmd([near, near, far])) == pytest.approx(alone * 2 / 3)
    assert float(pairwise_mmd([near])) == 0
