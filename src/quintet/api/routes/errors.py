"""Files that could not be indexed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from quintet.api.cursors import Cursor
from quintet.api.items import PageCursor
from quintet.api.security import READ, Here
from quintet.store.records import ErrorRow

router = APIRouter(tags=["items"])


class ErrorPage(BaseModel):
    """One page of files, the latest first, each with a code of a closed list and a reason."""

    errors: list[ErrorRow]
    next_cursor: str


@router.get("/errors", dependencies=READ)
def errors(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=1000, description="Files of a page.")] = 100,
    cursor: PageCursor = "",
) -> ErrorPage:
    """Files that were found but not indexed, and why."""
    place = Cursor.read(cursor, {"errors": True})
    with here.pool.library() as lib:
        rows = lib.errors(limit=limit + 1, offset=place.offset)
    more = place.after(limit).text if len(rows) > limit else ""
    return ErrorPage(errors=rows[:limit], next_cursor=more)
