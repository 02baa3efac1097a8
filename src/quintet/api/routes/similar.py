"""What is like an item."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from quintet.api.cursors import Cursor
from quintet.api.items import Conditions, ItemId, Media, PageCursor
from quintet.api.questions import DEEPEST, MOST
from quintet.api.security import READ, Here
from quintet.errors import UsageError
from quintet.types import Hit

router = APIRouter(tags=["search"])


class Hits(BaseModel):
    """One page of hits, best first; ``next_cursor`` is empty on the last."""

    hits: list[Hit]
    next_cursor: str = ""


@router.get("/items/{item_id}/similar", dependencies=READ)
def similar(
    item_id: ItemId,
    here: Here,
    modality: Media = [],  # noqa: B006 - FastAPI copies it
    where: Conditions = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=MOST, description="Hits of a page.")] = 10,
    cursor: PageCursor = "",
) -> Hits:
    """Items like this one; before training of its own medium only."""
    place = Cursor.read(cursor, {"similar": item_id, "modality": modality, "where": where})
    until = place.offset + limit
    if until > DEEPEST:
        raise UsageError(f"{until} hits: {DEEPEST} can be paged through; narrow the search")
    with here.pool.library() as lib:
        found = lib.similar(item_id, modalities=modality, where=where, k=until + 1)
    more = place.after(limit).text if len(found) > until else ""
    return Hits(hits=found[place.offset : until], next_cursor=more)
