"""Metadata of any file as one flat mapping of short, clean lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_ENTRIES = 64
MAX_CHARS = 2_000
"""A longer value is cut here; nothing that a person types into a tag is longer."""


def flat(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Pairs to a mapping: lower-case names, one-line values, empty ones left out, first one wins.

    >>> flat([("Title", " A\\x00 day\\n"), ("title", "B"), ("artist", None)])
    {'title': 'A day'}
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        key, text = one_line(name).lower(), one_line(value)
        if key and text and key not in found:
            found[key] = text
        if len(found) >= MAX_ENTRIES:
            break
    return found


def one_line(value: object) -> str:
    """A value as one line of printable characters; None is empty, bytes are UTF-8 or Latin-1."""
    if value is None:
        return ""
    text = as_text(value) if isinstance(value, bytes) else str(value)
    kept = "".join(c if _printable(c) else " " for c in text[: 4 * MAX_CHARS])
    return " ".join(unicodedata.normalize("NFC", kept).split())[:MAX_CHARS]


def as_text(value: bytes) -> str:
    """Bytes of a tag as text: UTF-8 where they are, Latin-1 otherwise."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Cf", "Zl", "Zp", "Cn")
