"""What a search page shows, as its address says: the whole state is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import quote_plus

from fastapi import Request

from quintet.api.questions import PARTS
from quintet.errors import UsageError
from quintet.flows import typed
from quintet.flows.query import Term
from quintet.service.service import Service
from quintet.types import Modality
from quintet.web import wording

FIRST, MOST = 24, 480
"""Hits shown at first, and at most."""

PER_MEDIUM = 8
"""Hits of each medium where the media are shown apart."""

SHORT = 16
"""Digits of an item's id that stand in an address."""


@dataclass(frozen=True)
class Asked:
    """One search.

    Attributes:
        q: the typed line.
        plus, minus: examples, ``item:ID``, ``item:ID#shot3`` or ``upload:ID``.
        conf: per cent; less probable hits are cut.
        reverse: the other way round.
        show: so many hits.
        group: ``medium``, ``item``, ``segment`` or ``near``.
    """

    q: str = ""
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    conf: int = 0
    sort: str = "confidence"
    reverse: bool = False
    group: str = "medium"
    show: int = FIRST

    @classmethod
    def of(cls, request: Request) -> Self:
        """The search of an address; what is out of range is put into it."""
        told = request.query_params
        return cls(
            q=told.get("q", "")[:10_000].strip(),
            plus=tuple(dict.fromkeys(told.getlist("plus")))[:25],
            minus=tuple(dict.fromkeys(told.getlist("minus")))[:25],
            conf=_number(told.get("conf", ""), 0, 0, 99),
            sort=told.get("sort", "confidence"),
            reverse=told.get("reverse") == "1",
            group=told.get("group", "medium"),
            show=_number(told.get("show", ""), FIRST, 1, MOST),
        )

    @cached_property
    def typed(self) -> typed.Typed:
        """The typed line taken apart."""
        return typed.parse(self.q)

    @property
    def wants(self) -> bool:
        """Whether something is searched for, rather than looked through."""
        return bool(self.plus or self.typed.words)

    @property
    def by_medium(self) -> bool:
        """Whether the best of each medium are shown apart."""
        return self.group == "medium" and self.wants and len(self.typed.modalities) != 1

    @property
    def empty(self) -> bool:
        """Whether nothing is asked at all."""
        return not (self.q or self.plus or self.minus)

    def options(self, here: Service) -> dict[str, Any]:
        """The arguments of ``Library.search`` that say what is searched for.

        Raises:
            UnknownName: an upload that is no longer there.
            UsageError: a filter or a part that means nothing, or too many parts.
        """
        found = self.typed
        count = len(self.plus) + len(self.minus) + len(found.unwanted)
        if count >= PARTS:
            raise UsageError(f"{count} examples; a search takes fewer than {PARTS}")
        minus = [*(Term(words=words) for words in found.unwanted)]
        return {
            "words": found.words or None,
            "plus": [term(here, part) for part in self.plus],
            "minus": [*minus, *(term(here, part) for part in self.minus)],
            "modalities": found.modalities,
            "where": found.where,
        }

    def url(self, **changes: Any) -> str:
        """The address of this search with something changed; more hits are shown only if asked."""
        new = replace(self, **{"show": FIRST, **changes})
        return new.address("/")

    def address(self, path: str) -> str:
        """The same search under a path."""
        told = [("q", self.q)] if self.q else []
        told += [("plus", part) for part in self.plus]
        told += [("minus", part) for part in self.minus]
        plain = Asked()
        for name in ("conf", "sort", "reverse", "group", "show"):
            value = getattr(self, name)
            if value != getattr(plain, name):
                told.append((name, "1" if value is True else str(value)))
        query = "&".join(
            f"{name}={quote_plus(value, safe=':', errors='replace')}" for name, value in told
        )
        return f"{path}?{query}" if query else path

    def with_filter(self, condition: str) -> str:
        """The address with the filter of a condition put in or taken out."""
        return self.url(q=typed.toggled(self.q, typed.filter_for(condition)))

    def has(self, condition: str) -> bool:
        """Whether the filter of a condition is on."""
        return typed.filter_for(condition) in self.typed.filters

    def without_filter(self, token: str) -> str:
        """The address without a typed filter."""
        return self.url(q=typed.toggled(self.q, token))

    def more_like(self, part: str) -> str:
        """The address with a wanted example more."""
        kept = tuple(p for p in self.minus if p != part)
        return self.url(plus=tuple(dict.fromkeys((*self.plus, part))), minus=kept)

    def less_like(self, part: str) -> str:
        """The address with an unwanted example more."""
        kept = tuple(p for p in self.plus if p != part)
        return self.url(minus=tuple(dict.fromkeys((*self.minus, part))), plus=kept)

    def without(self, part: str) -> str:
        """The address without an example."""
        return self.url(
            plus=tuple(p for p in self.plus if p != part),
            minus=tuple(p for p in self.minus if p != part),
        )


def term(here: Service, part: str) -> Term:
    """A part of an address as the engine knows it.

    Raises:
        UsageError: it is neither an item nor an upload.
        UnknownName: an upload that is no longer there.
    """
    kind, _, name = part.partition(":")
    if kind == "upload":
        return Term(file=here.uploads.path(name))
    if kind == "item" and name:
        item, _, segment = name.partition("#")
        return Term(item=item, segment=segment)
    raise UsageError(f"{part[:40]!r} is no part of a search; write item:ID or upload:ID")


def search_options(told: Asked, *, trained: bool) -> Mapping[str, Any]:
    """How many hits, in what order, and how probable; before training nothing is probable."""
    apart = told.by_medium
    return {
        "k": len(Modality) * PER_MEDIUM if apart else told.show + 1,
        "per_medium": PER_MEDIUM if apart else None,
        "min_confidence": told.conf / 100 if trained else 0.0,
        "sort": told.sort if told.sort in wording.SORTS else "confidence",
        "reverse": told.reverse,
        "group_by": told.group if told.group in ("item", "segment", "near") else "item",
    }


def _number(text: str, otherwise: int, low: int, high: int) -> int:
    try:
        return min(max(int(float(text)), low), high)
    except (ValueError, OverflowError):
        return otherwise
