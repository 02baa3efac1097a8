"""Fits done by workers: the same space, whichever process made it."""

import numpy as np
import pytest
from test_compare import library, silent

from quintet.flows import configure
from quintet.flows.compare import compare
from quintet.flows.fitting_there import fitter
from quintet.flows.spread import several
from quintet.flows.train import fit_space
from quintet.types import Modality


@pytest.fixture(scope="module")
def workers():
    with several(None, 2) as made:
        yield made


def test_both_fits_of_a_training_are_those_that_are_made_here(workers):
    data = library(noise=4.0)
    params = {"seed": "1"}
    heard = []
    together = fitter(workers, data, "accord", params, lambda *told: heard.append(told))
    there = fit_space(data, _never, seed=3, refit=True, on_progress=silent, together=together)
    here = fit_space(
        data,
        lambda: configure.correlator("accord", params),
        seed=3,
        refit=True,
        on_progress=silent,
    )
    assert there.judged.quality == here.judged.quality
    assert there.space.known_words == here.space.known_words
    assert there.space.modalities == here.space.modalities
    rows = [data.local[i.id] for i in data.items if i.modality is Modality.IMAGE]
    np.testing.assert_allclose(
        there.space.embed(Modality.IMAGE, rows), here.space.embed(Modality.IMAGE, rows), atol=1e-5
    )
    assert heard == [("fit", n, 2) for n in range(3)]


def _never():
    raise AssertionError("a fit was made here")


def test_compared_figures_do_not_depend_on_where_the_fits_are_made(workers):
    data = library(noise=4.0)
    here = compare(data, ["cca", "identity"], range(2), silent)
    there = compare(data, ["cca", "identity"], range(2), silent, workers)
    for one, other in zip(here, there, strict=True):
        assert dict(one.to_all) == dict(other.to_all)
        assert (one.mean, one.spread, one.problem) == (other.mean, other.spread, other.problem)
        assert (one.parameters, one.random) == (other.parameters, other.random)
    assert "one width" in there[1].problem
