"""Files that could not be indexed, and why."""

from __future__ import annotations

from collections.abc import Sequence

from quintet.errors import Code
from quintet.store.database import Database
from quintet.store.packing import BELOW, below, path_key, printable, real_path
from quintet.store.records import ErrorRow, Failure


class Failures(Database):
    """One row for each file that is not indexed."""

    def record_errors(self, rows: Sequence[Failure]) -> None:
        """One row a file that was not indexed; a later one of the same path replaces it."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_failure_values(row) for row in rows],
            )

    def failures(self, root: str) -> dict[str, Failure]:
        """Path to failure, of the files below a folder; what is switched off may be on by now."""
        rows = self._rows(
            "SELECT path, stage, code, detail, at, skipped, size_bytes, mtime_ns, program"
            f" FROM errors WHERE code != ? AND {BELOW}",
            [Code.OFF.value, *below(root)],
        )
        return {
            real_path(r[0]): Failure(ErrorRow(real_path(r[0]), *r[1:5]), bool(r[5]), *r[6:])
            for r in rows
        }

    def clear_errors(self, root: str, keep: Sequence[str]) -> None:
        """Forget the errors below a root whose files are no longer there."""
        kept = {path_key(path) for path in keep}
        rows = self._rows(f"SELECT path FROM errors WHERE {BELOW}", below(root))
        past = [row for row in rows if row[0] not in kept]
        if past:
            with self._transaction() as db:
                db.executemany("DELETE FROM errors WHERE path = ?", past)

    def errors(self, limit: int = 1000, offset: int = 0) -> list[ErrorRow]:
        """Files that are not indexed: failures first, latest first."""
        rows = self._rows(
            "SELECT path, stage, code, detail, at FROM errors"
            " ORDER BY skipped, at DESC, path LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return [ErrorRow(printable(real_path(row[0])), *row[1:]) for row in rows]


def _failure_values(row: Failure) -> tuple[object, ...]:
    e = row.error
    shown = (path_key(e.path), e.stage, e.code, printable(e.detail), e.at)
    return (*shown, row.skipped, row.size_bytes, row.mtime_ns, row.program)
