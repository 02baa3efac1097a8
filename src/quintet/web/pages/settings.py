"""Language, theme, logging in, tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from quintet.api import security
from quintet.api.security import Here
from quintet.errors import QuintetError, Unauthenticated
from quintet.service.tokens import Scope
from quintet.web.forms import Admin, Anyone, back
from quintet.web.render import LANGUAGE, LANGUAGES, THEME, THEMES, page

router = APIRouter()

YEAR_S = 365 * 24 * 3600


@router.get("/settings")
def settings(request: Request, here: Here) -> HTMLResponse:
    """What the reader may choose."""
    return _settings(request, here)


@router.post("/settings")
def choose(sent: Anyone) -> RedirectResponse:
    """Keep a language or a theme in a cookie."""
    answer = back(sent, "/settings")
    for cookie, name, known in ((LANGUAGE, "language", LANGUAGES), (THEME, "theme", THEMES)):
        if sent.get(name) in known:
            answer.set_cookie(cookie, sent[name], max_age=YEAR_S, samesite="lax", path="/")
    return answer


@router.get("/login")
def ask(request: Request) -> HTMLResponse:
    """Ask for a token."""
    return page(request, "login.html", next=request.query_params.get("next", "/"), error="")


@router.post("/login")
def login(request: Request, sent: Anyone, here: Here) -> Response:
    """Begin a session for a token."""
    try:
        secret = here.sessions.begin(sent.get("token", "").strip())
    except QuintetError as e:
        request.scope[security.FAILED] = True
        return page(request, "login.html", 403, next=sent.get("next", "/"), error=str(e))
    answer = back(sent)
    security.give_session(request, answer, secret)
    return answer


@router.post("/logout")
def logout(request: Request, _: Anyone) -> RedirectResponse:
    """End the session."""
    answer = RedirectResponse("/settings", 303)
    security.end_session(request, answer)
    return answer


@router.post("/settings/tokens")
def create(request: Request, sent: Admin, here: Here) -> HTMLResponse:
    """Make a token; this page is the only one that ever shows it."""
    scope = Scope.named(sent.get("scope", "read"))
    days = int(sent["days"][:9]) if sent.get("days", "").isdecimal() else None
    secret = here.tokens.create(sent.get("name", "").strip(), scope, days)
    return _settings(request, here, secret)


@router.post("/settings/tokens/{name:path}/revoke")
def revoke(_: Admin, here: Here, name: str) -> RedirectResponse:
    """End a token and its sessions."""
    here.tokens.revoke(name)
    return RedirectResponse("/settings#tokens", 303)


def _settings(request: Request, here: Here, secret: str = "") -> HTMLResponse:
    caller = security.caller(request)
    if caller is None:
        raise Unauthenticated("log in first")
    admin = caller.scope >= Scope.ADMIN
    return page(
        request,
        "settings.html",
        tokens=here.tokens.all() if admin else [],
        admin=admin,
        secret=secret,
        session=bool(request.cookies.get(security.cookie(security.SESSION, request)))
        and caller.name != "anonymous",
        folder=here.folder if admin else "",
    )
