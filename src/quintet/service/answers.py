"""Answers by ``Idempotency-Key``: the same request sent again gets what the first one got."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from quintet.errors import Conflict
from quintet.service.state import State

KEPT_S = 24 * 3600.0


class Answers:
    """What was answered lately under a key; safe to use from several threads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._one_at_a_time = threading.Lock()

    def once(
        self, key: str, request: bytes, make: Callable[[], tuple[int, str]]
    ) -> tuple[int, str, bool]:
        """Status and body of the first request under a key, and whether this is a repetition.

        Args:
            request: a digest of what is asked for.
            make: does the work; called once a key. When it raises, nothing is kept.

        Raises:
            Conflict: another request came under the same key.
        """
        with self._one_at_a_time:
            found = self._known(key)
            if found is None:
                status, body = make()
                with self._state.transaction() as db:
                    row = (key, request, status, body, time.time())
                    db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", row)
                return status, body, False
        theirs, status, body = found
        if theirs != request:
            raise Conflict(
                "another request came under this Idempotency-Key; take a new key for a new request"
            )
        return status, body, True

    def _known(self, key: str) -> tuple[bytes, int, str] | None:
        with self._state.transaction() as db:
            db.execute("DELETE FROM answers WHERE at < ?", (time.time() - KEPT_S,))
        found = self._state.rows("SELECT request, status, body FROM answers WHERE key = ?", (key,))
        return (found[0][0], found[0][1], found[0][2]) if found else None
