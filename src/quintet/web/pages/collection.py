"""The library page: what is in it, what could not be read, and how more comes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from quintet.api.security import READ, Here
from quintet.errors import UsageError
from quintet.flows.facets import Facet
from quintet.web.asked import Asked
from quintet.web.forms import Admin, Writer
from quintet.web.render import page

router = APIRouter()

ERRORS = 100
"""Errors on one page."""

FOLDERS = 200


@dataclass(frozen=True)
class Folder:
    """A folder and the items at any depth in it; ``name`` is below that of ``depth`` before it."""

    path: str
    name: str
    depth: int
    count: int


@router.get("/library", dependencies=READ)
def library(request: Request, here: Here, errors: int = 0) -> HTMLResponse:
    """What is in the library."""
    start = min(max(errors, 0), 1_000_000)
    with here.pool.library() as lib:
        status = lib.status()
        folders, labels, tags = lib.facets(("folder", "label", "tag"), values=FOLDERS)
        failed = lib.errors(limit=ERRORS + 1, offset=start)
    return page(
        request,
        "library.html",
        counts=status,
        total=sum(status.items.values()),
        folders=_tree(folders),
        unlisted=folders.more,
        labels=labels,
        tags=tags,
        failed=failed[:ERRORS],
        kinds=Counter(row.code for row in failed),
        start=start,
        more=start + ERRORS if len(failed) > ERRORS else 0,
        asked=Asked(),
    )


@router.post("/library/add")
def add(sent: Admin, here: Here) -> RedirectResponse:
    """Read a folder of the server; only who may administer it may name one."""
    path = sent.get("path", "").strip()
    if not path:
        raise UsageError("name a folder or a file of the machine that Quintet runs on")
    place = Path(path)
    with suppress(RuntimeError):  # nobody of that name
        place = place.expanduser()
    if not place.is_absolute() or "\0" in path:
        raise UsageError(f"{path!r} is not a whole path; begin it with / or ~")
    tags = [tag.strip() for tag in sent.get("tags", "").split(",") if tag.strip()]
    job = here.jobs.add("add", {"paths": [str(place)], "tags": tags})
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.post("/library/keep")
def keep(sent: Writer, here: Here) -> RedirectResponse:
    """Move received files into the library's own folder, and add all of them by one job."""
    kept: list[str] = []
    try:
        kept.extend(str(here.uploads.keep(name)) for name in sent.get("uploads", "").split(","))
    finally:  # what was moved before one failed is added all the same
        job = here.jobs.add("add", {"paths": kept}) if kept else None
    return RedirectResponse(f"/jobs/{job.id}" if job else "/library", 303)


@router.post("/library/rebuild")
def rebuild(_: Admin, here: Here) -> RedirectResponse:
    """Make everything derived again."""
    return RedirectResponse(f"/jobs/{here.jobs.add('rebuild', {}).id}", 303)


def _tree(facet: Facet) -> Sequence[Folder]:
    """Folders in the order of a tree; those above all others are left out."""
    found = {bucket.value.rstrip("/"): bucket.count for bucket in facet.values}
    shown: list[Folder] = []
    open_: list[str] = []
    for path in sorted(found):
        while open_ and not path.startswith(open_[-1] + "/"):
            open_.pop()
        name = path[len(open_[-1]) + 1 :] if open_ else path
        shown.append(Folder(path, name, len(open_), found[path]))
        open_.append(path)
    return shown
