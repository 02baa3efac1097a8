"""Items: listed, shown, named, forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from quintet.api.cursors import Cursor
from quintet.api.items import Conditions, ItemId, Media, PageCursor
from quintet.api.questions import Asked
from quintet.api.security import READ, WRITE, Here
from quintet.flows.status import Details
from quintet.types import Item

router = APIRouter(tags=["items"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class ItemPage(BaseModel):
    """One page of items by id; ``total`` is how many meet the conditions."""

    items: list[Item]
    next_cursor: str
    total: int


class Naming(Asked):
    """What is changed of an item; what is left out stays."""

    tags: Annotated[list[Name], Field(max_length=100)] | None = None
    """All tags that it shall have."""

    label: Name | None = None
    """What it is; null takes the label off that a person gave."""


@router.get("/items", dependencies=READ)
def listed(
    here: Here,
    where: Conditions = [],  # noqa: B006 - FastAPI copies it
    modality: Media = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000, description="Items of a page.")] = 50,
    cursor: PageCursor = "",
) -> ItemPage:
    """All items that meet conditions, in order of id: a page stays right while files are added."""
    place = Cursor.read(cursor, {"items": where, "modality": modality})
    with here.pool.library() as lib:
        found = lib.items(where, modalities=modality, after=place.place, k=limit + 1)
        total = lib.count(where, modalities=modality)
    more = place.at(found[limit - 1].id).text if len(found) > limit else ""
    return ItemPage(items=found[:limit], next_cursor=more, total=total)


@router.get("/items/{item_id}", dependencies=READ)
def show(item_id: ItemId, here: Here) -> Details:
    """Everything that is known about one item: files, metadata, tags, label, segments."""
    with here.pool.library() as lib:
        return lib.show(item_id)


@router.patch("/items/{item_id}", dependencies=WRITE)
def name(item_id: ItemId, naming: Naming, here: Here) -> Item:
    """Set an item's tags, or its label, from which training learns."""
    with here.pool.library() as lib:
        item = lib.show(item_id).item
        if naming.tags is not None:
            gone = [tag for tag in item.tags if tag not in naming.tags]
            lib.tag([item.id], naming.tags, remove=gone)
        if "label" in naming.model_fields_set:
            lib.label([item.id], naming.label)
        return lib.show(item.id).item


@router.delete("/items/{item_id}", dependencies=WRITE, status_code=204)
def forget(item_id: ItemId, here: Here) -> None:
    """Forget an item and all that is known about it; its files stay where they are."""
    with here.pool.library() as lib:
        lib.remove([lib.show(item_id).item.id])
