"""What is like an item."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from quintet.api.items import Conditions, ItemId, Media
from quintet.api.questions import MOST
from quintet.api.security import READ, Here
from quintet.types import Hit

router = APIRouter(tags=["search"])


class Hits(BaseModel):
    """Hits, best first."""

    hits: list[Hit]


@router.get("/items/{item_id}/similar", dependencies=READ)
def similar(
    item_id: ItemId,
    here: Here,
    modality: Media = [],  # noqa: B006 - FastAPI copies it
    where: Conditions = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=MOST, description="Hits wanted.")] = 10,
) -> Hits:
    """Items like this one; before training of its own medium only."""
    with here.pool.library() as lib:
        return Hits(hits=lib.similar(item_id, modalities=modality, where=where, k=limit))
