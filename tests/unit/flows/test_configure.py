import pytest

from quintet.errors import UnknownName, UsageError
from quintet.flows.configure import correlator


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
