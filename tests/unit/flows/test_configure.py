import dataclasses
from dataclasses import dataclass
from typing import Literal

import pytest

from quintet.catalog import names
from quintet.errors import UnknownName, UsageError
from quintet.flows import configure
from quintet.flows.configure import asked, correlator, kind


@dataclass(kw_only=True)
class Made:
    sizes: tuple[int, ...] = (1,)
    pooling: Literal["mean", "max"] = "mean"
    share: tuple[float, float] | None = None


def test_values_take_the_type_of_the_field():
    method = correlator("dfcl", {"lr": "0.001", "epochs": "3", "mmd": "no"})
    assert (method.lr, method.epochs, method.mmd) == (0.001, 3, False)


def test_a_typo_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'epochs'"):
        correlator("dfcl", {"epoch": "3"})


def test_a_wrong_type_names_both():
    with pytest.raises(UsageError, match=r"epochs='many' is not .*int"):
        correlator("dfcl", {"epochs": "many"})


def test_an_unknown_method_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'dfcl'"):
        correlator("dfclx", {})


def test_inherited_fields_are_set_and_what_fit_uses_is_not():
    assert correlator("dfcl", {"weight_decay": "0.5"}).weight_decay == 0.5
    for name in ("checkpoint", "on_epoch", "weights_"):
        with pytest.raises(UnknownName, match="no hyper-parameter of dfcl") as raised:
            correlator("dfcl", {name: "x"})
        assert name not in str(raised.value).partition("known:")[2]
    with pytest.raises(UnknownName, match="did you mean 'weight_decay'"):
        correlator("dfcl", {"weight_decai": "0.5"})


def test_tuples_and_choices_take_the_type_of_the_field(monkeypatch):
    monkeypatch.setattr(configure, "kind", lambda method: Made)
    made = correlator("made", {"sizes": "(64, 32)", "pooling": "max", "share": "0.5,1"})
    assert (made.sizes, made.pooling, made.share) == ((64, 32), "max", (0.5, 1.0))
    assert correlator("made", {"share": "none"}).share is None
    with pytest.raises(UsageError, match=r"pooling='middle' is not .*mean.*max"):
        correlator("made", {"pooling": "middle"})
    with pytest.raises(UsageError, match="sizes='a,b' is not"):
        correlator("made", {"sizes": "a,b"})


@pytest.mark.parametrize(
    ("method", "name", "value", "bound"),
    [
        ("accord", "rank", "0", "at least 1"),
        ("accord", "rank", "-1", "at least 1"),
        ("accord", "gamma", "nan", "more than 0"),
        ("accord", "levelling", "2", "at most 1"),
        ("dfcl", "epochs", "0", "at least 1"),
        ("dfcl", "updates", "0", "at least 1"),
        ("dfcl", "lr", "-1", "more than 0"),
        ("dfcl", "lr", "0", "more than 0"),
        ("dfcl", "margin", "inf", "at least 0"),
        ("dfcl", "dropout", "1", "less than 1"),
        ("dfcl", "weight_decay", "-1", "at least 0"),
        ("dfcl", "seed", "99999999999999999999", "at most"),
        ("jrl", "sparse", "nan", "at least 0"),
    ],
)
def test_numbers_that_no_method_can_work_with_are_refused(method, name, value, bound):
    with pytest.raises(UsageError, match=f"{name}=.* {bound}"):
        correlator(method, {name: value})


@pytest.mark.parametrize("method", names("models.correlators"))
def test_every_default_and_every_tried_value_is_within_its_bounds(method):
    made = kind(method)
    tried = {f.name: [f.default] for f in dataclasses.fields(made) if f.init}
    for name, values in getattr(made, "search", {}).items():
        tried[name] += values
    for name, values in tried.items():
        for value in values:
            correlator(method, {name: "none" if value is None else str(value)})


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("attention", {"width": "33"}, "width=33 is no multiple of heads=4; try width=32"),
        ("ccl", {"coarse": "no", "fine_parts": "no"}, "coarse=no and fine_parts=no"),
        ("cmdn", {"intra": "no", "inter": "no"}, "intra=no and inter=no"),
        ("corr_ae", {"rebuild": "all"}, "own, other, both, not 'all'"),
        ("dfcl", {"compare": "words"}, "classes or space, not 'words'"),
        ("kcca", {"kernel": "rbff"}, "did you mean 'rbf'"),
        ("accord", {"landmarks": "0"}, "landmarks=0: .* at least 1"),
    ],
)
def test_values_that_do_not_go_together_are_refused_before_any_fit(method, params, told):
    with pytest.raises(UsageError, match=told):
        correlator(method, params)
    with pytest.raises(UsageError, match=told):
        asked(method, params, None)


def test_one_seed_is_for_the_split_and_the_method():
    assert asked("dfcl", {}, None) == ({"seed": "0"}, 0)
    assert asked("dfcl", {}, 3) == ({"seed": "3"}, 3)
    assert asked("dfcl", {"seed": "5"}, None) == ({"seed": "5"}, 5)
    assert asked("dfcl", {"seed": "5", "lr": "0.1"}, 5) == ({"seed": "5", "lr": "0.1"}, 5)
    assert asked("cca", {}, 3) == ({}, 3)


@pytest.mark.parametrize("seed", [0, 3])
def test_two_seeds_are_refused_by_both_values(seed):
    with pytest.raises(UsageError, match=rf"seed {seed} .* seed=5"):
        asked("dfcl", {"seed": "5"}, seed)
    with pytest.raises(UnknownName, match="no hyper-parameter of cca named 'seed'"):
        asked("cca", {"seed": "5"}, 5)
