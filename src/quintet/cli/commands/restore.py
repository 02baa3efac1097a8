"""quintet restore: a library from a backup, or salvaged facts into a library."""

from __future__ import annotations

from pathlib import Path

import click

from quintet.cli import options, output
from quintet.cli.progress import progress


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.library
@click.option(
    "--force", is_flag=True, help="Put it in the place of a library, which is moved aside."
)
@click.option(
    "--trust",
    is_flag=True,
    help="Take over settings that name servers or models, too: only from a FILE of your own.",
)
@options.as_json
def command(file: Path, folder: Path | None, force: bool, trust: bool, as_json: bool) -> None:
    """Make the library that is in FILE, written by quintet backup.

    FILE may come from anybody: what is not exactly a backup whose every checksum holds is refused.
    Settings that name servers or models are left out without --trust, and files are given out only
    after their bytes were compared: the next quintet add does so for all of them.
    Of a FILE written by quintet salvage, labels, tags, searches and settings are put into the
    library that is there, on the items of the same content; what it has already stays.

    \b
    quintet restore library.zip -L ~/Elsewhere
    quintet restore facts.jsonl
    """
    from quintet.library import restore

    with progress(quiet=as_json) as tick:
        report = restore(file, folder, force=force, trust=trust, on_progress=tick)
    output.emit_report(report, as_json=as_json)
    if report.left_out:
        output.warn(
            "left out as anybody may have set it; set an index again with quintet rebuild --index, "
            "or, if the file is your own, restore it again with --trust"
        )
