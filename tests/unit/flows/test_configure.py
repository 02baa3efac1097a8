from dataclasses import dataclass
from typing import Literal

import pytest

from quintet.errors import UnknownName, UsageError
from quintet.flows import configure
from quintet.flows.configure import correlator


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
