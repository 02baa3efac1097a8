"""Cursors: where a page ended, and of which question."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from quintet.errors import UsageError

MARK_BYTES = 8

FARTHEST = 10**9
"""Rows that can be passed over."""


@dataclass(frozen=True)
class Cursor:
    """Behind what a page goes on, of which question.

    Attributes:
        place: a number of rows or the last row's key; empty at the start.
    """

    place: str
    mark: str

    @classmethod
    def read(cls, text: str, question: Mapping[str, Any]) -> Self:
        """The cursor that a page gave; the start when there is none.

        Raises:
            UsageError: it is no cursor, or one of another question.
        """
        told = json.dumps(question, sort_keys=True, default=str).encode()
        mark = hashlib.blake2b(told, digest_size=MARK_BYTES).hexdigest()
        if not text:
            return cls("", mark)
        try:
            place, _, theirs = base64.urlsafe_b64decode(text.encode()).decode().rpartition(":")
        except (ValueError, binascii.Error) as e:
            raise UsageError(f"{text[:40]!r} is no cursor; use next_cursor of a page") from e
        if theirs != mark:
            raise UsageError("the cursor belongs to another question; begin without it")
        return cls(place, mark)

    @property
    def offset(self) -> int:
        """How many rows were told already.

        Raises:
            UsageError: the place is no number of rows.
        """
        if not self.place:
            return 0
        if not self.place.isascii() or not self.place.isdecimal() or len(self.place) > 10:
            raise UsageError("the cursor belongs to another question; begin without it")
        return min(int(self.place), FARTHEST)

    def after(self, rows: int) -> Self:
        """The cursor behind so many more rows."""
        return self.at(str(self.offset + rows))

    def at(self, place: str) -> Self:
        """The cursor behind a row."""
        return type(self)(place, self.mark)

    @property
    def text(self) -> str:
        """As it is sent."""
        return base64.urlsafe_b64encode(f"{self.place}:{self.mark}".encode()).decode()
