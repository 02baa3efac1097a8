"""Canonical correlation: few wide rows are solved as many narrow ones are."""

import numpy as np
import pytest

from quintet.maths.canonical import maxvar
from quintet.types import Modality


@pytest.mark.parametrize("wide", [50, 300])
def test_turning_rows_into_a_wider_space_changes_no_result(wide: int) -> None:
    """40 rows of 20 features, turned into 50 or 300 of them: fewer rows than features."""
    chance = np.random.default_rng(0)
    objects = dict.fromkeys((Modality.IMAGE, Modality.TEXT), np.arange(40))
    narrow = {m: chance.standard_normal((40, 20)) for m in objects}
    turns = {m: np.linalg.qr(chance.standard_normal((wide, 20)))[0] for m in objects}
    turned = {m: x @ turns[m].T for m, x in narrow.items()}
    plan = {"k": 5, "ridge": 0.1, "rank": 15}
    first, second = maxvar(narrow, objects, **plan), maxvar(turned, objects, **plan)
    z = np.vstack([narrow[m] @ first[m] for m in objects])
    again = np.vstack([turned[m] @ second[m] for m in objects])
    np.testing.assert_allclose(again @ again.T, z @ z.T, atol=1e-9)
