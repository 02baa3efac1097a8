"""Hyper-parameters given as text (``lr=0.001``) to a method's typed fields."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from quintet import catalog
from quintet.errors import UnknownName, UsageError

ROLE = "models.correlators"

MAY_BE_NONE = frozenset({"seed", "voters", "warm_up", "graphs"})
"""Counts that may be 0; all others are at least 1."""

POSITIVE = frozenset({"lr", "gamma", "temperature", "scale", "sharpness", "noise", "spread"})
"""Quantities that may not be 0, as they divide or multiply everything."""

SHARES = frozenset({"dropout", "levelling", "pair_share"})
"""Quantities of at most 1; ``dropout`` is less."""

LARGEST = 2**31 - 1

_TRUTH = {"true": True, "yes": True, "on": True, "1": True}
_FALSE = {"false": False, "no": False, "off": False, "0": False}


def correlator(method: str, params: Mapping[str, str]) -> Any:
    """The method of that name with its hyper-parameters set.

    Raises:
        UnknownName: no such method, or no such hyper-parameter of it; names the nearest.
        UsageError: a value that does not fit the field's type, is out of its bounds, contradicts
            another, or names a device that this machine has not.
    """
    made = kind(method)
    hints = typing.get_type_hints(made)
    known = [f.name for f in dataclasses.fields(made) if f.init]
    for name in params:
        if name not in known:
            raise UnknownName(f"hyper-parameter of {method}", name, known)
    given = {name: _read(name, text, hints[name]) for name, text in params.items()}
    for name, value in given.items():
        _check(name, value)
    chosen = made(**given)
    if hasattr(chosen, "check"):
        chosen.check()
    return chosen


def _check(name: str, value: Any) -> None:
    """Refuse numbers that no method can work with.

    Raises:
        UsageError: the number is out of its bounds; names them.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    least: float = 0
    if isinstance(value, int) and name not in MAY_BE_NONE:
        least = 1
    most = 1 if name in SHARES else LARGEST
    inside = least <= value <= most and math.isfinite(value)
    if name in POSITIVE or name == "dropout":
        inside = inside and value != (1 if name == "dropout" else 0)
    if not inside:
        above = "more than 0" if name in POSITIVE else f"at least {least:g}"
        below = "less than 1" if name == "dropout" else f"at most {most:g}"
        raise UsageError(f"{name}={value}: it must be {above} and {below}")


def kind(method: str) -> Any:
    """The class of a correlator.

    Raises:
        UnknownName: no such method; names the nearest.
    """
    if method not in catalog.names(ROLE):
        raise UnknownName("method", method, catalog.names(ROLE))
    return catalog.load(ROLE, method)


def draws(method: str) -> bool:
    """Whether a method draws anything at random, so that seeds differ."""
    return any(f.name == "seed" for f in dataclasses.fields(kind(method)))


def settings(model: Any) -> dict[str, str]:
    """Every hyper-parameter of a method as text, the seed aside."""
    fields = (f.name for f in dataclasses.fields(model) if f.init and f.name != "seed")
    return {name: str(getattr(model, name)) for name in fields}


def seeded(method: str, params: Mapping[str, str], seed: int) -> dict[str, str]:
    """The hyper-parameters with the seed among them, if the method draws anything at random."""
    return {"seed": str(seed), **params} if draws(method) else dict(params)


def asked(method: str, params: Mapping[str, str], seed: int | None) -> tuple[dict[str, str], int]:
    """What a training is asked for, checked: all hyper-parameters, and the seed of the split.

    Args:
        seed: None for the one among the hyper-parameters, or else 0.

    Raises:
        UnknownName: no such method, or no such hyper-parameter of it; names the nearest.
        UsageError: a value that the method does not take, or two seeds that differ.
    """
    own = getattr(correlator(method, params), "seed", None) if "seed" in params else None
    if own is not None and seed is not None and own != seed:
        raise UsageError(
            f"seed {seed} (--seed) and the hyper-parameter seed={own} differ; give one"
        )
    chosen = next((s for s in (seed, own) if s is not None), 0)
    params = seeded(method, params, chosen)
    correlator(method, params)
    return params, chosen


def _read(name: str, text: str, hint: Any) -> Any:
    kinds = _kinds(hint)
    for kind in kinds:
        try:
            return _as(kind, text)
        except ValueError:
            continue
    raise UsageError(f"{name}={text!r} is not {' or '.join(map(_called, kinds))}")


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The plain types that a field takes; None comes first so that ``none`` is not a word.

    >>> [kind.__name__ for kind in _kinds(int | None)]
    ['NoneType', 'int']
    """
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kinds = [k for part in typing.get_args(hint) for k in _kinds(part)]
        return tuple(sorted(kinds, key=lambda k: k is not type(None)))
    return (hint,)


def _called(kind: Any) -> str:
    return str(kind.__name__) if typing.get_origin(kind) is None else str(kind)


def _as(kind: Any, text: str) -> Any:
    origin = typing.get_origin(kind) or kind
    if origin is type(None):
        if text.lower() in ("none", "auto"):
            return None
        raise ValueError(text)
    if origin is bool:
        known = _TRUTH | _FALSE
        if text.lower() not in known:
            raise ValueError(text)
        return known[text.lower()]
    if origin is tuple:
        return _tuple(typing.get_args(kind), text)
    if origin is typing.Literal:
        return _choice(typing.get_args(kind), text)
    return origin(text)


def _tuple(kinds: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    """``1,2`` or ``(1, 2)`` to a tuple of what the hint says, numbers without one.

    >>> _tuple((int, ...), "(64, 32)"), _tuple((), "0.5,1")
    ((64, 32), (0.5, 1.0))
    """
    parts = [part.strip(" '\"") for part in text.strip("()[] ").split(",") if part.strip()]
    return tuple(_as(kinds[0] if kinds else float, part) for part in parts)


def _choice(choices: tuple[Any, ...], text: str) -> Any:
    """The choice that is written so.

    >>> _choice(("mean", "max"), "max")
    'max'
    """
    for choice in choices:
        if str(choice) == text:
            return choice
    raise ValueError(text)
