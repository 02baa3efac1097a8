"""Connections that are too slow are cut: uvicorn itself waits for them for ever.

A request's head must come within a time; after that, in each such time, some bytes of its body must
come, and some of the answer must go, as long as there are any. What we take to answer never counts.

Requests that are sent ahead of the answer to the one before, as no browser does, end with that
answer: they would keep out the others.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True)
class Patience:
    """How slow a caller may be.

    Attributes:
        window_s: the head of a request must come within it; a connection is looked at four times
            in it, so the slow are cut within five quarters of it.
        least_bytes: of a body, or of an answer, that must pass in each window.
        connections: at most so many; beyond them, the one that has waited longest for its head
            gives way.
    """

    window_s: float = 15.0
    least_bytes: int = 32 << 10
    connections: int = 4000


@dataclass
class _Look:
    """What a connection was doing at an earlier look, since when, and how far it was."""

    doing: tuple[str, float] | None
    at: float
    passed: int


class _Counted:
    """A transport that counts what was written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)
        self._transport.write(data)

    @property
    def gone(self) -> int:
        """Bytes that have left this process."""
        return self.written - self._transport.get_write_buffer_size()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Patient(H11Protocol):
    """uvicorn's protocol for HTTP/1.1, with an end to patience."""

    patience: ClassVar[Patience] = Patience()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        self._counted = _Counted(transport)
        super().connection_made(cast("asyncio.Transport", self._counted))
        self._came = 0
        self._head_since: float | None = self.loop.time()
        self._look = _Look(None, 0.0, 0)
        self._timer = self.loop.call_later(self.patience.window_s / 4, self._watch)
        if len(self.connections) > self.patience.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End to watch."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        self._came += len(data)
        if self._head_since is None:
            self._head_since = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The next head counts from its first byte; who sent it before the answer is not served."""
        self._head_since = None
        if self.conn.trailing_data[0]:
            self.transport.close()
        super().on_response_complete()

    def _watch(self) -> None:
        now, doing = self.loop.time(), self._doing()
        if doing != self._look.doing:
            self._look = _Look(doing, doing[1] if doing and doing[1] else now, self._passed(doing))
        if doing is not None and now - self._look.at >= self.patience.window_s:
            if self._passed(doing) - self._look.passed < self.patience.least_bytes:
                self.transport.abort()
                return
            self._look = _Look(doing, now, self._passed(doing))
        self._timer = self.loop.call_later(self.patience.window_s / 4, self._watch)

    def _doing(self) -> tuple[str, float] | None:
        """What the caller is waited for, and since when where its whole time counts."""
        if self._counted.get_write_buffer_size():
            return "reading", 0.0
        if self.conn.their_state is h11.IDLE:
            return None if self._head_since is None else ("head", self._head_since)
        if self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return None
        return ("rest", 0.0) if self.cycle and self.cycle.response_complete else ("body", 0.0)

    def _passed(self, doing: tuple[str, float] | None) -> int:
        """How far it is; a head and the rest of a body that nobody reads never get further."""
        kind = doing[0] if doing else ""
        return {"reading": self._counted.gone, "body": self._came}.get(kind, 0)

    def _make_room(self) -> None:
        held = [
            c for c in self.connections if isinstance(c, Patient) and c.waits_since() < math.inf
        ]
        if held:
            min(held, key=Patient.waits_since).transport.abort()

    def waits_since(self) -> float:
        """Since when a head is waited for; endless where none is."""
        if self._head_since is None or self.transport.is_closing():
            return math.inf
        return self._head_since if self.conn.their_state is h11.IDLE else math.inf


def patient(patience: Patience) -> type[Patient]:
    """The protocol with another patience."""
    return type("Patient", (Patient,), {"patience": patience})
