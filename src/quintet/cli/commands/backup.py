"""quintet backup: the whole library in one file."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.cli.progress import progress


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.library
@click.option(
    "--force", is_flag=True, help="Replace a backup that is there; nothing else is replaced."
)
@options.as_json
def command(file: Path, folder: Path | None, force: bool, as_json: bool) -> None:
    """Write the library of this moment into FILE, while others read and write it.

    What is derived (indexes, previews), the files that were added and the tokens of a service are
    not in it. Every checksum is counted before FILE appears: a damaged library replaces no backup.

    \b
    quintet backup /mnt/disk/library.zip
    quintet restore /mnt/disk/library.zip -L ~/Elsewhere
    """
    with quintet.open(folder, create=False) as lib, progress(quiet=as_json) as tick:
        report = lib.backup(file, force=force, on_progress=tick)
    if as_json:
        output.emit_json(report)
    else:
        size = output.short(report.size_bytes)
        output.console.print(f"{report.items} item(s), {size} bytes, written to {report.file}")
