"""Threads for slow answers, apart from those of all others: searches and health never wait."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

T = TypeVar("T")

SLOW = 8
"""Slow answers that are made at a time; others wait, without a thread."""


async def threads(request: Request) -> CapacityLimiter:
    """The places of one application for slow answers."""
    state = request.app.state
    if not hasattr(state, "threads"):
        state.threads = CapacityLimiter(SLOW)
    found: CapacityLimiter = state.threads
    return found


Threads = Annotated[CapacityLimiter, Depends(threads)]


async def in_threads(places: CapacityLimiter, work: Callable[..., T], *given: object) -> T:
    """Do slow work in a thread, when a place is free."""
    return await to_thread.run_sync(partial(work, *given), limiter=places)
