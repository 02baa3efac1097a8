"""Salvage: what people said, out of a damaged library into lines of JSON, and from there back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quintet import durable
from quintet.errors import LibraryError, LibraryNotFound, UsageError
from quintet.flows import foreign, targets, where
from quintet.flows.backup import working_folder
from quintet.store import schema, wreck
from quintet.store.records import SavedRow
from quintet.store.sqlite import Store
from quintet.store.trained import ACTIVE

HEAD = {"kind": "quintet salvage", "format": 1}

LONGEST = 1 << 20
"""Letters of a line: no fact is longer."""

_FIELDS = {
    "labels": ("item", "source", "label"),
    "tags": ("item", "tag"),
    "settings": ("key", "value"),
    "searches": ("name", "query", "created_at", "seen_at"),
    "seen": ("name", "item"),
}

Progress = Callable[[str, int, int], None]


@dataclass
class SalvageReport:
    """How many of each kind were saved, and how many of them a checksum calls damaged."""

    file: Path
    labels: int = 0
    tags: int = 0
    settings: int = 0
    searches: int = 0
    seen: int = 0
    damaged: int = 0


@dataclass
class PutBackReport:
    """What was put into a library.

    Attributes:
        unknown: labels and tags of contents that the library does not hold; add their files, then
            put the same file back again.
        damaged: lines that were left out, as their checksum does not hold.
        left_out: settings that were not taken over, ``KEY=VALUE``.
    """

    labels: int = 0
    tags: int = 0
    settings: int = 0
    searches: int = 0
    unknown: int = 0
    damaged: int = 0
    left_out: tuple[str, ...] = ()


def salvage(folder: Path, target: Path, *, force: bool, on_progress: Progress) -> SalvageReport:
    """Write labels, tags, saved searches and settings as lines of JSON; the library is only read.

    Raises:
        LibraryNotFound: no library.
        UsageError: the file is there, or its folder is not.
        NoSpace: no room: the database is copied for a while.
    """
    if not where.holds_library(folder):
        raise LibraryNotFound(f"no library at {folder}")
    targets.checked(target, folder, lambda path: _knows(folder, path), is_salvage, force=force)
    report = SalvageReport(target)
    with schema.translated(target.parent), working_folder(target.parent, target.name) as work:
        beside = work / "facts"
        with wreck.opened(folder, work) as db, beside.open("w", encoding="utf-8") as out:
            out.write(json.dumps(HEAD) + "\n")
            for number, line in enumerate(_lines(db, work, report), start=1):
                out.write(line + "\n")
                on_progress("salvage", number, 0)
        durable.replace(beside, target)
    return report


def _knows(folder: Path, path: str) -> bool:
    """Whether the library knows a file, as far as it can be read."""
    try:
        with Store.open(folder) as store:
            return store.knows(path)
    except (LibraryError, sqlite3.Error):
        return False


def _lines(db: Any, work: Path, report: SalvageReport) -> Iterator[str]:
    for table, row, whole in wreck.facts(db, work):
        fact = {"kind": table, **dict(zip(_FIELDS[table], row, strict=True)), "whole": whole}
        setattr(report, table, getattr(report, table) + 1)
        report.damaged += whole is False
        yield json.dumps(fact, ensure_ascii=True, default=repr)


def is_salvage(path: Path) -> bool:
    """Whether a file was written by ``salvage``."""
    with path.open("rb") as file:
        return file.readline(200).strip() == json.dumps(HEAD).encode()


def put_back(store: Store, path: Path, *, trust: bool) -> PutBackReport:
    """Put salvaged facts on the items of the same content; what is there already stays.

    Args:
        trust: take over settings that name servers and models, too.

    Raises:
        UsageError: a line that ``salvage`` does not write.
    """
    report = PutBackReport()
    found: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in _FIELDS}
    with path.open(encoding="utf-8") as file:
        for kind, whole, values in _facts(path, file):
            report.damaged += not whole
            if whole:
                found[kind].append(values)
    report.unknown = store.put_facts(found["labels"], found["tags"])
    store.put_searches([_search(path, row) for row in found["searches"]], found["seen"])
    settings = {key: value for key, value in found["settings"] if key != ACTIVE}
    keys = foreign.left_out(settings, trust=trust)
    report.left_out = foreign.told(settings, keys)
    for key in settings.keys() - store.settings().keys() - set(keys):
        store.set_setting(key, settings[key])
        report.settings += 1
    report.labels, report.tags = len(found["labels"]), len(found["tags"])
    report.searches = len(found["searches"])
    return report


def _facts(path: Path, lines: Iterable[str]) -> Iterator[tuple[str, bool, tuple[Any, ...]]]:
    for number, line in enumerate(lines, start=1):
        if number == 1:
            continue
        try:
            fact = json.loads(line[:LONGEST])
            names = _FIELDS[fact["kind"]]
            values = tuple(fact[name] for name in names)
        except (ValueError, KeyError, TypeError, RecursionError) as e:
            raise UsageError(f"line {number} of {path} is no fact ({e!r}); nothing was put") from e
        texts = [v for n, v in zip(names, values, strict=True) if n != "seen_at" or v is not None]
        if not all(isinstance(value, str) for value in texts):
            raise UsageError(f"line {number} of {path} holds a value that is no text")
        yield fact["kind"], fact.get("whole") is not False, values


def _search(path: Path, row: tuple[Any, ...]) -> SavedRow:
    name, query, created_at, seen_at = row
    try:
        told = json.loads(query)
    except (ValueError, RecursionError) as e:
        raise UsageError(f"the search {name!r} in {path} cannot be read ({e})") from e
    if not isinstance(told, Mapping):
        raise UsageError(f"the search {name!r} in {path} is no search: {query[:40]!r}")
    return SavedRow(name, told, created_at, seen_at)
