"""What a query is made of: weighted words, files, items and segments, wanted or unwanted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from quintet.errors import UsageError
from quintet.types import SegmentKind

_BOOST = re.compile(
    r"(.+)\^([-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|nan|inf(?:inity)?))",
    re.DOTALL | re.IGNORECASE,
)
_SEGMENT = re.compile(rf"(.+)#((?:{'|'.join(SegmentKind)})[1-9][0-9]*)", re.DOTALL)
_FILE, _ITEM = "file:", "item:"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: words, a file, an item, or one segment of an item.

    Attributes:
        words: typed words; empty for the others.
        file: an example of any medium; it is not added.
        item: an item of the library, by path or by the first digits of its id.
        segment: of that item, like ``shot3`` or ``sentence12``, counted from 1 as hits show it.
        weight: > 0 for what is wanted, < 0 for what is not.

    >>> Term.parse("snow^2"), Term.parse("item:3fa2#shot3").segment
    (Term(words='snow', file=None, item='', segment='', weight=2.0), 'shot3')
    """

    words: str = ""
    file: Path | None = None
    item: str = ""
    segment: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        given = [bool(self.words.strip()), self.file is not None, bool(self.item)]
        if sum(given) != 1:
            raise UsageError("a part of a query is words, a file or an item: one of the three")
        if self.segment and not self.item:
            raise UsageError(f"segment {self.segment!r} of what? name its item too")
        if not math.isfinite(self.weight) or self.weight == 0:
            raise UsageError(f"weight {self.weight} of {self.name!r}: it is a number other than 0")

    @classmethod
    def parse(cls, text: str) -> Self:
        """A part as typed: words, ``file:PATH``, ``item:ITEM``, ``item:ITEM#shot3``; ``^2`` weighs.

        A weight below 0, ``^-1``, says that the part is not wanted.

        Raises:
            UsageError: there is nothing in it, or its weight is 0 or no finite number.
        """
        boosted = _BOOST.fullmatch(text.strip())
        body, weight = (boosted[1], float(boosted[2])) if boosted else (text.strip(), 1.0)
        if body in (_FILE, _ITEM):
            raise UsageError(f"{text!r} names nothing: write file:PATH or item:ITEM")
        if body.startswith(_FILE):
            return cls(file=Path(body.removeprefix(_FILE)).expanduser(), weight=weight)
        if body.startswith(_ITEM):
            item = body.removeprefix(_ITEM)
            part = _SEGMENT.fullmatch(item)
            return cls(
                item=part[1] if part else item, segment=part[2] if part else "", weight=weight
            )
        return cls(words=body, weight=weight)

    @property
    def wanted(self) -> bool:
        """Whether hits shall be like it."""
        return self.weight > 0

    @property
    def name(self) -> str:
        """What a person calls it."""
        part = f"#{self.segment}" if self.segment else ""
        return self.words or (self.file.name if self.file else f"{self.item}{part}")

    def unwanted(self) -> Self:
        """The same with a weight below 0."""
        return replace(self, weight=-abs(self.weight))

    def kind_and_number(self) -> tuple[SegmentKind, int]:
        """Kind and number from 0 of the segment.

        Raises:
            UsageError: it is not a kind of segment and a number from 1.
        """
        found = _SEGMENT.fullmatch(f"x#{self.segment}")
        if not found:
            raise UsageError(
                f"{self.segment!r} is no segment; write one as hits show it, like shot3: "
                f"{', '.join(SegmentKind)} and a number from 1"
            )
        kind = self.segment.rstrip("0123456789")
        return SegmentKind(kind), int(self.segment.removeprefix(kind)) - 1
