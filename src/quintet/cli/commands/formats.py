"""quintet formats: which formats are read, and a switch for each."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

import quintet
from quintet.cli import options, output


@click.command()
@options.library
@click.option("--off", multiple=True, metavar="FORMAT", help="Never look into such files again.")
@click.option("--on", multiple=True, metavar="FORMAT", help="Read such files again.")
@options.as_json
def command(folder: Path | None, off: tuple[str, ...], on: tuple[str, ...], as_json: bool) -> None:
    """Show which formats are read, and switch some off: when a decoder turns out to have a hole.

    Files of a format that is off are listed by quintet errors as switched_off. What is indexed
    already stays and is found. The switches belong to the library.

    \b
    quintet formats
    quintet formats --off tiff --off pdf
    """
    with quintet.open(folder, create=False) as lib:
        if off or on:
            lib.switch_formats(off=off, on=on)
        rows = lib.formats()
    if as_json:
        output.emit_json({"formats": rows})
        return
    table = Table(box=None, show_header=False)
    for media in dict.fromkeys(row.modalities for row in rows):
        names = [row.name for row in rows if row.on and row.modalities == media]
        table.add_row(", ".join(media), " ".join(names))
    table.add_row("switched off", " ".join(row.name for row in rows if not row.on) or "none")
    output.console.print(table)
