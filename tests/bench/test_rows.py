"""The committed rows of the benchmarks were measured with what the code does today."""

import pytest

from bench import correlation
from quintet.flows import benchmark, configure

ROWS = correlation.rows()
LABELS = sorted({(row["benchmark"], row["label"]) for row in ROWS})


def of(name: str, label: str) -> list[dict]:
    return [row for row in ROWS if (row["benchmark"], row["label"]) == (name, label)]


@pytest.mark.parametrize(("name", "label"), LABELS)
def test_its_hyper_parameters_are_todays(name, label):
    for row in of(name, label):
        model = configure.correlator(row["method"], row["params"])
        assert row["settings"] == configure.settings(model)


@pytest.mark.parametrize(("name", "label"), LABELS)
def test_what_was_chosen_is_in_todays_search(name, label):
    first = of(name, label)[0]
    if first["trials"]:
        offered = benchmark.drawn(benchmark.settings(label, {}), correlation.TRIALS)
        assert first["params"] in offered
        assert first["trials"] == len(offered)


def test_every_method_has_a_row_on_every_benchmark_that_suits_it():
    assert {name for name, _ in LABELS} >= {"planted", "wikipedia", "fivemedia", "flickr8k"}
    for name in {name for name, _ in LABELS}:
        methods = {row["method"] for row in ROWS if row["benchmark"] == name}
        for label in correlation.VARIANTS.get(name, {}):
            assert of(name, label), f"{name}: {label} is not measured"
        assert len(methods) >= 10
