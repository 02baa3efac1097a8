"""Why an item is where it is in an answer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from quintet.api.items import ItemId
from quintet.api.questions import Query
from quintet.api.security import READ, Here
from quintet.flows.why import Why

router = APIRouter(tags=["search"])

SVG = "image/svg+xml"
INERT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
"""Nothing in the picture runs, even opened by itself."""


@router.post("/why/{item_id}", dependencies=READ)
def why(item_id: ItemId, query: Query, here: Here) -> Why:
    """Take an item's place in the answer to a query apart: what each part of it adds."""
    with here.pool.library() as lib:
        return lib.why(item_id, **query.arguments(here))


@router.post(
    "/why/{item_id}/picture",
    dependencies=READ,
    response_class=Response,
    responses={200: {"content": {SVG: {}}, "description": "An SVG of the item."}},
)
def picture(item_id: ItemId, query: Query, here: Here) -> Response:
    """The item drawn, coloured by what matters in it for the query."""
    with tempfile.TemporaryDirectory() as folder, here.pool.library() as lib:
        place = Path(folder) / "why.svg"
        lib.why(item_id, **query.arguments(here), picture=place)
        return Response(place.read_bytes(), media_type=SVG, headers=INERT)
