"""Conditional requests and byte ranges (RFC 9110)."""

from __future__ import annotations

import re
from dataclasses import dataclass

CACHED = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Authorization, Cookie"}
"""Of answers that are named by their content."""

_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.I)


class Unsatisfiable(ValueError):
    """No byte of the file is in the range."""


@dataclass(frozen=True)
class Span:
    """The bytes ``first .. last``, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def matches(known: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` names this version.

    >>> matches('W/"a", "b"', '"a"'), matches("*", '"a"'), matches("", '"a"')
    (True, True, False)
    """
    told = [part.strip().removeprefix("W/") for part in known.split(",")]
    return "*" in told or etag in told


def span(header: str, size: int) -> Span | None:
    """The one range that is asked for; None for the whole file.

    What is no single range of bytes is answered with the whole, as the standard allows.

    Raises:
        Unsatisfiable: it begins behind the end.

    >>> span("bytes=2-", 10), span("bytes=-3", 10), span("bytes=0-0,5-6", 10)
    (Span(first=2, last=9), Span(first=7, last=9), None)
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - int(last)), size - 1)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last), size - 1) if last else size - 1)
