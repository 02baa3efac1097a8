"""Records as JSON-ready values, for the command line, the service and its jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Records as JSON-ready values, properties too; what is None or empty is left out.

    >>> from quintet.types import Segment, SegmentKind
    >>> plain(Segment(SegmentKind.SHOT, 0, start_s=0.0, end_s=1.5))
    {'kind': 'shot', 'no': 0, 'start_s': 0.0, 'end_s': 1.5}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value)]
        names += [n for n, v in vars(type(value)).items() if isinstance(v, property)]
        pairs = {name: getattr(value, name) for name in names}
        return {k: plain(v) for k, v in pairs.items() if v is not None and v != "" and v != ()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {
            "→".join(map(str, k)) if isinstance(k, tuple) else str(k): plain(v)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item") and not isinstance(value, str):
        return value.item()
    return value
