"""The map of the common space."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from quintet.api.security import READ, Here
from quintet.web.asked import Asked
from quintet.web.render import page

router = APIRouter(dependencies=READ)

COLOURS = 12
"""Labels that get a colour of their own; the rest share one."""


@router.get("/map")
def space(request: Request, here: Here) -> HTMLResponse:
    """Where items lie beside each other; the points come by script, the list works without."""
    with here.pool.library() as lib:
        trained = lib.status().model is not None
        (labels,) = lib.facets(("label",), values=60)
    return page(
        request,
        "map.html",
        trained=trained,
        labels=labels,
        colours=COLOURS,
        asked=Asked(),
    )
