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


@dataclass(frozen=True)
class Cursor:
    """How many rows of which question were told already."""

    offset: int
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
            return cls(0, mark)
        try:
            offset, theirs = base64.urlsafe_b64decode(text.encode()).decode().split(":")
            made = cls(int(offset), theirs)
        except (ValueError, binascii.Error) as e:
            raise UsageError(f"{text[:40]!r} is no cursor; use next_cursor of a page") from e
        if made.mark != mark or made.offset < 0:
            raise UsageError("the cursor belongs to another question; begin without it")
        return made

    def after(self, rows: int) -> Self:
        """The cursor behind so many more rows."""
        return type(self)(self.offset + rows, self.mark)

    @property
    def text(self) -> str:
        """As it is sent."""
        return base64.urlsafe_b64encode(f"{self.offset}:{self.mark}".encode()).decode()
