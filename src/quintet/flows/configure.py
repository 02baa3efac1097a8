"""Hyper-parameters given as text (``lr=0.001``) to a method's typed fields."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from quintet import catalog
from quintet.errors import UnknownName, UsageError

_TRUTH = {"true": True, "yes": True, "on": True, "1": True}
_FALSE = {"false": False, "no": False, "off": False, "0": False}


def correlator(method: str, params: Mapping[str, str]) -> Any:
    """The method of that name with its hyper-parameters set.

    Raises:
        UnknownName: no such method, or no such hyper-parameter of it; names the nearest.
        UsageError: a value that does not fit the field's type.
    """
    made = catalog.load("models.correlators", method)
    hints = typing.get_type_hints(made)
    known = [f.name for f in dataclasses.fields(made) if f.init]
    for name in params:
        if name not in known:
            raise UnknownName(f"hyper-parameter of {method}", name, known)
    return made(**{name: _read(name, text, hints[name]) for name, text in params.items()})


def kind(method: str) -> Any:
    """The class of a correlator.

    Raises:
        UnknownName: no such method; names the nearest.
    """
    return catalog.load("models.correlators", method)


def draws(method: str) -> bool:
    """Whether a method draws anything at random, so that seeds differ."""
    return any(f.name == "seed" for f in dataclasses.fields(kind(method)))


def seeded(method: str, params: Mapping[str, str], seed: int) -> dict[str, str]:
    """The hyper-parameters with the seed among them, if the method draws anything at random."""
    return {"seed": str(seed), **params} if draws(method) else dict(params)


def _read(name: str, text: str, hint: Any) -> Any:
    for kind in _kinds(hint):
        try:
            return _as(kind, text)
        except ValueError:
            continue
    wanted = " or ".join(k.__name__ for k in _kinds(hint))
    raise UsageError(f"{name}={text!r} is not {wanted}")


def _kinds(hint: Any) -> tuple[type, ...]:
    """The plain types that a field takes; None comes first so that ``none`` is not a word.

    >>> [kind.__name__ for kind in _kinds(int | None)]
    ['NoneType', 'int']
    """
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kinds = [k for part in typing.get_args(hint) for k in _kinds(part)]
        return tuple(sorted(kinds, key=lambda k: k is not type(None)))
    origin = typing.get_origin(hint)
    return (origin or hint,)


def _as(kind: type, text: str) -> Any:
    if kind is type(None):
        if text.lower() in ("none", "auto"):
            return None
        raise ValueError(text)
    if kind is bool:
        known = _TRUTH | _FALSE
        if text.lower() not in known:
            raise ValueError(text)
        return known[text.lower()]
    if kind is tuple:
        return tuple(float(part) for part in text.split(","))
    return kind(text)
