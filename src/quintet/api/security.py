"""Who calls, and whether they may: tokens, sessions, CSRF."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from quintet.errors import Forbidden, Unauthenticated
from quintet.service.service import Service
from quintet.service.tokens import Scope

SESSION = "quintet_session"
CSRF = "quintet_csrf"
CSRF_HEADER = "x-csrf-token"
NEEDS = "needs_"
"""Before the scope in the name of what lets only some callers pass."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Caller:
    """Who calls: the token's name, ``anonymous`` without one."""

    name: str
    scope: Scope


def service(request: Request) -> Service:
    """The service behind a request."""
    found: Service = request.app.state.service
    return found


def caller(request: Request) -> Caller | None:
    """Who calls, by bearer token, else by session, else anonymous where that is allowed."""
    here = service(request)
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        known = here.tokens.scope(secret.strip())
        return Caller(*known) if known else None
    held = here.sessions.caller(request.cookies.get(SESSION, ""))
    if held is not None:
        return Caller(*held)
    anonymous = here.settings.anonymous
    return Caller("anonymous", anonymous) if anonymous is not None else None


def needs(scope: Scope) -> Callable[[Request], Caller]:
    """A dependency that lets only callers of that scope pass.

    Raises:
        Unauthenticated: no valid token; Forbidden: a token of a smaller scope, or a forged request.
    """

    def check(request: Request) -> Caller:
        found = known(request)
        demand(found, scope, "this")
        if request.method not in SAFE and not _meant(request):
            raise Forbidden(f"a browser's request must carry the header {CSRF_HEADER}")
        return found

    check.__name__ = NEEDS + scope.name.lower()
    return check


def _meant(request: Request) -> bool:
    """Whether a request that changes something comes from our own page or from no browser.

    A browser sends Origin or Sec-Fetch-Site with these; then the CSRF cookie must be repeated in
    a header, which only our own origin can read.
    """
    if request.headers.get("authorization"):
        return True
    browser = "origin" in request.headers or "sec-fetch-site" in request.headers
    if not browser and SESSION not in request.cookies:
        return True
    sent, held = request.headers.get(CSRF_HEADER, ""), request.cookies.get(CSRF, "")
    return bool(held) and hmac.compare_digest(sent.encode(), held.encode())


def give_csrf(request: Request, answer: Response) -> None:
    """Set the CSRF cookie of a page, unless the browser has one."""
    if not request.cookies.get(CSRF):
        answer.set_cookie(CSRF, secrets.token_urlsafe(24), samesite="strict", path="/")


def known(request: Request) -> Caller:
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
