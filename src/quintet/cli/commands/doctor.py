"""quintet doctor: are this machine and this library in order?"""

from __future__ import annotations

from pathlib import Path

import click

from quintet.cli import options, output

_MARK = {True: "[green]ok[/]  ", False: "[red]BAD[/] ", None: "[yellow]note[/]"}


@click.command()
@options.library
@options.as_json
def command(folder: Path | None, as_json: bool) -> None:
    """Check the machine (libraries, decoding box) and the library (disk, checksums, errors).

    Each line says what is wrong and what to do about it. Exit code 1 when something is wrong.
    """
    from quintet.library import doctor

    checks = doctor(folder)
    if as_json:
        output.emit_json([vars(check) for check in checks])
    else:
        for check in checks:
            detail = output.printable(check.detail)
            output.console.print(f"{_MARK[check.ok]} {check.name}: {detail}")
    raise SystemExit(1 if any(check.ok is False for check in checks) else 0)
