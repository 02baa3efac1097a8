"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.requests import Request

from quintet.api.security import READ, Here
from quintet.errors import QuintetError, ServiceBusy

router = APIRouter(tags=["service"])

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health(BaseModel):
    """``ok``, or ``unready`` when the library cannot be read now."""

    status: Literal["ok", "unready"]


@router.get("/health")
async def health() -> Health:
    """Whether the process lives; always, without a token, and without waiting for a thread."""
    return Health(status="ok")


@router.get(
    "/ready", responses={503: {"model": Health, "description": "The library cannot be read now."}}
)
def ready(here: Here, response: Response) -> Health:
    """Whether the library can be read and jobs are worked on, without a token."""
    try:
        if not here.jobs.alive:
            raise ServiceBusy("the queue of jobs is not worked on; start the service again")
        with here.lookups.library() as lib:
            lib.count()
    except QuintetError:
        response.status_code = 503
        return Health(status="unready")
    return Health(status="ok")


@router.get(
    "/metrics",
    dependencies=READ,
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Requests, latencies, jobs and items, for Prometheus."""
    return Response(request.app.state.metrics.text(), headers={"Content-Type": PROMETHEUS})
