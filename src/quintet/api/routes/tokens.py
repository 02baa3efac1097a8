"""Tokens: made, listed and revoked, as `quintet token` does."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from quintet.api.questions import Asked
from quintet.api.security import ADMIN, Here
from quintet.service.tokens import MOST_DAYS, Scope, TokenRow

router = APIRouter(tags=["tokens"])

TokenName = Annotated[str, Path(min_length=1, max_length=200, description="Name of a token.")]


class NewToken(Asked):
    """A token that is asked for."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """1 to 60 letters, digits, spaces, dots, `-` and `_`; not `.`, `..` or `anonymous`."""

    scope: Literal["read", "write", "admin"] = "read"
    """What its callers may do; each includes those before it."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    """Valid so long; for good when null."""


class Secret(BaseModel):
    """A new token: ``secret`` is shown this once."""

    secret: str
    token: TokenRow


class TokenList(BaseModel):
    """All tokens, by name, without their secrets."""

    tokens: list[TokenRow]


@router.get("/tokens", dependencies=ADMIN)
def listed(here: Here) -> TokenList:
    """Names, scopes and times of the tokens, never the secrets."""
    return TokenList(tokens=here.tokens.all())


@router.post("/tokens", dependencies=ADMIN, status_code=201)
def create(asked: NewToken, here: Here, response: Response) -> Secret:
    """Make a token. Takes no `Idempotency-Key`: an answer that is kept would keep the secret."""
    secret = here.tokens.create(asked.name, Scope.named(asked.scope), asked.days)
    response.headers["Cache-Control"] = "no-store"
    row = next(row for row in here.tokens.all() if row.name == asked.name)
    return Secret(secret=secret, token=row)


@router.delete("/tokens/{name:path}", dependencies=ADMIN, status_code=204)
def revoke(name: TokenName, here: Here) -> None:
    """End a token and the sessions that were begun with it, at once."""
    here.tokens.revoke(name)
