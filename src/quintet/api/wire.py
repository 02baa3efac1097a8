"""Records as JSON: NaN is null, and names of files that are no text keep their bytes as escapes."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import TypeAdapter


def told(value: Any) -> bytes:
    """A record as the body of an answer."""
    adapter = _adapter(type(value))  # type: ignore[arg-type]  # every class can be hashed
    return _rendered(adapter.dump_python(value, mode="json"))


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class Told(JSONResponse):
    """An answer of JSON-ready values."""

    def render(self, content: Any) -> bytes:
        """Its bytes."""
        return _rendered(content)


def _rendered(content: Any) -> bytes:
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(content), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list) else value
