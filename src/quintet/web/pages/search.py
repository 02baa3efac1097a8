"""The search page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from quintet.api.security import READ, Here
from quintet.web.render import page

router = APIRouter(dependencies=READ)


@router.get("/")
def search(request: Request, here: Here, q: str = "") -> HTMLResponse:
    """One box, and what it found."""
    with here.pool.library() as lib:
        hits = lib.search(q) if q.strip() else []
    return page(request, "search.html", q=q, hits=hits)
