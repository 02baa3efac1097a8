"""The train page: what is learnt from, a run as it goes, and whether it was worth it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from quintet.api import security
from quintet.api.security import READ, Asker, Here
from quintet.errors import QuintetError, TrainingError
from quintet.evaluate.retrieval import Table
from quintet.flows.labels import MIN_ITEMS
from quintet.flows.learning import LabelCounts, ModelSummary
from quintet.flows.methods import methods
from quintet.library import Library
from quintet.service.jobs import RUNNING, Job
from quintet.service.service import Service
from quintet.service.tokens import Scope
from quintet.web import charts
from quintet.web.asked import Asked
from quintet.web.forms import Admin, Writer, back
from quintet.web.render import page

router = APIRouter()

LABELS = ("auto", "folder", "tag", "label")
FIRST = "accord"


@router.get("/train", dependencies=READ)
def train(request: Request, here: Here) -> HTMLResponse:
    """Labels, a run, the quality."""
    with here.pool.library() as lib:
        counts = _labels(lib)
        models = lib.models()
        now, before = _tables(lib, models)
        total = sum(lib.status().items.values())
    job = _last(here)
    return page(
        request,
        "train.html",
        counts=counts,
        trouble=counts is None,
        least=MIN_ITEMS,
        total=total,
        models=models,
        now=now,
        before=before,
        rows=charts.to_all(now, before) if now else [],
        width=charts.WIDTH,
        row=charts.ROW,
        job=job,
        curve=_curve(job),
        running=job is not None and job.state in RUNNING,
        methods=[m for m in methods() if m.learns_from in ("labels", "either")],
        first=FIRST,
        sources=LABELS,
        asked=Asked(),
    )


@router.post("/train")
def start(sent: Writer, here: Here) -> RedirectResponse:
    """Queue a run."""
    params: dict[str, Any] = {"method": sent.get("method", FIRST)}
    if sent.get("labels", "auto") in LABELS:
        params["labels"] = sent.get("labels", "auto")
    if sent.get("epochs", "").strip():
        params["params"] = {"epochs": sent["epochs"].strip()}
    here.jobs.add("train", params)
    return RedirectResponse("/train#run", 303)


@router.get("/models", dependencies=READ)
def models(request: Request, here: Here) -> HTMLResponse:
    """The trained models."""
    with here.pool.library() as lib:
        found = lib.models()
        status = lib.status()
    return page(request, "models.html", models=found, indexes=status.indexes)


@router.post("/models/{model_id}/use")
def use(sent: Writer, here: Here, asker: Asker, model_id: str) -> RedirectResponse:
    """Make a model the active one; with ``forget`` another is deleted once that is done."""
    if sent.get("forget"):
        security.demand(asker, Scope.ADMIN, "deleting a model")
    with here.pool.library() as lib:
        lib.use(model_id)
        if sent.get("forget"):
            lib.remove_model(sent["forget"])
    return back(sent, "/models")


@router.post("/models/{model_id}/forget")
def forget(sent: Admin, here: Here, model_id: str) -> RedirectResponse:
    """Delete a model."""
    with here.pool.library() as lib:
        lib.remove_model(model_id)
    return back(sent, "/models")


def _labels(lib: Library) -> LabelCounts | None:
    """What would be learnt from, None where there are too few labels."""
    try:
        return lib.labels()
    except TrainingError:
        return None


def _tables(lib: Library, found: list[ModelSummary]) -> tuple[Table | None, Table | None]:
    """The quality of the active model, and of the one that was trained before it."""
    active = next((n for n, m in enumerate(found) if m.active), None)
    if active is None:
        return None, None
    older = found[active + 1].id if active + 1 < len(found) else ""
    return _table(lib, found[active].id), _table(lib, older) if older else None


def _table(lib: Library, model_id: str) -> Table | None:
    try:
        return lib.evaluate(model=model_id)
    except QuintetError:
        return None


def _curve(job: Job | None) -> list[Any]:
    """What is still wrong by epoch, of a run that goes on or that is over."""
    return [] if job is None else list(job.curve or job.report.get("curve", ()))


def _last(here: Service) -> Job | None:
    return next((job for job in here.jobs.all(50) if job.kind == "train"), None)
