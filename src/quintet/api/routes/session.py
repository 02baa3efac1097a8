"""A browser's session: a cookie for a token, so that the token is typed once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from quintet.api import security
from quintet.api.questions import Asked
from quintet.api.security import READ, Asker, Here

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
    security.give_session(request, answer, here.sessions.begin(login.token))
    security.give_csrf(request, answer, security.csrf(request))
    return answer


@router.get("/session", dependencies=READ)
def who(asker: Asker) -> Known:
    """Who calls, and what the caller may do."""
    return Known(name=asker.name, scope=asker.scope.name.lower())


@router.delete("/session", dependencies=READ, status_code=204)
def end(request: Request) -> Response:
    """Log the browser out."""
    answer = Response(status_code=204)
    security.end_session(request, answer)
    return answer
