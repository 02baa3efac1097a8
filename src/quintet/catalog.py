"""Find the implementations of a role: its files and its entry points, imported late.

A plug-in registers under the entry-point group ``quintet.<role>``, for example
``quintet.models.encoders``. It may add names, never redefine a built-in one.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from quintet.errors import UnknownName, UsageError


def names(role: str) -> tuple[str, ...]:
    """All names of a role, sorted, without importing any of them.

    >>> "dfcl" in names("models.correlators")
    True
    """
    return tuple(sorted({*_files(role), *_plugins(role)}))


@dataclass(frozen=True)
class Source:
    """Where an implementation is written.

    Attributes:
        attribute: its name in the module; empty where ``__all__`` says it.
        package: the distribution of a plug-in, empty for a built-in one.
    """

    module: str
    attribute: str = ""
    package: str = ""


def source(role: str, name: str) -> Source:
    """Where the implementation called ``name`` is written; imports nothing.

    Raises:
        UnknownName: no such file or entry point; the message gives the nearest.
    """
    if name in _files(role):
        return Source(f"quintet.{role}.{name}")
    plugin = _plugins(role).get(name)
    if plugin is None:
        raise UnknownName(role.rsplit(".", 1)[-1].rstrip("s"), name, names(role))
    package = plugin.dist.name if plugin.dist else "a plug-in"
    return Source(plugin.module, plugin.attr, package)


def load(role: str, name: str) -> Any:
    """The one public name of the file (or the object of the entry point) called ``name``.

    Raises:
        UnknownName: no such file or entry point; the message gives the nearest.
        MissingExtra: the file needs an optional library that is not installed.
    """
    if name in _files(role):
        module = importlib.import_module(f"quintet.{role}.{name}")
        (public,) = module.__all__
        return getattr(module, public)
    plugins = _plugins(role)
    if name in plugins:
        return plugins[name].load()
    raise UnknownName(role.rsplit(".", 1)[-1].rstrip("s"), name, names(role))


@cache
def _files(role: str) -> frozenset[str]:
    package = importlib.import_module(f"quintet.{role}")
    return frozenset(m.name for m in pkgutil.iter_modules(package.__path__))


@cache
def _plugins(role: str) -> dict[str, EntryPoint]:
    found = {p.name: p for p in entry_points(group=f"quintet.{role}")}
    clash = sorted(set(found) & _files(role))
    if clash:
        raise UsageError(
            f"plug-in {found[clash[0]].value!r} redefines the built-in {role} {clash[0]!r}; "
            "give it another name"
        )
    return found
