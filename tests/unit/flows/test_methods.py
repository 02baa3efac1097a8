import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from quintet import catalog
from quintet.errors import UnknownName
from quintet.flows.methods import describe, methods

PLUGIN = '''"""Means of everything: a plug-in of a test.

More of it.
"""
from dataclasses import dataclass

raise RuntimeError("imported")


class Base:
    learns_from = "pairs"


@dataclass(kw_only=True)
class Means(Base):
    """Means."""
'''


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in whose module may be read but not imported, and one that is gone."""
    (tmp_path / "means_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    group = "quintet.models.correlators"
    found = {
        "means": EntryPoint("means", "means_plugin:Means", group),
        "gone": EntryPoint("gone", "no_such_package.part:Gone", group),
    }
    monkeypatch.setattr(catalog, "_plugins", lambda role: found)


def test_every_method_has_a_line_that_says_what_it_is() -> None:
    found = methods()
    assert [m.name for m in found] == list(catalog.names("models.correlators"))
    for method in found:
        assert method.learns_from in ("labels", "pairs", "either", "nothing")
        assert len(method.what) > 20
        assert method.plugin == ""


@pytest.mark.parametrize("name", catalog.names("models.correlators"))
def test_what_is_read_from_the_file_is_what_the_class_says(name: str) -> None:
    kind = catalog.load("models.correlators", name)
    (listed,) = (m for m in methods() if m.name == name)
    assert listed.learns_from == getattr(kind, "learns_from", "nothing")
    assert listed.what == sys.modules[kind.__module__].__doc__.splitlines()[0]


def test_plugins_are_listed_without_being_imported(plugins: None) -> None:
    found = {m.name: m for m in methods()}
    assert found["means"].what == "Means of everything: a plug-in of a test."
    assert (found["means"].learns_from, found["means"].plugin) == ("pairs", "a plug-in")
    assert "means_plugin" not in sys.modules
    assert found["gone"].what == "no_such_package.part has no source to read"
    assert found["cca"].learns_from == "either"


def test_a_description_has_the_inherited_hyper_parameters_too() -> None:
    found = describe("dfcl")
    by_name = {p.name: p for p in found.parameters}
    assert by_name["margin"].meaning == "in squared distance of unit vectors, 0..4"
    assert by_name["updates"].type == "int | None"
    assert by_name["rows"].meaning == "rows of each modality in a batch"
    assert by_name["steps"].tried == (24, 49)
    assert by_name["seed"].tried == ()
    assert not [name for name in by_name if name.endswith("_")]
    assert "Source:" in found.text


@pytest.mark.parametrize("name", catalog.names("models.correlators"))
def test_every_method_can_be_described(name: str) -> None:
    assert describe(name).text


@pytest.mark.parametrize("name", catalog.names("models.correlators"))
def test_every_hyper_parameter_has_a_help_text_of_its_own(name: str) -> None:
    parameters = describe(name).parameters
    names = "|".join(p.name for p in parameters)
    for p in parameters:
        assert len(p.meaning) > 8, p.name
        assert not re.search(rf"\b({names})`*:", p.meaning), p


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no method named 'dfcll'; did you mean 'dfcl'"):
        describe("dfcll")
    with pytest.raises(UnknownName) as raised:
        describe("nothing like it")
    listed = str(raised.value).partition("known:")[2]
    assert listed.replace(",", "").split() == list(catalog.names("models.correlators"))
    assert max(map(len, str(raised.value).splitlines())) <= 80


def test_many_more_names_than_that_are_counted() -> None:
    told = str(UnknownName("item", "x", [f"item {n:02}" for n in range(45)]))
    assert "item 39" in told
    assert "item 40" not in told
    assert told.endswith("and 5 more")
    assert max(map(len, told.splitlines())) <= 80
    assert str(UnknownName("item", "x", [])) == "no item named 'x'; known: (none)"
