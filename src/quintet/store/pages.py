"""Rows straight from the pages of a database file, where no way leads to them any more.

Tables without row ids are trees whose pages hold whole rows (the format is documented by SQLite).
Rows that reach over a page's end are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

PAGE = 4096
"""Bytes of a page, in every library that this program made."""

_MOST = (PAGE - 12) * 64 // 255 - 23
"""Bytes of the longest row that stands on its page as a whole."""

_KINDS = {10: (8, 0), 2: (12, 4)}
"""First byte of a page with rows (a leaf, or one above): bytes of its header, and before a row."""

_BYTES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)

Row = tuple[object, ...]


def rows(data: bytes) -> Iterator[Row]:
    """Every row of tables without row ids, and every entry of an index, of all pages."""
    for start in range(0, len(data), PAGE):
        page = data[start : start + PAGE]
        head = 0 if start else 100
        kind = _KINDS.get(page[head]) if len(page) == PAGE else None
        if kind is not None:
            yield from _of_page(page, head, *kind)


def _of_page(page: bytes, head: int, header: int, before: int) -> Iterator[Row]:
    count = int.from_bytes(page[head + 3 : head + 5], "big")
    first = head + header
    for at in range(first, min(first + 2 * count, PAGE - 1), 2):
        try:
            yield _row(page, int.from_bytes(page[at : at + 2], "big") + before)
        except (IndexError, ValueError):
            continue


def _row(page: bytes, at: int) -> Row:
    """The row at a place of a page.

    Raises:
        IndexError, ValueError: there is none.
    """
    size, at = _number(page, at)
    if size > _MOST or at + size > PAGE:
        raise ValueError(size)
    record = page[at : at + size]
    end, at = _number(record, 0)
    value_at, values = end, []
    while at < end:
        kind, at = _number(record, at)
        width = (kind - 12) // 2 if kind >= 12 else _BYTES[kind]
        if value_at + width > size:
            raise ValueError(width)
        values.append(_value(kind, record[value_at : value_at + width]))
        value_at += width
    return tuple(values)


def _value(kind: int, raw: bytes) -> object:
    if kind >= 13 and kind % 2:
        return raw.decode("utf-8")
    if kind == 0:
        return None
    return int.from_bytes(raw, "big", signed=True) if kind < 7 else raw


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and what stands behind it."""
    value = 0
    for n in range(8):
        byte = data[at + n]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9
