"""Sessions of browsers: a cookie for a token, so that the token is typed once."""

from __future__ import annotations

import secrets
import time

from quintet.errors import Forbidden
from quintet.service.state import State
from quintet.service.tokens import Scope, Tokens, digest

HOURS = 24 * 7


class Sessions:
    """Open sessions; each ends with its token."""

    def __init__(self, state: State, tokens: Tokens) -> None:
        self._state = state
        self._tokens = tokens

    def begin(self, token: str) -> str:
        """A new session for a token.

        Raises:
            Forbidden: the token is unknown, revoked or out of date.
        """
        known = self._tokens.scope(token)
        if known is None:
            raise Forbidden("no such token, or it is revoked or out of date")
        secret = secrets.token_urlsafe(32)
        with self._state.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires_at < ?", (time.time(),))
            row = (digest(secret), known[0], time.time() + HOURS * 3600)
            db.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)
        return secret

    def caller(self, secret: str) -> tuple[str, Scope] | None:
        """Name and scope of a session's token; None when it is over."""
        if not secret:
            return None
        found = self._state.rows(
            "SELECT t.name, t.scope, t.expires_at FROM sessions s JOIN tokens t ON t.name = s.token"
            " WHERE s.hash = ? AND s.expires_at > ?",
            (digest(secret), time.time()),
        )
        return self._tokens.valid(*found[0]) if found else None

    def end(self, secret: str) -> None:
        """Forget a session."""
        with self._state.transaction() as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", (digest(secret),))
