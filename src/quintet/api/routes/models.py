"""Models: listed, judged, chosen, deleted; and what they can learn from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from quintet import catalog
from quintet.api.once import Key, done_once
from quintet.api.security import ADMIN, READ, WRITE, Asker, Here
from quintet.api.work import allow_labels
from quintet.errors import UnknownName
from quintet.flows.learning import LabelCounts, ModelSummary
from quintet.flows.methods import Description, Method, describe, methods
from quintet.plain import plain
from quintet.service.jobs import Job
from quintet.types import Modality

router = APIRouter(tags=["models"])

ModelId = Annotated[str, Path(min_length=1, max_length=200, description="Id of a model.")]
MethodName = Annotated[str, Path(min_length=1, max_length=200, description="Name of a method.")]


class Models(BaseModel):
    """All trained models, the newest first."""

    models: list[ModelSummary]


class Methods(BaseModel):
    """All ways to learn a common space."""

    methods: list[Method]


class Encoders(BaseModel):
    """All encoders that this program knows, by name."""

    encoders: list[str]


class Quality(BaseModel):
    """Mean average precision over all results, 0..1, beside that of a random order.

    ``to_all`` is by query medium; ``to_each`` by ``QUERY→HIT`` medium.
    """

    to_all: dict[Modality, float]
    to_each: dict[str, float]
    random: dict[Modality, float]
    random_each: dict[str, float]
    mean: float | None
    random_mean: float | None


@router.get("/models", dependencies=READ)
def listed(here: Here) -> Models:
    """The trained models, and how each did on its held-out items."""
    with here.pool.library() as lib:
        return Models(models=lib.models())


@router.post("/models/{model_id}/use", dependencies=WRITE, status_code=201, response_model=Job)
def use(model_id: ModelId, here: Here, request: Request, asker: Asker, key: Key = "") -> Response:
    """Make a model the active one: a job, since items added since get their vectors."""
    with here.pool.library() as lib:
        known = [model.id for model in lib.models()]
    if model_id not in known:
        raise UnknownName("model", model_id, known)
    params = {"model": model_id}
    return done_once(here, request, asker, key, b"", lambda: here.jobs.add("use", params), 201)


@router.delete("/models/{model_id}", dependencies=ADMIN, status_code=204)
def remove(model_id: ModelId, here: Here) -> None:
    """Delete a model and its vectors; of the active one, the newest other takes the place."""
    with here.pool.library() as lib:
        lib.remove_model(model_id)


@router.get("/quality", dependencies=READ)
def quality(
    here: Here,
    model: Annotated[
        str, Query(max_length=200, description="Id of a model; the active one when left out.")
    ] = "",
) -> Quality:
    """How a model did on the items that were held out when it was trained."""
    with here.pool.library() as lib:
        return Quality.model_validate(plain(lib.evaluate(model=model)))


@router.get("/labels", dependencies=READ)
def labels(
    here: Here,
    asker: Asker,
    by: Annotated[
        str,
        Query(
            min_length=1,
            max_length=4096,
            pattern=r"^[^\x00]+$",
            description="Where labels come from: `auto`, `folder`, `tag`, `label`, or, with scope "
            "admin, a CSV file on the machine that serves.",
        ),
    ] = "auto",
    level: Annotated[
        int | None, Query(ge=1, le=100, description="Which folder name below the added folder.")
    ] = None,
) -> LabelCounts:
    """What training would learn from: labels, and how many items of each medium have them."""
    allow_labels(asker, by)
    with here.pool.library() as lib:
        return lib.labels(by, level)


@router.get("/encoders", dependencies=READ)
def encoders() -> Encoders:
    """Encoders of the media, for `quintet init` and `quintet rebuild`."""
    return Encoders(encoders=list(catalog.names("models.encoders")))


@router.get("/methods", dependencies=READ)
def all_methods() -> Methods:
    """Ways to learn a common space."""
    return Methods(methods=methods())


@router.get("/methods/{name}", dependencies=READ)
def method(name: MethodName) -> Description:
    """One method in full: what it computes, and what can be set."""
    return describe(name)
