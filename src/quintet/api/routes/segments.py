"""Segments: the shots, regions, sentences, windows and views of items."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from quintet.api.cursors import Cursor
from quintet.api.items import ItemId, PageCursor
from quintet.api.security import READ, Here
from quintet.errors import UnknownName
from quintet.flows.status import Details
from quintet.types import Channel, Segment

router = APIRouter(tags=["items"])

SegmentId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{4,64}:(seen|heard|said|written|shape):[0-9]{1,9}$",
        description="Item id, channel and number of a segment, with colons between.",
    ),
]


class SegmentRow(BaseModel):
    """One segment; ``id`` is ITEM:CHANNEL:NO."""

    id: str
    channel: Channel
    segment: Segment


class SegmentPage(BaseModel):
    """One page of an item's segments, by channel and number."""

    segments: list[SegmentRow]
    next_cursor: str
    total: int


@router.get("/items/{item_id}/segments", dependencies=READ)
def of_item(
    item_id: ItemId,
    here: Here,
    channel: Annotated[Channel | None, Query(description="Only those of this channel.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Segments of a page.")] = 200,
    cursor: PageCursor = "",
) -> SegmentPage:
    """The fine units of an item, with their times, boxes, sentences or angles."""
    place = Cursor.read(cursor, {"segments": item_id, "channel": channel})
    with here.pool.library() as lib:
        rows = [row for row in _rows(lib.show(item_id)) if channel in (None, row.channel)]
    until = place.offset + limit
    more = place.after(limit).text if len(rows) > until else ""
    return SegmentPage(segments=rows[place.offset : until], next_cursor=more, total=len(rows))


@router.get("/segments/{segment_id}", dependencies=READ)
def one(segment_id: SegmentId, here: Here) -> SegmentRow:
    """One segment of an item."""
    item, channel, no = segment_id.split(":")
    with here.pool.library() as lib:
        details = lib.show(item)
    for row in _rows(details):
        if row.channel == channel and row.segment.no == int(no):
            return row
    counts = [f"{c}: {len(segments)}" for c, segments in details.segments.items()]
    raise UnknownName("segment", f"{channel}:{no}", counts)


def _rows(details: Details) -> list[SegmentRow]:
    return [
        SegmentRow(id=f"{details.item.id}:{channel}:{s.no}", channel=channel, segment=s)
        for channel, segments in details.segments.items()
        for s in segments
    ]
