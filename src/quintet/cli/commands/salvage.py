"""quintet salvage: what people said, out of a damaged library."""

from __future__ import annotations

from pathlib import Path

import click

from quintet.cli import options, output
from quintet.cli.progress import progress


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.library
@click.option(
    "--force", is_flag=True, help="Replace a salvage that is there; nothing else is replaced."
)
@options.as_json
def command(file: Path, folder: Path | None, force: bool, as_json: bool) -> None:
    """Write labels, tags, saved searches and settings of a damaged library into FILE.

    Everything else is made again from the files: move .quintet away, add the folders, and put
    FILE back. The damaged library is only read.

    \b
    quintet salvage facts.jsonl
    mv .quintet damaged
    quintet add .
    quintet restore facts.jsonl
    """
    from quintet.library import salvage

    with progress(quiet=as_json) as tick:
        report = salvage(file, folder, force=force, on_progress=tick)
    output.emit_report(report, as_json=as_json)
