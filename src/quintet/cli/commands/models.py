"""quintet models: trained models and encoders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet import catalog
from quintet.cli import options, output

if TYPE_CHECKING:
    from quintet.flows.learning import ModelSummary


@click.command()
@options.library
@click.option("--use", metavar="ID", help="Make this model the active one.")
@click.option("--remove", metavar="ID", help="Delete this model and its vectors.")
@click.option("--encoders", is_flag=True, help="List the encoders that this program knows.")
@options.as_json
def command(
    folder: Path | None,
    use: str | None,
    remove: str | None,
    encoders: bool,
    as_json: bool,
) -> None:
    """List the trained models of the library; choose or remove one."""
    if encoders:
        names = catalog.names("models.encoders")
        output.emit_json(names) if as_json else output.console.print("\n".join(names))
        return
    with quintet.open(folder, create=False) as lib:
        if use:
            lib.use(use)
        if remove:
            lib.remove_model(remove)
        rows = lib.models()
    if as_json:
        output.emit_json(rows)
    elif rows:
        columns = ["", "id", "method", "made", "mean MAP", "random"]
        output.table(columns, [_row(row) for row in rows])
    else:
        output.console.print("no trained model; run: quintet train")


def _row(row: ModelSummary) -> list[object]:
    mark = "*" if row.active else ""
    return [mark, row.id, row.method, row.created_at, row.mean_map, row.random_map]
