"""Items as lines of CSV that no spreadsheet program takes for formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from quintet.flows.status import Details
from quintet.types import Item

COLUMNS = (
    *("id", "modality", "format", "path", "label", "tags"),
    *("size_bytes", "added_at", "missing", "metadata"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is worked out by spreadsheet programs, full-width signs by some."""


def lines(items: Iterable[Item | Details]) -> Iterator[str]:
    """A head, then a line for each item; tags and metadata are JSON in one cell."""
    yield _line(COLUMNS)
    for row in items:
        item = row.item if isinstance(row, Details) else row
        yield _line([_cell(item, name) for name in COLUMNS])


def _cell(item: Item, name: str) -> str:
    value = getattr(item, name)
    if name == "tags":
        value = json.dumps(list(value), ensure_ascii=False)
    elif name == "metadata":
        value = json.dumps(dict(value), ensure_ascii=False)
    return guarded("" if value is None else str(value))


def guarded(text: str) -> str:
    """Text as a cell: an apostrophe before what would be a formula, as OWASP advises.

    >>> guarded("=1+1"), guarded("-2"), guarded("a=b")
    ("'=1+1", "'-2", 'a=b')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(cells)
    return out.getvalue()
