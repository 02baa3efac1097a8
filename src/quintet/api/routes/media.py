"""The original files of known items, whole or in part, never as a page of our origin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from email.utils import formatdate
from pathlib import PurePath
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from anyio import CapacityLimiter
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from quintet.api.conditions import Span, Unsatisfiable, matches, span
from quintet.api.problems import Problem, answer
from quintet.api.security import READ, Here
from quintet.api.threads import Threads, in_threads
from quintet.flows.originals import Original
from quintet.service.service import Service
from quintet.service.uploads import safe_name
from quintet.store.records import FileRow
from quintet.types import Item, Modality

router = APIRouter(tags=["items"])

ITEM_ID = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content")]

IF_NONE_MATCH = Annotated[str, Header(description="ETags that the caller holds already.")]

PIECE = 256 << 10

SHOWN: Mapping[tuple[Modality, str], str] = {
    (Modality.IMAGE, "jpeg"): "image/jpeg",
    (Modality.IMAGE, "png"): "image/png",
    (Modality.IMAGE, "webp"): "image/webp",
    (Modality.IMAGE, "bmp"): "image/bmp",
    (Modality.IMAGE, "gif"): "image/gif",
    (Modality.IMAGE, "avif"): "image/avif",
    (Modality.VIDEO, "gif"): "image/gif",
    (Modality.VIDEO, "webp"): "image/webp",
    (Modality.VIDEO, "png"): "image/apng",
    (Modality.VIDEO, "avif"): "image/avif",
    (Modality.VIDEO, "mp4"): "video/mp4",
    (Modality.VIDEO, "mov"): "video/quicktime",
    (Modality.VIDEO, "m4a"): "video/mp4",
    (Modality.VIDEO, "3gp"): "video/3gpp",
    (Modality.VIDEO, "mkv"): "video/webm",
    (Modality.VIDEO, "ogg"): "video/ogg",
    (Modality.AUDIO, "mp4"): "audio/mp4",
    (Modality.AUDIO, "m4a"): "audio/mp4",
    (Modality.AUDIO, "3gp"): "audio/3gpp",
    (Modality.AUDIO, "mkv"): "audio/webm",
    (Modality.AUDIO, "ogg"): "audio/ogg",
    (Modality.AUDIO, "mp3"): "audio/mpeg",
    (Modality.AUDIO, "wav"): "audio/wav",
    (Modality.AUDIO, "flac"): "audio/flac",
    (Modality.AUDIO, "aac"): "audio/aac",
}
"""What a browser may show, by what the content is found to be. All else is only downloaded."""

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Cookie",
}

BYTES = {
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "the whole file", **BYTES},
    206: {"description": "the bytes asked for", **BYTES},
    304: {"description": "the caller's copy is still good"},
    416: {"model": Problem, "description": "no byte of the file is in the range"},
}


@router.head("/media/{item_id}", dependencies=READ, include_in_schema=False)
@router.get("/media/{item_id}", dependencies=READ, response_class=Response, responses=ANSWERS)
async def media(
    request: Request,
    item_id: ITEM_ID,
    here: Here,
    threads: Threads,
    download: Annotated[bool, Query(description="To be stored, not shown.")] = False,
    range: Annotated[str, Header(description="`bytes=FIRST-LAST`, one range.")] = "",
    if_range: Annotated[str, Header(description="ETag or date that the range is of.")] = "",
    if_none_match: IF_NONE_MATCH = "",
) -> Response:
    """The original file of an item; one byte range may be asked for."""
    held = await in_threads(threads, Held, here, item_id)
    headers = held.headers(download)
    etag = headers["ETag"]
    if matches(if_none_match, etag):
        held.close()
        return Response(status_code=304, headers=headers)
    try:
        whole = if_range and if_range.strip() not in (etag, headers["Last-Modified"])
        part = None if whole else span(range, held.size)
    except Unsatisfiable:
        held.close()
        told = {"Content-Range": f"bytes */{held.size}", "Accept-Ranges": "bytes"}
        detail = f"{range[:80]} is not in the {held.size} bytes of the file"
        title = "Range Not Satisfiable"
        return answer(Problem(type="about:blank", title=title, status=416, detail=detail), told)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{held.size}"
    part = part or Span(0, held.size - 1)
    headers["Content-Length"] = str(part.size)
    status = 206 if "Content-Range" in headers else 200
    if request.method == "HEAD":
        held.close()
        return Response(status_code=status, headers=headers)
    return Sent(held, part, threads, status, headers)


class Held:
    """The open original of an item; whoever makes one closes it."""

    def __init__(self, here: Service, item_id: str) -> None:
        with here.lookups.library() as lib:
            found: Original = lib.original(item_id)
        self.item: Item = found.item
        self._stack = ExitStack()
        self.file: BinaryIO
        self.row: FileRow
        self.file, self.row = self._stack.enter_context(found.opened())

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.row.size_bytes

    def headers(self, download: bool) -> dict[str, str]:
        """What is said of the file: its type, version, name, and how it may be used."""
        shown = SHOWN.get((self.item.modality, self.item.format))
        inline = shown is not None and not download
        kind = "inline" if inline else "attachment"
        return {
            **SAFE,
            "Content-Type": shown or "application/octet-stream",
            "Content-Disposition": f"{kind}; {_named(self.row.path)}",
            "ETag": f'"{self.item.id}"',
            "Last-Modified": formatdate(self.row.mtime_ns // 10**9, usegmt=True),
        }

    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class Sent(StreamingResponse):
    """A part of an open file; it is closed whatever becomes of the connection."""

    def __init__(
        self,
        held: Held,
        part: Span,
        places: CapacityLimiter,
        status: int,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(_pieces(held.file, part, places), status, headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._held.close()


async def _pieces(file: BinaryIO, part: Span, places: CapacityLimiter) -> AsyncIterator[bytes]:
    """The bytes of a span; a thread is used for each piece and not while the caller reads."""
    await in_threads(places, file.seek, part.first)
    left = part.size
    while left > 0:
        piece = await in_threads(places, file.read, min(PIECE, left))
        if not piece:  # it was cut while we read; the short answer tells
            raise OSError(f"the file ended {left} bytes early")
        left -= len(piece)
        yield piece


def _named(path: str) -> str:
    """A file's name for Content-Disposition (RFC 6266): plain letters, and the true one in UTF-8.

    >>> print(_named("/a/狗 b.png"))
    filename="__b.png"; filename*=UTF-8''%E7%8B%97%20b.png
    """
    name = safe_name(PurePath(path).name.encode("utf-8", "replace").decode("utf-8"))
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
