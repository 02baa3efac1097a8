"""What methods there are: listed from their files without importing them, described in full."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quintet import catalog
from quintet.flows import configure

ROLE = "models.correlators"


@dataclass(frozen=True)
class Method:
    """One line of the list of methods.

    Attributes:
        learns_from: ``labels``, ``pairs``, ``either``, or ``nothing``.
        what: what it is, the first line of its file.
        plugin: the package it comes from, empty for one of Quintet's own.
    """

    name: str
    learns_from: str
    what: str
    plugin: str = ""


@dataclass(frozen=True)
class HyperParameter:
    """A value that a user may set; ``tried`` are those that the benchmarks choose from."""

    name: str
    type: str
    default: Any
    meaning: str
    tried: tuple[Any, ...]


@dataclass(frozen=True)
class Description:
    """A method in full: what it computes with its source, and what can be set."""

    method: Method
    text: str
    parameters: tuple[HyperParameter, ...]


def methods() -> list[Method]:
    """All methods by name, without importing any of them."""
    return [_method(name) for name in catalog.names(ROLE)]


def describe(name: str) -> Description:
    """A method's class docstring and hyper-parameters.

    Raises:
        UnknownName: no such method; names the nearest.
    """
    kind = configure.kind(name)
    meanings = _meanings(kind)
    tried: Mapping[str, Any] = getattr(kind, "search", {})
    hints = typing.get_type_hints(kind)
    found = tuple(
        HyperParameter(
            name=f.name,
            type=_shown(hints[f.name]),
            default=_default(f),
            meaning=meanings.get(f.name, ""),
            tried=tuple(tried.get(f.name, ())),
        )
        for f in dataclasses.fields(kind)
        if f.init
    )
    return Description(_method(name), inspect.getdoc(kind) or "", found)


def _method(name: str) -> Method:
    part = catalog.source(ROLE, name)
    tree = _tree(part.module)
    if tree is None:
        return Method(name, "?", f"{part.module} has no source to read", part.package)
    what = (ast.get_docstring(tree) or "").partition("\n")[0]
    public = _assigned(tree.body, "__all__")
    owner = part.attribute or (ast.literal_eval(public)[0] if public else "")
    learns_from = _class_value(part.module, owner, "learns_from")
    return Method(name, str(learns_from or "nothing"), what, part.package)


def _tree(module: str) -> ast.Module | None:
    """The parsed source of a module; imports no more than the packages around it."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def _class_value(module: str, owner: str, name: str) -> object:
    """The literal that a class, or else the first of its bases, assigns to a name; None without."""
    tree = _tree(module)
    body = tree.body if tree else []
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == owner:
                    return _class_value(node.module, alias.name, name)
        if isinstance(node, ast.ClassDef) and node.name == owner:
            value = _assigned(node.body, name)
            if value is not None:
                return ast.literal_eval(value)
            bases = [b.id for b in node.bases if isinstance(b, ast.Name)]
            found = (_class_value(module, base, name) for base in bases)
            return next((value for value in found if value is not None), None)
    return None


def _assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    """What is assigned to a name in a body."""
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return node.value
    return None


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else None


def _shown(hint: Any) -> str:
    """A type as a person writes it.

    >>> _shown(float | None), _shown(int)
    ('float | None', 'int')
    """
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def _meanings(kind: type) -> dict[str, str]:
    """Hyper-parameter to what the ``Attributes:`` of the class or of a base say of it.

    >>> class Kind:
    ...     '''One.
    ...
    ...     Attributes:
    ...         k: width of the space; it may
    ...             be small.
    ...         a, b: switches.
    ...     '''
    >>> _meanings(Kind)
    {'k': 'width of the space; it may be small', 'a': 'switches', 'b': 'switches'}
    """
    found: dict[str, str] = {}
    for owner in reversed(kind.__mro__[:-1]):
        _, _, told = (inspect.cleandoc(owner.__doc__ or "")).partition("Attributes:\n")
        told = re.split(r"\n(?=\S)", told)[0]
        for names, text in re.findall(r"^    (\w[\w, ]*): (.*(?:\n     .*)*)", told, re.MULTILINE):
            line = " ".join(text.split()).rstrip(".")
            found |= {name.strip(): line for name in names.split(",")}
    return found
