"""Settings of the library, and what long work it has seen."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence

from quintet.store.database import Database, now
from quintet.store.lock import TRAINING, holder
from quintet.store.records import JobRow


class Jobs(Database):
    """Settings and jobs."""

    def setting(self, key: str) -> str | None:
        """A setting of the library, None when it is not set."""
        rows = self._rows("SELECT value FROM settings WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_setting(self, key: str, value: str) -> None:
        """Set a setting."""
        with self._transaction() as db:
            put_setting(db, key, value)

    def settings(self) -> dict[str, str]:
        """All settings of the library."""
        return dict(self._rows("SELECT key, value FROM settings ORDER BY key"))

    def drop_settings(self, keys: Sequence[str]) -> None:
        """Take settings away."""
        with self._transaction() as db:
            db.executemany("DELETE FROM settings WHERE key = ?", [(key,) for key in keys])

    def start_job(self, kind: str, params: Mapping[str, object]) -> int:
        """Note that a long piece of work begins; its number."""
        with self._transaction() as db:
            at = db.execute(
                "INSERT INTO jobs(kind, state, pid, started_at, params, report)"
                " VALUES (?, 'running', ?, ?, ?, '{}')",
                (kind, os.getpid(), now(), json.dumps(dict(params))),
            )
        return int(at.lastrowid or 0)

    def finish_job(self, job: int, state: str, report: Mapping[str, object]) -> None:
        """Note how it ended: done, failed or interrupted."""
        with self._transaction() as db:
            db.execute(
                "UPDATE jobs SET state = ?, finished_at = ?, report = ? WHERE id = ?",
                (state, now(), json.dumps(dict(report)), job),
            )

    def _begin_writing(self) -> None:
        """Only one process writes, so a job that still runs has died, but for a training."""
        running = "state = 'running' AND NOT (kind = 'train' AND CAST(pid AS TEXT) = ?)"
        trains = holder(self.folder, TRAINING)
        if self._rows(f"SELECT 1 FROM jobs WHERE {running}", (trains,)):
            with self._transaction() as db:
                db.execute(
                    f"UPDATE jobs SET state = 'interrupted', finished_at = ? WHERE {running}",
                    (now(), trains),
                )

    def jobs(self, limit: int = 20) -> list[JobRow]:
        """The latest jobs, newest first."""
        rows = self._rows(
            "SELECT id, kind, state, started_at, finished_at, params, report FROM jobs"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [
            JobRow(number, kind, state, started, ended, json.loads(params), json.loads(report))
            for number, kind, state, started, ended, params, report in rows
        ]


def put_setting(db: sqlite3.Connection, key: str, value: str) -> None:
    """Set a setting inside a transaction."""
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))
