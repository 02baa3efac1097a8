"""``Idempotency-Key``: a request that makes something is done once, however often it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Request, Response

from quintet.api.security import Caller
from quintet.api.wire import told
from quintet.service.service import Service

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e ]*$",
        description="Of the caller's choice: sent again with the same content within a day, the "
        "request is not done again and gives the first answer.",
    ),
]


def done_once(
    here: Service,
    request: Request,
    caller: Caller,
    key: str,
    content: bytes,
    make: Callable[[], Any],
    status: int,
) -> Response:
    """What ``make`` returns as an answer, or what it returned when the key was first used.

    Raises:
        Conflict: the key was used with other content.
    """

    def made() -> tuple[int, str]:
        return status, told(make()).decode()

    if not key:
        _, body = made()
        return Response(body, status, media_type="application/json")
    place = "\n".join((caller.name, request.method, request.url.path, key))
    mark = hashlib.sha256(content).digest()
    status, body, again = here.answers.once(place, mark, made)
    headers = {"Idempotency-Replayed": "true"} if again else {}
    return Response(body, status, headers, media_type="application/json")
