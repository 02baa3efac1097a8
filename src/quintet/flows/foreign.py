"""What a library that may come from anybody is not believed: settings that name places, files.

A backup or a salvage can be forged with every checksum right. A setting that names a server or a
model would be followed at the next search, a path in it would be read and given out.
"""

from __future__ import annotations

from collections.abc import Mapping

from quintet import catalog
from quintet.flows import indexes, switches
from quintet.flows.parts import PRETRAINED, setting
from quintet.store.sqlite import Store
from quintet.store.trained import ACTIVE
from quintet.types import Modality

ENCODERS = frozenset(map(setting, Modality))


def left_out(settings: Mapping[str, str], *, trust: bool) -> list[str]:
    """Keys of the settings that are not taken over.

    Args:
        trust: take over those that name servers and models; they may name any.
    """
    return [key for key, value in settings.items() if not _taken(key, value, trust=trust)]


def _taken(key: str, value: str, *, trust: bool) -> bool:
    if key in ENCODERS:
        if value.startswith(PRETRAINED):
            return trust
        return value in catalog.names("models.encoders")
    if key in (indexes.SETTING, indexes.NAME):
        return trust or (key, value) == (indexes.SETTING, indexes.AUTO)
    if key == switches.SETTING:
        return switches.names(value) is not None
    return key == ACTIVE


def told(settings: Mapping[str, str], keys: list[str]) -> tuple[str, ...]:
    """What was left out, for a person: what belongs to another setting is not named."""
    return tuple(f"{key}={settings[key]}" for key in keys if key != indexes.NAME)


def disbelieve(store: Store, *, trust: bool) -> tuple[str, ...]:
    """Take out of a library what is not believed; the settings among it, as ``key=value``.

    Its files are given out and taken as indexed only after their bytes were compared with the ids
    of their items.
    """
    settings = store.settings()
    keys = left_out(settings, trust=trust)
    store.drop_settings(keys)
    store.disbelieve_files()
    return told(settings, keys)
