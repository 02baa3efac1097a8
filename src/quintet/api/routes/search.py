"""Search by any mixture of words, uploads, items and segments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from quintet.api.cursors import Cursor
from quintet.api.security import READ, Here
from quintet.errors import UsageError
from quintet.flows.facets import Facet
from quintet.flows.query import Term
from quintet.flows.why import Why
from quintet.service.service import Service
from quintet.types import Hit, Modality

router = APIRouter(tags=["search"])

MOST = 200
"""Hits of one page."""

DEEPEST = 10_000
"""Hits that can be paged through."""


class Part(BaseModel):
    """One part of a query: exactly one of text, upload and item; a segment needs its item."""

    text: Annotated[str, Field(max_length=10_000)] = ""
    upload: str = ""
    item: str = ""
    segment: str = ""
    weight: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)] = 1.0

    def term(self, here: Service) -> Term:
        """The part as the engine knows it."""
        file = here.uploads.path(self.upload) if self.upload else None
        return Term(self.text, file, self.item, self.segment, self.weight)


class Query(BaseModel):
    """What is searched for, and how the hits are shown."""

    parts: Annotated[list[Part], Field(min_length=1, max_length=50)]
    modalities: list[Modality] = []
    where: Annotated[list[str], Field(max_length=50)] = []
    facets: Annotated[list[str], Field(max_length=20)] = []
    group_by: Literal["item", "segment", "near"] = "item"
    sort: Literal["confidence", "name", "date", "size", "duration", "added"] = "confidence"
    reverse: bool = False
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    per_medium: Annotated[int, Field(ge=1, le=MOST)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 20
    cursor: str = ""
    explain: bool = False


class Page(BaseModel):
    """One page of hits; ``next_cursor`` is empty on the last. ``why`` is one of each hit."""

    hits: list[Hit]
    facets: list[Facet] = []
    why: list[Why] = []
    next_cursor: str = ""


@router.post("/search", dependencies=READ)
def search(query: Query, here: Here) -> Page:
    """Find items by words, uploads, items and segments, wanted and unwanted."""
    terms = [part.term(here) for part in query.parts]
    asked: dict[str, Any] = {"plus": terms, "modalities": query.modalities, "where": query.where}
    cursor = Cursor.read(query.cursor, query.model_dump(exclude={"cursor", "limit"}))
    until = cursor.offset + query.limit
    if until > DEEPEST:
        raise UsageError(f"{until} hits: {DEEPEST} can be paged through; narrow the search")
    with here.pool.library() as lib:
        found = lib.search(
            **asked,
            k=until + 1,
            min_confidence=query.min_confidence,
            per_medium=query.per_medium,
            group_by=query.group_by,
            sort=query.sort,
            reverse=query.reverse,
        )
        hits = found[cursor.offset : until]
        floor = query.min_confidence
        facets = lib.facets(query.facets, **asked, min_confidence=floor) if query.facets else []
        why = [lib.why(hit.item.id, **asked) for hit in hits] if query.explain else []
    more = cursor.after(query.limit).text if len(found) > until else ""
    return Page(hits=hits, facets=facets, why=why, next_cursor=more)
