"""Previews of items: small pictures and descriptions, kept by browsers for good."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from quintet.api.conditions import CACHED, matches
from quintet.api.routes.media import IF_NONE_MATCH, ITEM_ID
from quintet.api.security import READ, Here
from quintet.api.threads import Threads, in_threads
from quintet.errors import UnknownName
from quintet.flows.originals import Original
from quintet.flows.previews import KINDS, media_type, tag
from quintet.service.service import Service

router = APIRouter(tags=["items"])

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the preview",
        "content": {
            "image/webp": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"type": "object"}},
        },
    },
    304: {"description": "the caller's copy is still good"},
}


@router.get(
    "/items/{item_id}/previews/{kind}",
    dependencies=READ,
    response_class=Response,
    responses=ANSWERS,
)
async def preview(
    item_id: ITEM_ID,
    kind: Annotated[str, Path(description="As listed above.", max_length=20)],
    here: Here,
    threads: Threads,
    if_none_match: IF_NONE_MATCH = "",
) -> Response:
    """A preview of an item, by kind; which there are depends on its medium.

    ``thumb`` (picture, film, sound, model), ``strip`` and ``strip.json`` (shots of a film),
    ``wave`` and ``wave.json`` (sound, also of a film), ``views`` and ``views.json`` (model),
    ``text.json`` (text). Pictures are WebP.
    """
    return await in_threads(threads, _answer, here, item_id, kind, if_none_match)


def _answer(here: Service, item_id: str, kind: str, known: str) -> Response:
    with here.lookups.library() as lib:
        found: Original = lib.original(item_id)
        here.box.limits = lib.limits  # a format may have been switched off
    kinds = KINDS[found.item.modality]
    if kind not in kinds:
        raise UnknownName(f"preview of {found.item.modality}", kind, kinds)
    etag = f'"{tag(item_id, kind)}"'
    headers = {"ETag": etag, **CACHED}
    if matches(known, etag):
        return Response(status_code=304, headers=headers)
    made = here.previews.get(found, kind)
    return Response(made, media_type=media_type(kind), headers=headers)
