"""The whole library as lines of JSON or CSV, sent as they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from quintet.api.items import Conditions, Media, WithSegments
from quintet.api.questions import MOST
from quintet.api.security import READ, Here
from quintet.api.wire import told
from quintet.errors import UsageError
from quintet.flows import spreadsheet
from quintet.flows.status import Details
from quintet.service.service import Service
from quintet.types import Item, Modality

router = APIRouter(tags=["items"])

TYPES = {"jsonl": "application/jsonl", "csv": "text/csv"}
TEXT = {"schema": {"type": "string"}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A line for each item", "content": dict.fromkeys(TYPES.values(), TEXT)}
}

Kind = Annotated[
    Literal["jsonl", "csv"],
    Query(
        alias="format",
        description="`jsonl`: an object a line. `csv`: for a spreadsheet; no cell is a formula.",
    ),
]


@router.get("/export", dependencies=READ, response_class=StreamingResponse, responses=ANSWERS)
def export(
    here: Here,
    where: Conditions = [],  # noqa: B006 - FastAPI copies it
    modality: Media = [],  # noqa: B006 - FastAPI copies it
    segments: WithSegments = False,
    kind: Kind = "jsonl",
) -> StreamingResponse:
    """All items that meet conditions, in order of id; one that is cut has no last line."""
    if kind == "csv" and segments:
        raise UsageError("csv has one line for each item; take segments as jsonl")
    pages = _pages(here, where, modality, segments=segments)
    rows = chain(next(pages, []), chain.from_iterable(pages))  # what cannot be asked is told now
    lines: Iterator[bytes] = map(told, rows)
    if kind == "csv":
        lines = (line.encode("utf-8", "replace") for line in spreadsheet.lines(rows))
    headers = {"Content-Disposition": f'attachment; filename="library.{kind}"'}
    return StreamingResponse(_pieces(lines), 200, headers, TYPES[kind])


def _pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Many lines at a time: each piece is handed from thread to thread."""
    while some := list(islice(lines, MOST)):
        yield b"\n".join(some) + b"\n"


def _pages(
    here: Service, where: Sequence[str], media: Sequence[Modality], *, segments: bool
) -> Iterator[Sequence[Item | Details]]:
    """A page at a time; between two of them others have the library, however slow the reader."""
    after = ""
    while True:
        with here.pool.library() as lib:
            found = lib.items(where, modalities=media, after=after, k=MOST)
            rows = [lib.show(item.id) for item in found] if segments else found
        yield rows
        if len(found) < MOST:
            return
        after = found[-1].id
