"""The kept figures of the active model."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from quintet.errors import NotFittedError, UsageError
from quintet.evaluate.retrieval import tables
from quintet.flows.learning import held_out_quality
from quintet.store.records import ModelRow
from quintet.types import Modality


def store(active: str | None, **report: object) -> Any:
    kept = json.loads(json.dumps(report))
    rows = [
        ModelRow("old", "cca", "", {}, {"mean_map": 0.25}),
        ModelRow("new", "cca", "", {}, kept),
    ]
    return SimpleNamespace(active_id=lambda: active, models=lambda: rows)


def test_the_table_comes_back_as_it_was_measured() -> None:
    chance = np.random.default_rng(0)
    z = {m: chance.standard_normal((6, 3)).astype(np.float32) for m in Modality}
    measured = tables(z, {m: np.arange(6, dtype=np.int64) % 2 for m in Modality})
    assert held_out_quality(store("new", quality=measured.state())) == measured


def test_a_model_from_before_the_tables_were_kept_says_what_to_do() -> None:
    with pytest.raises(
        UsageError, match=r"mean is known: 0\.250; run quintet train again, or .*--under"
    ):
        held_out_quality(store("old"))


def test_without_a_model_there_is_nothing_to_show() -> None:
    with pytest.raises(NotFittedError, match="quintet train"):
        held_out_quality(store(None))
