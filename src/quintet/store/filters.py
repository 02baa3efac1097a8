"""``--where`` conditions: KEY=VALUE and the like, to SQL with parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from quintet.errors import FilterError
from quintet.media import languages
from quintet.store.packing import path_key, storable
from quintet.types import Modality

_CONDITION = re.compile(r"\s*([^=!<>~\s][^=!<>~]*?)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_DATE = re.compile(r"\d{1,4}|\d{4}-\d{0,2}|\d{4}-\d\d-\d{0,2}|\d{4}-\d\d-\d\d[T ].*", re.ASCII)
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
    "added",
    "duration",
    "size",
    "language",
    "missing",
    "id",
)
"""Keys that every item has; any other key is looked up in the metadata."""


def keys(conditions: Sequence[str]) -> list[str]:
    """What the conditions are about."""
    return [_parsed(condition)[0] for condition in conditions]


def metadata_keys(conditions: Sequence[str]) -> list[str]:
    """The keys of the conditions that must be looked up in the metadata."""
    return [key for key in keys(conditions) if key not in KEYS]


def clause(
    conditions: Sequence[str], modalities: Sequence[Modality], known: Sequence[str] = ()
) -> tuple[str, list[object]]:
    """An SQL expression over items ``i`` and its parameters.

    Args:
        known: the metadata keys, lower case, that at least one item has.

    Raises:
        FilterError: a condition that is not KEY, operator, VALUE; a key that no item has; a value
            that is no number, no medium or neither yes nor no where one is needed.
    """
    parts: list[str] = ["1"]
    values: list[object] = []
    if modalities:
        parts.append(f"i.modality IN ({', '.join('?' * len(modalities))})")
        values += [m.value for m in modalities]
    for condition in conditions:
        sql, parameters = _one(condition, known)
        parts.append(sql)
        values += parameters
    return " AND ".join(parts), values


def _parsed(condition: str) -> tuple[str, str, str]:
    found = _CONDITION.fullmatch(condition)
    if not found or not found[3]:
        raise FilterError(
            f"{condition!r} is not KEY=VALUE, KEY!=VALUE, KEY~PART, KEY<VALUE or KEY>VALUE; "
            f"keys: {', '.join(KEYS)}, or any metadata key"
        )
    return found[1].lower(), found[2], found[3]


def _one(condition: str, known: Sequence[str]) -> tuple[str, list[object]]:
    key, operator, value = _parsed(condition)
    if key not in KEYS and key not in known:
        listed = ", ".join([*KEYS, *sorted(known)[:20]])
        raise FilterError(f"{condition!r}: no item has a key {key!r}; known: {listed}")
    if operator == "!=":
        sql, parameters = _positive(key, "=", value, condition)
        return f"NOT coalesce({sql}, 0)", parameters
    return _positive(key, operator, value, condition)


def _positive(key: str, operator: str, value: str, condition: str) -> tuple[str, list[object]]:
    if key in ("size", "duration"):
        column = "i.size_bytes" if key == "size" else "i.duration_s"
        return f"({column} {_number_operator(operator, condition)} ?)", [_number(value, condition)]
    if key == "missing":
        has = _FILE.format("f.missing = 0")
        return (f"NOT {has}" if _yes(operator, value, condition) else has), []
    if key in ("date", "added"):
        column = "i.date" if key == "date" else "i.added_at"
        return _date(column, operator, storable(value), condition)
    if key == "language" and operator == "=":
        value = languages.code(value)
    if key == "modality" and operator == "=" and value.lower() not in set(Modality):
        raise FilterError(f"{condition!r}: the media are {', '.join(Modality)}")
    column, wrap = _column(key)
    stored = path_key(value) if column.startswith(("f.path", "replace", "rtrim")) else value
    sql, parameters = _compare(column, operator, storable(stored))
    extra: list[object] = [key] if wrap.startswith("EXISTS (SELECT 1 FROM metadata") else []
    return wrap.format(sql), [*extra, *parameters]


def _column(key: str) -> tuple[str, str]:
    """The column a key compares, and the expression around the comparison."""
    if key in ("modality", "format", "id"):
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


def _compare(column: str, operator: str, value: str) -> tuple[str, list[object]]:
    case = "lower" if value.isascii() else "fold"  # lower is many times as fast
    if operator == "~":
        return f"instr({case}({column}), {case}(?)) > 0", [value]
    if operator == "=" and column.startswith("rtrim"):
        return f"instr({case}({column}), {case}(?)) > 0", [f"/{value.strip('/')}/"]
    number = _amount(value) if column == "x.value" else None
    if number is not None:
        same = f"CAST({column} AS REAL) {operator} ? AND {column} GLOB '[0-9.+-]*'"
        if operator != "=":
            return f"({same})", [number]
        whole = f"{column} NOT GLOB '*[^0-9.+-]*'"  # 2019-05 = 2019 is not meant, nor is 50mm = 50
        return f"(lower({column}) = lower(?) OR ({same} AND {whole}))", [value, number]
    if operator == "=":
        return f"{case}({column}) = {case}(?)", [value]
    return f"{column} {operator} ?", [value]


def _date(column: str, operator: str, value: str, condition: str) -> tuple[str, list[object]]:
    """Dates compare as far as they are given: 2019 is all of that year."""
    if operator == "~":
        return f"instr({column}, ?) > 0", [value]
    if not _DATE.fullmatch(value):
        raise FilterError(f"{condition!r}: write a date as 2019, 2019-05 or 2019-05-31")
    return f"(substr({column}, 1, ?) {operator} ?)", [len(value), value]


def _yes(operator: str, value: str, condition: str) -> bool:
    answers = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if operator != "=" or value.lower() not in answers:
        raise FilterError(f"{condition!r}: write missing=yes or missing=no")
    return answers[value.lower()]


def _amount(value: str) -> float | None:
    """A plain number, with k, M or G behind it or not; None for anything else."""
    unit = _UNITS.get(value[-1].lower(), 1.0)
    try:
        number = float(value[:-1] if unit > 1 else value)
    except ValueError:
        return None
    return number * unit if math.isfinite(number) else None


def _number_operator(operator: str, condition: str) -> str:
    if operator == "~":
        raise FilterError(f"{condition!r}: ~ looks for part of a text; use =, < or > for a number")
    return operator


def _number(value: str, condition: str) -> float:
    """A number, with k, M, G after sizes, or minutes and hours as 1:30 or 1:00:00."""
    try:
        if ":" in value:
            number = 0.0
            for part in value.split(":"):
                number = 60 * number + float(part)
        else:
            unit = value[-1].lower()
            number = float(value[:-1]) * _UNITS[unit] if unit in _UNITS else float(value)
    except ValueError as e:
        raise FilterError(f"{condition!r}: {value!r} is no number, size or time") from e
    if not math.isfinite(number):
        raise FilterError(f"{condition!r}: {value!r} is no number, size or time")
    return number
