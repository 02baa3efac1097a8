"""``--where`` conditions: KEY=VALUE and the like, to SQL with parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quintet.errors import FilterError
from quintet.types import Modality

_CONDITION = re.compile(r"\s*([^=!<>~\s][^=!<>~]*?)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_FILE = "EXISTS (SELECT 1 FROM files f WHERE f.item_id = i.id AND {})"
_OF_ITEM = "EXISTS (SELECT 1 FROM {} x WHERE x.item_id = i.id AND {})"

KEYS = (
    "modality",
    "format",
    "folder",
    "name",
    "path",
    "label",
    "tag",
    "date",
    "duration",
    "size",
    "missing",
    "id",
)
"""Keys that every item has; any other key is looked up in the metadata."""


def clause(conditions: Sequence[str], modalities: Sequence[Modality]) -> tuple[str, list[object]]:
    """An SQL expression over items ``i`` and its parameters.

    Raises:
        FilterError: a condition that is not KEY, operator, VALUE, or whose value is no number
            where one is needed.
    """
    parts: list[str] = ["1"]
    values: list[object] = []
    if modalities:
        parts.append(f"i.modality IN ({', '.join('?' * len(modalities))})")
        values += [m.value for m in modalities]
    for condition in conditions:
        sql, parameters = _one(condition)
        parts.append(sql)
        values += parameters
    return " AND ".join(parts), values


def _one(condition: str) -> tuple[str, list[object]]:
    found = _CONDITION.fullmatch(condition)
    if not found or not found[3]:
        raise FilterError(
            f"{condition!r} is not KEY=VALUE, KEY!=VALUE, KEY~PART, KEY<VALUE or KEY>VALUE; "
            f"keys: {', '.join(KEYS)}, or any metadata key"
        )
    key, operator, value = found[1].lower(), found[2], found[3]
    if operator == "!=":
        sql, parameters = _positive(key, "=", value, condition)
        return f"NOT {sql}", parameters
    return _positive(key, operator, value, condition)


def _positive(key: str, operator: str, value: str, condition: str) -> tuple[str, list[object]]:
    if key in ("size", "duration"):
        column = "i.size_bytes" if key == "size" else "i.duration_s"
        return f"({column} {_number_operator(operator, condition)} ?)", [_number(value, condition)]
    if key == "missing":
        yes = value.lower() in ("yes", "true", "1")
        has = _FILE.format("f.missing = 0")
        return (f"NOT {has}" if yes else has), []
    column, wrap = _column(key)
    sql, parameter = _compare(column, operator, value)
    extra: list[object] = [key] if wrap.startswith("EXISTS (SELECT 1 FROM metadata") else []
    return wrap.format(sql), [*extra, parameter]


def _column(key: str) -> tuple[str, str]:
    """The column a key compares, and the expression around the comparison."""
    if key in ("modality", "format", "date", "id"):
        return f"i.{key}", "({})"
    if key == "path":
        return "f.path", _FILE
    if key == "name":
        return "replace(f.path, rtrim(f.path, replace(f.path, '/', '')), '')", _FILE
    if key == "folder":
        return "rtrim(f.path, replace(f.path, '/', ''))", _FILE
    if key in ("label", "tag"):
        return f"x.{key}", _OF_ITEM.format(f"{key}s", "{}")
    return "x.value", _OF_ITEM.format("metadata", "lower(x.key) = ? AND {}")


def _compare(column: str, operator: str, value: str) -> tuple[str, object]:
    if operator == "~":
        return f"instr(lower({column}), lower(?)) > 0", value
    if operator == "=" and column.startswith("rtrim"):
        return f"instr(lower({column}), lower(?)) > 0", f"/{value.strip('/')}/"
    if operator == "=":
        return f"lower({column}) = lower(?)", value
    return f"{column} {operator} ?", value


def _number_operator(operator: str, condition: str) -> str:
    if operator == "~":
        raise FilterError(f"{condition!r}: ~ looks for part of a text; use =, < or > for a number")
    return operator


def _number(value: str, condition: str) -> float:
    """A number, with k, M, G after sizes, or minutes and hours as 1:30 or 1:00:00."""
    try:
        if ":" in value:
            seconds = 0.0
            for part in value.split(":"):
                seconds = 60 * seconds + float(part)
            return seconds
        unit = value[-1].lower()
        return float(value[:-1]) * _UNITS[unit] if unit in _UNITS else float(value)
    except ValueError as e:
        raise FilterError(f"{condition!r}: {value!r} is no number, size or time") from e
