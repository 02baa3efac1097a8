"""Forms of the pages: plain posts that work without any script, each with the CSRF token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from quintet.api import security
from quintet.errors import Forbidden, TooLarge, Unauthenticated
from quintet.service.tokens import Scope

FIELD = "csrf"
MOST_BYTES = 64 << 10

Fields = Mapping[str, str]


def form(scope: Scope | None) -> Callable[[Request], Awaitable[Fields]]:
    """A dependency: the fields of a form that our own page sent, from a caller of that scope.

    Args:
        scope: None lets everybody send it, for logging in and for choosing a language.

    Raises:
        Unauthenticated: nobody we know; Forbidden: a smaller scope, or a forged form.
        TooLarge: from reading it.
    """

    async def fields(request: Request) -> Fields:
        _check(request, scope)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise TooLarge(f"a form of more than {MOST_BYTES:,} bytes")
        sent = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        own = security.is_own(request)
        if not own or not security.repeats_csrf(request, sent.get(FIELD, "")):
            raise Forbidden(
                "this form is not from a page of ours, or the page is old; load it anew"
            )
        return sent

    return fields


def _check(request: Request, scope: Scope | None) -> None:
    if scope is None:
        return
    found = security.caller(request)
    if found is None:
        raise Unauthenticated("log in first")
    security.demand(found, scope, "this")


def back(sent: Fields, otherwise: str = "/") -> RedirectResponse:
    """To the page that the form names as the next, which is one of ours."""
    to = sent.get("next", "")
    ours = to.startswith("/") and not to.startswith(("//", "/\\"))
    return RedirectResponse(to if ours else otherwise, 303)


Anyone = Annotated[Fields, Depends(form(None))]
Writer = Annotated[Fields, Depends(form(Scope.WRITE))]
Admin = Annotated[Fields, Depends(form(Scope.ADMIN))]
