"""What supervises training: labels from folder names, tags or a labels file."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from quintet.errors import TrainingError, UsageError
from quintet.types import Item, Modality

MIN_ITEMS = 4
"""A label on fewer items cannot be both learnt and tested; its items count as unlabelled."""

GIVEN = "labels given in the library"

_STRUCTURE = {
    *(m.value for m in Modality),
    *(f"{m.value}s" for m in Modality),
    *("images", "pictures", "photos", "videos", "clips", "texts", "documents", "sounds", "music"),
    *("meshes", "models", "3d", "train", "test", "val", "validation", "dev", "data", "media"),
}


@dataclass(frozen=True)
class Labels:
    """Labels of items, and where they come from in words that a person understands.

    Attributes:
        of: item id to label; items without one are absent.
        source: ``folder names, level 1 below /media`` and the like.
    """

    of: Mapping[str, str]
    source: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The label names, sorted."""
        return tuple(sorted(set(self.of.values())))

    def table(self, items: Sequence[Item]) -> dict[str, dict[str, int]]:
        """Label to modality to count: what the user is shown before training."""
        rows: dict[str, Counter[str]] = defaultdict(Counter)
        for item in items:
            if item.id in self.of:
                rows[self.of[item.id]][item.modality] += 1
        return {label: dict(rows[label]) for label in sorted(rows)}


def find_labels(
    items: Sequence[Item],
    *,
    by: str = "auto",
    roots: Mapping[str, str] | None = None,
    level: int | None = None,
    given: Mapping[str, str] | None = None,
) -> Labels:
    """Labels of the items from one source.

    Args:
        by: ``folder``, ``tag``, ``label`` (those given in the library), a path of a CSV or TSV
            file with the columns path and label, or ``auto``: given labels if most items have
            one; else tags if most items have one, else folder names, and before either, item by
            item, a given label. Where those do not suffice without them, the given ones alone.
        roots: item id to the folder that was added, for ``folder``.
        level: which folder name below the root, from 1; found by itself when None.
        given: item id to label as stored in the library.

    Raises:
        TrainingError: no label is on MIN_ITEMS items, or only one label is.
        UsageError: the labels file cannot be read.
    """
    if by == "auto":
        return _auto(items, roots or {}, level, given or {})
    if by == "label":
        found, source = dict(given or {}), GIVEN
    elif by == "tag":
        found, source = {i.id: i.tags[0] for i in items if i.tags}, "the first tag of each item"
    elif by == "folder":
        found, source = _by_folder(items, roots or {}, level)
    else:
        found, source = _by_file(items, by), f"the file {by}"
    return Labels(of=_frequent(found, source), source=source)


def _auto(
    items: Sequence[Item], roots: Mapping[str, str], level: int | None, given: Mapping[str, str]
) -> Labels:
    """The source that most items have; a few given labels correct it, or stand in for it."""
    here = {i.id: given[i.id] for i in items if i.id in given}
    if 2 * len(here) > len(items):
        return find_labels(items, by="label", given=here)
    tagged = sum(bool(i.tags) for i in items)
    by = "tag" if 2 * tagged > len(items) else "folder"
    try:
        found = find_labels(items, by=by, roots=roots, level=level)
    except TrainingError:
        if not here:
            raise
        return find_labels(items, by="label", given=here)
    if not here:
        return found
    source = f"{found.source}, with {GIVEN} before them"
    return Labels(of=_frequent({**found.of, **here}, source), source=source)


def _frequent(found: Mapping[str, str], source: str) -> dict[str, str]:
    count = Counter(found.values())
    kept = {i: label for i, label in found.items() if count[label] >= MIN_ITEMS}
    if len(set(kept.values())) < 2:
        raise TrainingError(
            f"{source}: {len(set(kept.values()))} label(s) with at least {MIN_ITEMS} items, "
            "two are needed; put items into folders named after what they show, or give them "
            "tags or labels (on the command line: quintet add --tag, quintet train --labels FILE)"
        )
    return kept


def _by_folder(
    items: Sequence[Item], roots: Mapping[str, str], level: int | None
) -> tuple[dict[str, str], str]:
    folders = {i.id: _below(i.path, roots.get(i.id, "")) for i in items}
    chosen = _best_level(items, folders) if level is None else level
    if chosen < 1:
        raise UsageError(f"--level {chosen}: levels count from 1, the folder below the added one")
    found = {i: parts[chosen - 1] for i, parts in folders.items() if len(parts) >= chosen}
    return found, f"folder names, level {chosen} below the added folder"


def _below(path: str, root: str) -> tuple[str, ...]:
    """Folder names between the added folder and the file."""
    parent = PurePath(path).parent
    return parent.relative_to(root).parts if root and parent.is_relative_to(root) else parent.parts


def _best_level(items: Sequence[Item], folders: Mapping[str, tuple[str, ...]]) -> int:
    """The level whose names say what things are: many items, several media under one name."""
    depth = max((len(p) for p in folders.values()), default=0)
    return max(range(1, depth + 1), key=lambda n: _worth(items, folders, n), default=1)


def _worth(
    items: Sequence[Item], folders: Mapping[str, tuple[str, ...]], level: int
) -> tuple[int, int, int]:
    media: dict[str, set[Modality]] = defaultdict(set)
    count: Counter[str] = Counter()
    for item in items:
        parts = folders[item.id]
        if len(parts) >= level and parts[level - 1].lower() not in _STRUCTURE:
            media[parts[level - 1]].add(item.modality)
            count[parts[level - 1]] += 1
    useful = [name for name, n in count.items() if n >= MIN_ITEMS]
    if len(useful) < 2:
        return (0, 0, -level)
    crossing = sum(count[name] for name in useful if len(media[name]) > 1)
    return (crossing, sum(count[name] for name in useful), -level)


def _by_file(items: Sequence[Item], name: str) -> dict[str, str]:
    """Rows of path,label (comma or tab); paths absolute or relative to the labels file."""
    try:
        path = Path(name).expanduser()
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ","))
    except (OSError, ValueError, RuntimeError, csv.Error) as e:  # a home that nobody has is Runtime
        raise UsageError(f"labels file {name}: {e}") from e
    of_path = {p: i.id for i in items for p in (i.path, *i.others)}
    found: dict[str, str] = {}
    for row in rows:
        if len(row) >= 2 and "\0" not in row[0]:
            where = str((path.parent / row[0].strip()).resolve())
            if where in of_path and row[1].strip():
                found[of_path[where]] = row[1].strip()
    if not found:
        raise UsageError(
            f"labels file {path}: none of its {len(rows)} rows names a file of the library; "
            "write one 'path,label' a line, paths absolute or relative to the labels file"
        )
    return found
