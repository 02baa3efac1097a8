"""The order in which hits are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from quintet.errors import UsageError
from quintet.types import Hit

_DIGITS = re.compile(r"(\d+)")

Key = tuple[object, ...] | None


def ordered(hits: Sequence[Hit], sort: str, *, reverse: bool = False) -> list[Hit]:
    """The same hits in another order; ``rank`` still tells their place by relevance.

    Names go from A to Z, with numbers as numbers; everything else from the largest or latest.
    Hits without a value come last, in either direction, and ties stay in order of relevance.

    Args:
        sort: one of SORTS.
        reverse: the other way round.

    Raises:
        UsageError: no such order.
    """
    if sort not in SORTS:
        raise UsageError(f"sort={sort!r} is none of {', '.join(SORTS)}")
    if sort == "confidence":
        return list(hits)[::-1] if reverse else list(hits)
    keyed = [(key, hit) for hit in hits for key in [_KEYS[sort](hit)]]
    known = [(key, hit) for key, hit in keyed if key is not None]
    downwards = (sort != "name") != reverse
    known.sort(key=lambda pair: pair[0], reverse=downwards)
    return [hit for _, hit in known] + [hit for key, hit in keyed if key is None]


def _name(hit: Hit) -> Key:
    parts = _DIGITS.split(PurePath(hit.item.path).name.casefold())
    return tuple((int(p), "") if p.isdecimal() else (-1, p) for p in parts if p)


def _date(hit: Hit) -> Key:
    date = hit.item.metadata.get("date")
    return (date,) if date else None


def _duration(hit: Hit) -> Key:
    duration = hit.item.metadata.get("duration_s")
    return (float(duration),) if duration else None


_KEYS: Mapping[str, Callable[[Hit], Key]] = {
    "name": _name,
    "date": _date,
    "size": lambda hit: (hit.item.size_bytes,),
    "duration": _duration,
    "added": lambda hit: (hit.item.added_at,),
}
SORTS = ("confidence", *_KEYS)
