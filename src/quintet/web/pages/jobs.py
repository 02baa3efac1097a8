"""Jobs and health."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from quintet.api.security import READ, Asker, Here
from quintet.api.work import allow
from quintet.flows.doctor import Check
from quintet.service.tokens import Scope
from quintet.web.forms import Writer, back
from quintet.web.render import page

router = APIRouter()

SHOWN = 50


@router.get("/jobs", dependencies=READ)
def jobs(request: Request, here: Here, asker: Asker) -> HTMLResponse:
    """What is being done, and for who may administer it whether all is well."""
    checks: list[Check] = []
    if asker.scope >= Scope.ADMIN:
        with here.pool.library() as lib:
            checks = lib.check()
    return page(request, "jobs.html", jobs=here.jobs.all(SHOWN), checks=checks)


@router.get("/jobs/{job_id}", dependencies=READ)
def job(request: Request, here: Here, job_id: str) -> HTMLResponse:
    """One job as it goes."""
    return page(request, "job.html", job=here.jobs.get(job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel(sent: Writer, here: Here, job_id: str) -> RedirectResponse:
    """End a job."""
    here.jobs.cancel(job_id)
    return back(sent, "/jobs")


@router.post("/jobs/{job_id}/retry")
def retry(sent: Writer, here: Here, asker: Asker, job_id: str) -> RedirectResponse:
    """Try a job again."""
    job = here.jobs.get(job_id)
    allow(asker, job.kind, dict(job.params))
    new = here.jobs.retry(job_id)
    return back(sent, f"/jobs/{new.id}")
