"""Formats that are not read: a switch for the day on which a decoder turns out to have a hole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from quintet.errors import LibraryCorrupt, UnknownName
from quintet.media.limits import Limits
from quintet.media.open import formats
from quintet.store import schema
from quintet.store.sqlite import Store
from quintet.types import Modality

SETTING = "formats.off"


@dataclass(frozen=True)
class Format:
    """One format, the media that come in it, and whether it is read."""

    name: str
    modalities: tuple[Modality, ...]
    on: bool


def limits(store: Store) -> Limits:
    """What one file may cost, and which formats are not read in this library."""
    return Limits(off=_off(store))


def listed(store: Store) -> list[Format]:
    """All formats, by medium."""
    off, media = _off(store), _media()
    return [Format(name, held, name not in off) for name, held in media.items()]


def switch(store: Store, off: Sequence[str], on: Sequence[str]) -> None:
    """Switch formats off, then others on; what is indexed stays.

    Raises:
        UnknownName: no such format.
    """
    known = _media()
    for name in (*off, *on):
        if name not in known:
            raise UnknownName("format", name, list(known))
    left = {*_off(store), *off} - {*on}
    store.set_setting(SETTING, json.dumps(sorted(left)))


def _off(store: Store) -> tuple[str, ...]:
    value = store.setting(SETTING) or "[]"
    found = names(value)
    if found is None:
        raise LibraryCorrupt(f"the setting {SETTING} is damaged ({value[:40]!r}); {schema.WAY_OUT}")
    return found


def names(value: str) -> tuple[str, ...] | None:
    """Formats as the setting names them; None for what ``switch`` does not write."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        return None
    return tuple(found)


def _media() -> dict[str, tuple[Modality, ...]]:
    found: dict[str, tuple[Modality, ...]] = {}
    for modality, names in formats().items():
        for name in names:
            found[name] = (*found.get(name, ()), modality)
    return found
