"""planted: the same every time, of five media, with a structure that can be found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from quintet.datasets.benchmark import Benchmark
from quintet.datasets.benchmarks import planted as module
from quintet.datasets.benchmarks.planted import CLASSES, SIZES, planted
from quintet.types import Modality

SPLITS = ("train", "test")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    sizes = {m: (n // 5, n // 10, steps, d) for m, (n, _, steps, d) in SIZES.items()}
    monkeypatch.setattr(module, "SIZES", sizes)
    return planted(Path("not there"))


def test_rows_have_the_sizes_of_their_medium() -> None:
    found = planted(Path("not there"))
    count = Counter((e.modality, e.split) for e in found.entries)
    assert count == {(m, "train"): n for m, (n, *_) in SIZES.items()} | {
        (m, "test"): n for m, (_, n, *_) in SIZES.items()
    }
    for entry in found.entries:
        most, d = SIZES[entry.modality][2:]
        assert entry.content.dtype == np.float32
        assert entry.content.shape[1] == d
        assert 2 <= len(entry.content) <= most
        assert np.isfinite(entry.content).all()


def test_it_is_the_same_every_time_and_draws_from_no_global_chance(small: Benchmark) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must stay
    again = planted(Path("elsewhere"))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    for first, second in zip(small.entries, again.entries, strict=True):
        assert np.array_equal(first.content, second.content)
        assert (first.label, first.group, first.split) == (
            second.label,
            second.group,
            second.split,
        )


def test_no_two_rows_are_alike_and_none_is_paired(small: Benchmark) -> None:
    content = {e.content.tobytes() for e in small.entries}
    assert len(content) == len({e.group for e in small.entries}) == len(small.entries)
    assert {e.pair for e in small.entries} == {-1}
    assert {e.label for e in small.entries} == set(range(len(CLASSES)))


def test_classes_show_in_every_medium_but_not_plainly() -> None:
    """Nearest class mean of mean steps is right far more often than chance, and far from always."""
    found = planted(Path())
    for modality in Modality:
        own = [e for e in found.entries if e.modality is modality]
        means = {s: np.stack([e.content.mean(0) for e in own if e.split == s]) for s in SPLITS}
        label = {s: np.array([e.label for e in own if e.split == s]) for s in SPLITS}
        centres = np.stack(
            [means["train"][label["train"] == c].mean(0) for c in range(len(CLASSES))]
        )
        far = ((means["test"][:, None] - centres) ** 2).sum(2)
        right = (far.argmin(1) == label["test"]).mean()
        assert 2 / len(CLASSES) < right < 0.95
