"""How a file ends, and what that may be."""

import io
import time
from dataclasses import dataclass

from quintet.errors import Code, FileProblem
from quintet.media.isolate import Box
from quintet.media.wire import pack

INDEXED = "indexed"
CLOSED_LIST = frozenset({INDEXED, *(str(code) for code in Code)})
"""Every state that a file may end in; skipped and failed files carry a code."""


@dataclass(frozen=True)
class Outcome:
    """The state of one file, in so many seconds; ``format`` of one that was decoded."""

    state: str
    detail: str
    seconds: float
    format: str = ""


def outcome(box: Box, data: bytes, sidecars: dict[str, bytes] | None = None) -> Outcome:
    """Decode; any other exception than FileProblem is the caller's failure."""
    started = time.monotonic()
    try:
        media = box.open(io.BytesIO(data), sidecars=sidecars)
    except FileProblem as e:
        return Outcome(str(e.code), e.detail, time.monotonic() - started)
    took = time.monotonic() - started
    assert pack(media)  # a medium that is whole goes over the wire again
    return Outcome(INDEXED, "", took, media.format)
