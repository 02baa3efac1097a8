"""Items: listed, shown, named, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from quintet.api.cursors import Cursor
from quintet.api.items import Conditions, ItemId, Media, PageCursor, WithSegments
from quintet.api.questions import MOST, Asked, Where
from quintet.api.security import READ, WRITE, Here
from quintet.errors import UsageError
from quintet.flows.status import Details
from quintet.types import Channel, Item, Segment

router = APIRouter(tags=["items"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Names = Annotated[list[Name], Field(max_length=100)]


class ItemPage(BaseModel):
    """One page of items by id; ``total`` is how many meet the conditions.

    ``segments``, where they are asked for, are those of each item of the page, by channel.
    """

    items: list[Item]
    segments: list[Mapping[Channel, Sequence[Segment]]] = []
    next_cursor: str
    total: int


class Naming(Asked):
    """What is changed of an item; what is left out stays."""

    tags: Names | None = None
    """All tags that it shall have."""

    add: Names = []
    """Tags that it shall have beside others."""

    remove: Names = []
    """Tags that it shall not have."""

    label: Name | None = None
    """What it is; null takes the label off that a person gave."""


class Named(Asked):
    """Which items: those that are named, of them those that meet the conditions."""

    items: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=4096)]], Field(max_length=10_000)
    ] = []
    """Ids (or their first digits), paths, or folders of the machine that serves; empty for all."""

    where: Where = []
    """Conditions: `folder=holiday`, `missing=yes`."""


class Found(BaseModel):
    """Ids of items."""

    ids: list[str]


@router.get("/items", dependencies=READ)
def listed(
    here: Here,
    where: Conditions = [],  # noqa: B006 - FastAPI copies it
    modality: Media = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000, description="Items of a page.")] = 50,
    cursor: PageCursor = "",
    after: Annotated[
        str, Query(max_length=64, description="Begin behind this id, where no cursor is given.")
    ] = "",
    segments: WithSegments = False,
) -> ItemPage:
    """All items that meet conditions, in order of id: a page stays right while files are added."""
    place = Cursor.read(cursor, {"items": where, "modality": modality})
    if segments and limit > MOST:
        raise UsageError(f"limit {limit}: pages with segments have at most {MOST} items")
    with here.pool.library() as lib:
        found = lib.items(where, modalities=modality, after=place.place or after, k=limit + 1)
        total = lib.count(where, modalities=modality)
        page = found[:limit]
        units = [lib.show(item.id).segments for item in page] if segments else []
    more = place.at(page[-1].id).text if len(found) > limit else ""
    return ItemPage(items=page, segments=units, next_cursor=more, total=total)


@router.post("/items/find", dependencies=READ)
def find(named: Named, here: Here) -> Found:
    """Ids of items named by path, folder or id, and that meet conditions; without either, all."""
    with here.pool.library() as lib:
        return Found(ids=lib.find(named.items, where=named.where))


@router.post("/items/remove", dependencies=WRITE)
def remove(named: Named, here: Here) -> Found:
    """Forget the items so named or so described, their files stay; the ids that are gone."""
    if not named.items and not named.where:
        raise UsageError("name items or give conditions; nothing was removed")
    with here.pool.library() as lib:
        ids = lib.find(named.items, where=named.where)
        lib.remove(ids)
    return Found(ids=ids)


@router.get("/items/{item_id}", dependencies=READ)
def show(item_id: ItemId, here: Here) -> Details:
    """Everything that is known about one item: files, metadata, tags, label, segments."""
    with here.pool.library() as lib:
        return lib.show(item_id)


@router.patch("/items/{item_id}", dependencies=WRITE)
def name(item_id: ItemId, naming: Naming, here: Here) -> Item:
    """Set an item's tags, or its label, from which training learns."""
    if naming.tags is not None and (naming.add or naming.remove):
        raise UsageError("give tags, which are all that it shall have, or those to add and remove")
    with here.pool.library() as lib:
        item = lib.show(item_id).item
        if naming.tags is not None:
            gone = [tag for tag in item.tags if tag not in naming.tags]
            lib.tag([item.id], naming.tags, remove=gone)
        if naming.add or naming.remove:
            lib.tag([item.id], naming.add, remove=naming.remove)
        if "label" in naming.model_fields_set:
            lib.label([item.id], naming.label)
        return lib.show(item.id).item


@router.delete("/items/{item_id}", dependencies=WRITE, status_code=204)
def forget(item_id: ItemId, here: Here) -> None:
    """Forget an item and all that is known about it; its files stay where they are."""
    with here.pool.library() as lib:
        lib.remove([lib.show(item_id).item.id])
