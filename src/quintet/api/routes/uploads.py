"""Files sent over the network: to ask with, or to keep."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Header, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from quintet.api.multipart import file_part
from quintet.api.once import Key, done_once
from quintet.api.security import READ, WRITE, Asker, Here
from quintet.errors import UsageError
from quintet.service.jobs import Job
from quintet.service.uploads import Upload

router = APIRouter(tags=["uploads"])

UploadId = Annotated[
    str, Path(pattern="^[0-9a-f]{32}$", description="Id that the upload was answered with.")
]
FileName = Annotated[
    str,
    Header(
        alias="X-File-Name",
        max_length=2000,
        description="The file's name, percent-encoded where it is not ASCII; only ever shown.",
    ),
]
ANY = {"schema": {"type": "string", "format": "binary"}}
FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}
BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a form with the field `file`.",
        "content": {"application/octet-stream": ANY, "multipart/form-data": FORM},
    }
}


@router.post(
    "/uploads",
    dependencies=READ,
    status_code=201,
    response_model=Upload,
    openapi_extra=BODY,
)
async def receive(
    request: Request, here: Here, asker: Asker, name: FileName = "", key: Key = ""
) -> Response:
    """Send a file to search with; it is deleted after a day unless it is kept."""
    pieces: AsyncIterator[bytes] = request.stream()
    shown = unquote(name) or "file"
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        shown, pieces = await file_part(request.headers["content-type"], pieces, shown)
    digest = hashlib.sha256(shown.encode("utf-8", "replace"))
    with await run_in_threadpool(here.uploads.receive, shown) as receiving:
        async for piece in pieces:
            digest.update(piece)
            await run_in_threadpool(receiving.write, piece)
        if not receiving.size_bytes:
            raise UsageError("the file is empty; send its bytes as the body, or as the field file")
    came = receiving.upload

    def made() -> Upload | None:
        return came

    try:
        answer = await run_in_threadpool(
            done_once, here, request, asker, key, digest.digest(), made, 201
        )
    except BaseException:
        here.uploads.forget(receiving.id)
        raise
    if "Idempotency-Replayed" in answer.headers:
        here.uploads.forget(receiving.id)
    return answer


@router.get("/uploads/{upload_id}", dependencies=READ)
def known(upload_id: UploadId, here: Here) -> Upload:
    """Name and size of an uploaded file, as long as it is there."""
    return here.uploads.get(upload_id)


@router.post("/uploads/{upload_id}/keep", dependencies=WRITE, status_code=201, response_model=Job)
def keep(
    upload_id: UploadId, request: Request, here: Here, asker: Asker, key: Key = ""
) -> Response:
    """Move an uploaded file into the library's own folder and add it: a job."""

    def made() -> Job:
        return here.jobs.add("add", {"paths": [str(here.uploads.keep(upload_id))]})

    return done_once(here, request, asker, key, b"", made, 201)


@router.delete("/uploads/{upload_id}", dependencies=READ, status_code=204)
def forget(upload_id: UploadId, here: Here) -> None:
    """Delete an uploaded file before its day is over."""
    here.uploads.get(upload_id)
    here.uploads.forget(upload_id)
