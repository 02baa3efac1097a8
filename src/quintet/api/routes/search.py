"""Search by any mixture of words, uploads, items and segments."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from quintet.api.cursors import Cursor
from quintet.api.questions import DEEPEST, Query
from quintet.api.security import READ, Here
from quintet.errors import UsageError
from quintet.flows.facets import Facet
from quintet.flows.why import Why
from quintet.types import Hit

router = APIRouter(tags=["search"])

EXPLAINED = 50
"""Hits of a page that are explained, times the parts of the query: each asks each part again."""


class HitPage(BaseModel):
    """One page of hits; ``next_cursor`` is empty on the last. ``why`` is one of each hit."""

    hits: list[Hit]
    facets: list[Facet] = []
    why: list[Why] = []
    next_cursor: str = ""


@router.post("/search", dependencies=READ)
def search(query: Query, here: Here) -> HitPage:
    """Find items by words, uploads, items and segments, wanted and unwanted."""
    asked = query.arguments(here)
    cursor = Cursor.read(query.cursor, query.model_dump(exclude={"cursor", "limit"}))
    until = cursor.offset + query.limit
    if until > DEEPEST:
        raise UsageError(f"{until} hits: {DEEPEST} can be paged through; narrow the search")
    most = EXPLAINED // len(query.parts)
    if query.explain and query.limit > most:
        raise UsageError(
            f"limit {query.limit} with {len(query.parts)} parts: at most {most} hits are explained"
        )
    floor = query.min_confidence
    with here.pool.library() as lib:
        found = lib.search(
            **asked,
            k=until + 1 if query.ranked else query.among,
            min_confidence=floor,
            per_medium=query.per_medium,
            group_by=query.group_by,
            sort=query.sort,
            reverse=query.reverse,
        )
        hits = found[cursor.offset : until]
        facets = lib.facets(query.facets, **asked, min_confidence=floor) if query.facets else []
        why = [lib.why(hit.item.id, **asked) for hit in hits] if query.explain else []
    more = cursor.after(query.limit).text if len(found) > until else ""
    return HitPage(hits=hits, facets=facets, why=why, next_cursor=more)
