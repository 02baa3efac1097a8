"""Who calls, and whether they may: tokens, sessions, CSRF."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from quintet.errors import Forbidden, Unauthenticated
from quintet.service.service import Service
from quintet.service.sessions import HOURS
from quintet.service.tokens import Scope

SESSION = "quintet_session"
CSRF = "quintet_csrf"
"""Cookies; see ``cookie``."""

FAILED = "quintet.failed"
"""In the scope of a request that showed a token: whether it is unknown."""

CSRF_HEADER = "x-csrf-token"
NEEDS = "needs_"
"""Before the scope in the name of what lets only some callers pass."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = ("same-origin", "none")


@dataclass(frozen=True)
class Caller:
    """Who calls: the token's name, ``anonymous`` without one."""

    name: str
    scope: Scope


async def service(request: Request) -> Service:
    """The service behind a request."""
    found: Service = request.app.state.service
    return found


def caller(request: Request) -> Caller | None:
    """Who calls, by bearer token, else by session, else anonymous where that is allowed."""
    here: Service = request.app.state.service
    if _bearer(request) is not None:
        known = here.tokens.scope(_bearer(request) or "")
        request.scope[FAILED] = known is None
        return Caller(*known) if known else None
    held = here.sessions.caller(request.cookies.get(cookie(SESSION, request), ""))
    if held is not None:
        return Caller(*held)
    anonymous = here.settings.anonymous
    return Caller("anonymous", anonymous) if anonymous is not None else None


def cookie(name: str, request: Request) -> str:
    """The name of a cookie; ports of one host share their cookies, so it is part of the name."""
    port = request.url.port
    return f"{name}_{port}" if port else name


def _bearer(request: Request) -> str | None:
    """The token of a request's head, None where it has none."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def needs(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that lets only callers of that scope pass.

    Raises:
        Unauthenticated: no valid token; Forbidden: a token of a smaller scope, or a forged request.
    """

    async def check(request: Request) -> Caller:
        found = await known(request)
        demand(found, scope, "this")
        if request.method not in SAFE and not _meant(request):
            raise Forbidden(
                f"a browser's request must come from a page of ours, with the header {CSRF_HEADER}"
            )
        return found

    check.__name__ = NEEDS + scope.name.lower()
    return check


def _meant(request: Request) -> bool:
    """Whether a request that changes something comes from our own page or from no browser.

    A browser sends Origin or Sec-Fetch-Site with these, which must name our own origin; and the
    CSRF cookie must be repeated in a header, which only our own origin can read. A token is sent by
    no browser of its own accord.
    """
    if _bearer(request) is not None:
        return True
    browser = "origin" in request.headers or "sec-fetch-site" in request.headers
    if not browser and cookie(SESSION, request) not in request.cookies:
        return True
    return is_own(request) and repeats_csrf(request, request.headers.get(CSRF_HEADER, ""))


def is_own(request: Request) -> bool:
    """Whether a request comes from our own origin, port and all, as far as its browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    own = not origin or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    return own and site in OWN_SITES


def repeats_csrf(request: Request, sent: str) -> bool:
    """Whether what was sent is what the CSRF cookie holds."""
    held = request.cookies.get(cookie(CSRF, request), "")
    return bool(held) and hmac.compare_digest(sent.encode(), held.encode())


def csrf(request: Request) -> str:
    """What the CSRF cookie of the browser holds, or shall hold."""
    return request.cookies.get(cookie(CSRF, request)) or secrets.token_urlsafe(24)


def give_csrf(request: Request, answer: Response, token: str) -> None:
    """Set the CSRF cookie, unless the browser has it."""
    name = cookie(CSRF, request)
    if token != request.cookies.get(name):
        answer.set_cookie(name, token, samesite="strict", path="/")


def give_session(request: Request, answer: Response, secret: str) -> None:
    """Set the cookie that stands for a token."""
    answer.set_cookie(
        cookie(SESSION, request),
        secret,
        max_age=HOURS * 3600,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def end_session(request: Request, answer: Response) -> None:
    """End the browser's session, and take its cookie back."""
    name = cookie(SESSION, request)
    request.app.state.service.sessions.end(request.cookies.get(name, ""))
    answer.delete_cookie(name, path="/")


async def known(request: Request) -> Caller:
    """Who calls, for a route that asks for more than its scope.

    Raises:
        Unauthenticated: nobody we know.
    """
    found = caller(request)
    if found is None:
        raise Unauthenticated("this needs a token: send Authorization: Bearer TOKEN, or log in")
    return found


def demand(found: Caller, scope: Scope, what: str) -> None:
    """Let only callers of a scope go on.

    Raises:
        Forbidden: the caller's is smaller.
    """
    if found.scope < scope:
        wanted, held = scope.name.lower(), found.scope.name.lower()
        raise Forbidden(f"{what} needs scope {wanted}; {found.name} has {held}")


READ = [Depends(needs(Scope.READ))]
WRITE = [Depends(needs(Scope.WRITE))]
ADMIN = [Depends(needs(Scope.ADMIN))]
"""For the ``dependencies`` of a route; every route has one."""

Here = Annotated[Service, Depends(service)]
Asker = Annotated[Caller, Depends(known)]
