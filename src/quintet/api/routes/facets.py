"""How a whole result, or the library, divides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from quintet.api.questions import Part, Question
from quintet.api.security import READ, Here
from quintet.flows.facets import DEFAULT, Facet

router = APIRouter(tags=["search"])


class Division(Question):
    """What is divided, and by what."""

    parts: Annotated[list[Part], Field(max_length=50)] = []
    """The query; without parts all items that meet the conditions are divided."""

    keys: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)] = [*DEFAULT]
    """`modality`, `format`, `folder`, `label`, `tag`, `year`, `language`, any metadata key."""

    values: Annotated[int, Field(ge=1, le=1000)] = 10
    """Of each key, at most so many."""


class Facets(BaseModel):
    """One facet a key, in the order that was asked for."""

    facets: list[Facet]


@router.post("/facets", dependencies=READ)
def divide(asked: Division, here: Here) -> Facets:
    """Count the values of keys over everything that a search finds, however few hits are shown."""
    with here.pool.library() as lib:
        found = lib.facets(
            asked.keys,
            **asked.arguments(here),
            min_confidence=asked.min_confidence,
            values=asked.values,
        )
    return Facets(facets=found)
