"""quintet verify: is every byte of the library as it was written?"""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.cli.progress import progress


@click.command()
@options.library
@options.as_json
def command(folder: Path | None, as_json: bool) -> None:
    """Count every checksum of the library again; exit code 1 when one does not hold.

    Each line says what is damaged and the way out.

    \b
    quintet verify
    quintet verify -L ~/Media --json
    """
    with quintet.open(folder, create=False) as lib, progress(quiet=as_json) as tick:
        damaged = lib.verify(on_progress=tick)
    if as_json:
        output.emit_json({"damaged": damaged})
    for line in [] if as_json else damaged or ["every checksum holds"]:
        output.console.print(output.printable(line), markup=False, soft_wrap=True)
    raise SystemExit(1 if damaged else 0)
