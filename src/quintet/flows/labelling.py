"""What a person says that items are: labels and tags."""

from __future__ import annotations

from collections.abc import Sequence

from quintet.errors import UnknownName, UsageError
from quintet.flows.learning import USER
from quintet.flows.parts import Parts
from quintet.store.sqlite import Store

LONGEST = 200
"""Characters of a label or tag."""


def label(parts: Parts, ids: Sequence[str], text: str | None) -> None:
    """Label items, or with None take the label off that a person gave.

    Raises:
        UnknownName: an id that is not in the library.
        UsageError: a label that is empty or very long.
    """
    said = None if text is None else _name("label", text)
    with parts.writing() as store:
        _check(store, ids)
        store.label(ids, said, USER)


def tag(parts: Parts, ids: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> None:
    """Put tags on items, take others off.

    Raises:
        UnknownName: an id that is not in the library.
        UsageError: a tag that is empty or very long.
    """
    wanted = [_name("tag", text) for text in add]
    with parts.writing() as store:
        _check(store, ids)
        store.add_tags(ids, wanted)
        store.remove_tags(ids, remove)


def _check(store: Store, ids: Sequence[str]) -> None:
    unknown = [i for i in ids if not store.has(i)]
    if unknown:
        raise UnknownName("item", unknown[0], [])


def _name(what: str, text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST:
        raise UsageError(f"a {what} has 1 to {LONGEST} characters, {text[:20]!r} has {len(name)}")
    return name
