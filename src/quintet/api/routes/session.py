"""A browser's session: a cookie for a token, so that the token is typed once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from quintet.api import security
from quintet.api.questions import Asked
from quintet.api.security import READ, SESSION, Asker, Here
from quintet.service.sessions import HOURS

router = APIRouter(tags=["session"])


class Login(Asked):
    """A token."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    """As `quintet token create` told it."""


class Known(BaseModel):
    """Who calls: the token's name, and what it may do."""

    name: str
    scope: str


@router.post("/session", status_code=204)
def begin(login: Login, request: Request, here: Here) -> Response:
    """Log a browser in: the answer sets a cookie that stands for the token."""
    answer = Response(status_code=204)
    answer.set_cookie(
        security.cookie(SESSION, request),
        here.sessions.begin(login.token),
        max_age=HOURS * 3600,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    security.give_csrf(request, answer)
    return answer


@router.get("/session", dependencies=READ)
def who(asker: Asker) -> Known:
    """Who calls, and what the caller may do."""
    return Known(name=asker.name, scope=asker.scope.name.lower())


@router.delete("/session", dependencies=READ, status_code=204)
def end(request: Request, here: Here) -> Response:
    """Log the browser out."""
    here.sessions.end(request.cookies.get(security.cookie(SESSION, request), ""))
    answer = Response(status_code=204)
    answer.delete_cookie(security.cookie(SESSION, request), path="/")
    return answer
