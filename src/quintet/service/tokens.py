"""Tokens: who may call, and what. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from quintet.errors import UnknownName, UsageError
from quintet.service.state import State

PREFIX = "qt_"
"""So that a leaked token can be recognised."""


MOST_DAYS = 36_500

NAME = re.compile(r"[\w.\- ]{1,60}")
TAKEN = (".", "..", "anonymous")
"""Addresses cannot carry the first two, and callers without a token have the third."""


class Scope(IntEnum):
    """What a caller may do; each includes those before it."""

    READ = 1
    WRITE = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> Scope:
        """``read``, ``write`` or ``admin``.

        Raises:
            UnknownName: none of them.
        """
        if name.upper() not in cls.__members__:
            raise UnknownName("scope", name, [s.name.lower() for s in cls])
        return cls[name.upper()]


@dataclass(frozen=True)
class TokenRow:
    """One token without its secret; ``expires_at`` is None when it never does."""

    name: str
    scope: str
    created_at: str
    expires_at: str | None


class Tokens:
    """The tokens of one service."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, name: str, scope: Scope, days: int | None = None) -> str:
        """A new token; this is the only time that it is told.

        Raises:
            UsageError: there is one of that name, the name cannot be one, or too many days.
        """
        _check(name, days)
        if any(row.name == name for row in self.all()):
            raise UsageError(f"there is a token {name!r} already; revoke it first or take another")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        until = (now + timedelta(days=days)).isoformat() if days else None
        with self._state.transaction() as db:
            db.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?)",
                (name, digest(secret), scope.name.lower(), now.isoformat(), until),
            )
        return secret

    def all(self) -> list[TokenRow]:
        """Every token, by name."""
        found = self._state.rows(
            "SELECT name, scope, created_at, expires_at FROM tokens ORDER BY name"
        )
        return [TokenRow(*row) for row in found]

    def scope(self, secret: str) -> tuple[str, Scope] | None:
        """Name and scope of a token; None when it is unknown, revoked or out of date."""
        found = self._state.rows(
            "SELECT name, scope, expires_at FROM tokens WHERE hash = ?", (digest(secret),)
        )
        return self.valid(*found[0]) if found else None

    def valid(self, name: str, scope: str, until: str | None) -> tuple[str, Scope] | None:
        """Name and scope of a row, None when it is out of date."""
        if until is not None and until <= datetime.now(UTC).isoformat():
            return None
        return name, Scope.named(scope)

    def revoke(self, name: str) -> None:
        """End a token and its sessions.

        Raises:
            UnknownName: no such token.
        """
        names = [row.name for row in self.all()]
        if name not in names:
            raise UnknownName("token", name, names)
        with self._state.transaction() as db:
            db.execute("DELETE FROM tokens WHERE name = ?", (name,))


def _check(name: str, days: int | None) -> None:
    if not NAME.fullmatch(name) or name != name.strip() or name.lower() in TAKEN:
        raise UsageError(
            "a token needs a name, to be revoked by: 1 to 60 letters, digits, spaces, dots, - and "
            f"_, and not one of {', '.join(TAKEN)}; {name[:40]!r} is none"
        )
    if days is not None and days > MOST_DAYS:
        raise UsageError(f"{days} days: a token is valid for at most {MOST_DAYS}, or for good")


def digest(secret: str) -> bytes:
    """What is kept of a token of 256 random bits; no salt or slow hash is needed for these."""
    return hashlib.sha256(secret.encode()).digest()
