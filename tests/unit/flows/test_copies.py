"""How sure it is that an item holds the example."""

import numpy as np
import pytest

from quintet.flows.copies import EXACT, MOST_LEAD, leads, sureness
from quintet.types import Modality


@pytest.mark.parametrize("modality", list(Modality))
def test_a_lead_over_the_others_makes_a_copy(modality: Modality) -> None:
    alone = sureness(modality, np.array([0.98, 0.6, 0.5]))
    crowded = sureness(modality, np.array([0.98, 0.98, 0.97]))
    assert alone[0] > 0.8
    assert alone[1] < 0.1
    assert crowded.max() < 0.7 * alone[0]


def test_a_long_lead_among_few_is_no_copy() -> None:
    for modality in Modality:
        assert sureness(modality, np.array([0.4, 0.1])).max() < 0.5


def test_two_exact_copies_are_both_copies() -> None:
    assert (sureness(Modality.IMAGE, np.array([1.0, 1.0, 0.5]))[:2] >= EXACT).all()


def test_leads_are_over_the_best_of_the_others() -> None:
    np.testing.assert_allclose(leads(np.array([0.7])), [MOST_LEAD])
    np.testing.assert_allclose(leads(np.array([0.5, 0.9, 0.9])), [-0.4, 0.0, 0.0])
    assert len(leads(np.array([]))) == 0
