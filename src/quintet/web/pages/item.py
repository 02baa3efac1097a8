"""One item: the original with its segments, what is like it, what people call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from quintet.api.security import READ, Here
from quintet.flows.query import Term
from quintet.flows.status import Details
from quintet.library import Library
from quintet.types import Channel, Item, Modality, Segment
from quintet.web.asked import SHORT, Asked
from quintet.web.cards import Card, cards, of_item
from quintet.web.forms import Writer
from quintet.web.render import page, words

router = APIRouter()

ALIKE = 6
"""Alikes of each medium."""

MOST_SEGMENTS = 400
"""Of each channel; a long film has more, of which the first are shown."""

LONGEST = 40_000
"""Characters of a text that are shown."""


@dataclass(frozen=True)
class Track:
    """The segments of one channel as the page shows them; ``more`` are left out."""

    channel: Channel
    segments: Sequence[Segment]
    more: int
    duration_s: float

    def line(self, segment: Segment) -> tuple[float, float]:
        """Where a segment is on the time line, in thousandths."""
        whole = max(self.duration_s, 0.001)
        start, end = segment.start_s or 0.0, segment.end_s or 0.0
        return round(1000 * start / whole, 1), round(max(1000 * (end - start) / whole, 4.0), 1)


@router.get("/items/{item_id}", dependencies=READ)
def item(request: Request, here: Here, item_id: str) -> HTMLResponse:
    """One item in full."""
    t = words(request)
    with here.pool.library() as lib:
        told = lib.show(item_id)
        card = of_item(lib, told.item, t)
        alike = _alike(lib, told.item, request)
        labels = [b.value for b in lib.facets(("label",), values=50)[0].values]
        trained = lib.status().model is not None
    return page(
        request,
        "item.html",
        item=told.item,
        card=card,
        tracks=_tracks(told, card.duration_s),
        alike=alike,
        labels=labels,
        trained=trained,
        short=told.item.id[:SHORT],
        asked=Asked(),
        quote=quote,
        text_room=LONGEST,
    )


@router.post("/items/{item_id}/names")
def name(sent: Writer, here: Here, item_id: str) -> RedirectResponse:
    """Say what an item is: one label, any tags."""
    with here.pool.library() as lib:
        found = lib.show(item_id).item
        tags = [tag.strip() for tag in sent.get("tags", "").replace("，", ",").split(",")]
        wanted = list(dict.fromkeys(tag for tag in tags if tag))
        gone = [tag for tag in found.tags if tag not in wanted]
        new = [tag for tag in wanted if tag not in found.tags]
        if new or gone:
            lib.tag([found.id], new, remove=gone)
        label = sent.get("label", "").strip()
        if label != (found.label or ""):
            lib.label([found.id], label or None)
    return RedirectResponse(f"/items/{item_id}#names", 303)


@router.post("/items/{item_id}/forget")
def forget(_: Writer, here: Here, item_id: str) -> RedirectResponse:
    """Take an item out of the library; its file stays."""
    with here.pool.library() as lib:
        lib.remove([lib.show(item_id).item.id])
    return RedirectResponse("/library", 303)


def _alike(lib: Library, of: Item, request: Request) -> Mapping[str, Sequence[Card]]:
    """What is like the item, by medium."""
    hits = lib.search(plus=[Term(item=of.id)], k=ALIKE * len(Modality), per_medium=ALIKE)
    made = cards(lib, hits, words(request))
    return {m: [c for c in made if c.item.modality is m] for m in Modality}


def _tracks(told: Details, duration_s: float) -> list[Track]:
    shown: list[Track] = []
    for channel in Channel:
        segments = told.segments.get(channel, ())
        if segments:
            left = max(0, len(segments) - MOST_SEGMENTS)
            end = max((s.end_s or 0.0 for s in segments), default=0.0)
            whole = duration_s or end
            shown.append(Track(channel, segments[:MOST_SEGMENTS], left, whole))
    return shown
