"""The words in a file's name and folders."""

from __future__ import annotations

import re
from pathlib import PurePath

from quintet.store.records import TextRow

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[_\-.+,;()\[\]{}]+")


def name_texts(path: str, root: str) -> list[TextRow]:
    """The name and the folders below the added one, as searchable text.

    >>> [row.text for row in name_texts("/media/dogs/RexAtHome_2024.jpg", "/media")]
    ['RexAtHome_2024.jpg Rex At Home 2024 jpg', 'dogs']
    """
    pure = PurePath(path)
    parent = pure.parent
    inside = parent.relative_to(root) if parent.is_relative_to(root) else PurePath(parent.name)
    rows = [TextRow("name", _spoken(pure.name))]
    return rows + [TextRow("folder", _spoken(part)) for part in inside.parts if part != "/"]


def _spoken(name: str) -> str:
    """A name and, where it differs, its words apart."""
    words = " ".join(_CAMEL.sub(" ", _BREAKS.sub(" ", name)).split())
    return name if words == name else f"{name} {words}"
