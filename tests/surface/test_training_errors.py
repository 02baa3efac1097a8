"""What training refuses and warns of, as a user meets it."""

import shutil

import numpy as np
import pytest

import quintet
from quintet.errors import TrainingError, UsageError
from quintet.models.correlators.cca import CCA
from quintet.types import Modality


def test_a_device_that_is_not_there_is_one_line(run, untrained):
    for command in (
        ("train", "-L", untrained, "--method", "dfcl", "device=foo"),
        ("train", "-L", untrained, "--method", "dfcl", "--dry-run", "device=foo"),
        ("benchmark", "planted", "--method", "dfcl", "device=foo"),
    ):
        done = run(*command)
        assert done.code == 2
        assert "device=foo: this machine has auto, cpu" in done.err
    with quintet.open(untrained) as lib, pytest.raises(UsageError, match="device=foo"):
        lib.train("dfcl", params={"device": "foo"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--method", "dfcl", "epochs=0"), "at least 1"),
        (("--method", "dfcl", "epochs=3", "epochs=4"), "epochs=3 and epochs=4"),
        (("--method", "attention", "width=33"), "no multiple of heads=4"),
        (("--method", "dfcl", "--seed", "3", "seed=5"), "seed 3 (--seed) and the"),
    ],
)
def test_a_dry_run_checks_all_that_a_real_run_would(run, untrained, arguments, told):
    dry = run("train", "-L", untrained, "--dry-run", *arguments)
    real = run("train", "-L", untrained, *arguments)
    assert dry.code == real.code == 2
    assert dry.err == real.err
    assert told in dry.err


def test_the_same_seed_twice_is_fine(run, untrained):
    asked = ("train", "-L", untrained, "--method", "dfcl", "--dry-run", "--seed", "5")
    assert run(*asked, "seed=5", "seed=5").code == 0


def test_two_ways_to_ask_for_seeds_of_a_benchmark_are_refused(run):
    done = run("benchmark", "planted", "--method", "dfcl", "--seeds", "3", "seed=5")
    assert done.code == 2
    assert "--seeds 3" in done.err
    assert "seed=5" in done.err


def test_a_model_without_finite_embeddings_is_refused_and_the_former_one_stays(
    trained, tmp_path, monkeypatch
):
    home = tmp_path / "copy"
    shutil.copytree(trained, home)
    sound = CCA.transform

    def broken(self, modality, x, mask):
        z = sound(self, modality, x, mask)
        return np.full_like(z, np.nan) if modality is Modality.MESH else z

    with quintet.open(home) as lib:
        models, hits = lib.models(), lib.search("car", k=50)
        monkeypatch.setattr(CCA, "transform", broken)
        with pytest.raises(TrainingError, match=r"cca gave \d+ of \d+ mesh items.*larger ridge"):
            lib.train("cca")
        monkeypatch.undo()
        assert lib.models() == models
        assert [(h.item.id, h.score) for h in lib.search("car", k=50)] == [
            (h.item.id, h.score) for h in hits
        ]


def test_a_model_that_is_no_better_than_random_is_kept_with_a_warning(run, untrained, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(untrained, home)
    done = run("train", "-L", home, "--method", "lgcfl", "sparse=1e9", "--json")
    assert done.code == 0
    quality = done.json["quality"]
    figures = f"MAP {quality['mean']:.3f}, random {quality['random_mean']:.3f}"
    assert figures in done.err
    assert done.err.startswith("warning: lgcfl finds")
    assert figures in done.json["warning"]
    good = run("train", "-L", home, "--json")
    assert "warning" not in good.json
    assert "warning" not in good.err
