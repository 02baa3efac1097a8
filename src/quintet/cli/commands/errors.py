"""quintet errors: files that could not be indexed, and why."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output


@click.command()
@options.library
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--offset", default=0, type=click.IntRange(0), help="Skip this many rows.")
@options.as_json
def command(folder: Path | None, limit: int, offset: int, as_json: bool) -> None:
    """List files that could not be indexed: path, stage, code and reason.

    A row goes away when the file is indexed by a later `quintet add`, or is no longer there.
    """
    with quintet.open(folder, create=False) as lib:
        rows = lib.errors(limit=limit, offset=offset)
    if as_json:
        output.emit_json(rows)
    elif rows:
        output.table(
            ["path", "stage", "code", "detail"], [[r.path, r.stage, r.code, r.detail] for r in rows]
        )
    else:
        output.console.print("no errors")
