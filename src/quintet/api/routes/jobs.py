"""Long work: queued, watched, ended."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from quintet.api import security
from quintet.api.cursors import Cursor
from quintet.api.items import PageCursor
from quintet.api.once import Key, done_once
from quintet.api.security import READ, WRITE, Asker, Here
from quintet.api.wire import told
from quintet.api.work import NewJob, allow
from quintet.errors import ServiceBusy
from quintet.service.jobs import RUNNING, Job, Jobs

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, Path(max_length=64, pattern="^[0-9a-f]+$", description="Id of a job.")]

EVENTS = "text/event-stream"
LOOK_S = 0.2
"""Between two looks at a job; progress comes in no faster."""

STREAMS = 16
"""Of one caller at a time; a browser has six lines to a service."""

ALIVE_S = 15.0
"""After so long without news a comment keeps proxies from closing the line."""


class JobPage(BaseModel):
    """One page of jobs, the latest first."""

    jobs: list[Job]
    next_cursor: str


@router.get("/jobs", dependencies=READ)
def listed(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs of a page.")] = 50,
    cursor: PageCursor = "",
) -> JobPage:
    """Long work that was asked for, done or not."""
    place = Cursor.read(cursor, {"jobs": True})
    found = here.jobs.all(limit + 1, place.offset or None)
    more = place.at(str(found[limit - 1].no)).text if len(found) > limit else ""
    return JobPage(jobs=found[:limit], next_cursor=more)


@router.post("/jobs", dependencies=WRITE, status_code=201, response_model=Job)
def begin(new: NewJob, here: Here, request: Request, asker: Asker, key: Key = "") -> Response:
    """Queue a piece of long work; one runs at a time, each in a process of its own."""
    params = new.params.model_dump(mode="json", exclude_unset=True)
    allow(asker, new.kind, params)
    content = json.dumps([new.kind, params], sort_keys=True).encode()
    return done_once(
        here, request, asker, key, content, lambda: here.jobs.add(new.kind, params), 201
    )


@router.get("/jobs/{job_id}", dependencies=READ)
def one(job_id: JobId, here: Here) -> Job:
    """How far a job is, or what became of it."""
    return here.jobs.get(job_id)


@router.get(
    "/jobs/{job_id}/events",
    dependencies=READ,
    response_class=StreamingResponse,
    responses={200: {"content": {EVENTS: {"schema": {"type": "string"}}}}},
)
async def events(job_id: JobId, here: Here, request: Request, asker: Asker) -> StreamingResponse:
    """Server-sent events named `job`, each the whole job as JSON; they end when the job is over.

    They end, too, when the caller's token does. A caller may have 16 open.
    """
    here.jobs.get(job_id)
    open_ones = _streams(request)
    if open_ones[asker.name] >= STREAMS:
        raise ServiceBusy(f"{asker.name} has {STREAMS} event streams open; close some")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    told_ones = _counted(_told(here.jobs, job_id, request), open_ones, asker.name)
    return StreamingResponse(told_ones, media_type=EVENTS, headers=headers)


@router.post("/jobs/{job_id}/cancel", dependencies=WRITE)
def cancel(job_id: JobId, here: Here) -> Job:
    """End a job; what it has committed stays."""
    return here.jobs.cancel(job_id)


@router.post("/jobs/{job_id}/retry", dependencies=WRITE, status_code=201, response_model=Job)
def retry(job_id: JobId, here: Here, request: Request, asker: Asker, key: Key = "") -> Response:
    """Queue a job that failed or was cancelled again, as a new one."""
    job = here.jobs.get(job_id)
    allow(asker, job.kind, dict(job.params))
    return done_once(here, request, asker, key, b"", lambda: here.jobs.retry(job_id), 201)


def _streams(request: Request) -> Counter[str]:
    """How many streams each caller has open."""
    state = request.app.state
    if not hasattr(state, "streams"):
        state.streams = Counter()
    found: Counter[str] = state.streams
    return found


async def _counted(
    events: AsyncIterator[str], open_ones: Counter[str], caller: str
) -> AsyncIterator[str]:
    open_ones[caller] += 1
    try:
        async for event in events:
            yield event
    finally:
        open_ones[caller] -= 1


async def _told(jobs: Jobs, job_id: str, request: Request) -> AsyncIterator[str]:
    """The job whenever it has changed; looked at in turn, so that no thread waits for it."""
    last, at = None, time.monotonic()
    while security.caller(request) is not None:
        job = jobs.get(job_id)
        if job != last:
            last, at = job, time.monotonic()
            yield f"event: job\ndata: {told(job).decode()}\n\n"
        if job.state not in RUNNING or jobs.stopping:
            return
        if time.monotonic() - at > ALIVE_S:
            at = time.monotonic()
            yield ": still there\n\n"
        await asyncio.sleep(LOOK_S)
