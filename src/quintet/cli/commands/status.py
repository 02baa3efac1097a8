"""quintet status: what is in the library."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.plain import plain

APART = ("items", "indexes", "jobs")
"""What is shown in tables of its own."""


@click.command()
@options.library
@options.as_json
def command(folder: Path | None, as_json: bool) -> None:
    """Show what is in the library: items by medium, missing files, errors, model, indexes, jobs."""
    with quintet.open(folder, create=False) as lib:
        status = lib.status()
    if as_json:
        output.emit_json(status)
        return
    output.console.print(f"library  {lib.folder}")
    output.table(["medium", "items"], [[m, n] for m, n in status.items.items()])
    rows = [[name, value] for name, value in plain(status).items() if name not in APART]
    output.table(["", ""], [[k, _text(v)] for k, v in rows])
    output.table(
        ["index", "medium", "channel", "kind", "vectors", "memory"],
        [
            [i.model, i.modality, i.channel, i.kind, i.vectors, _megabytes(i.memory_bytes)]
            for i in status.indexes
        ],
    )
    jobs = [[j.id, j.kind, j.state, j.started_at[:19], _text(j.report)] for j in status.jobs]
    output.table(["job", "kind", "state", "started", "report"], jobs)


def _megabytes(size: int | None) -> str:
    return "–" if size is None else f"{size / 1e6:.1f} MB"


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items()) or "–"
    return str(value)
