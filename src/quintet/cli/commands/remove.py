"""quintet remove: forget items; the files stay."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output


@click.command()
@click.argument("items", nargs=-1)
@options.library
@options.where
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
def command(
    items: tuple[str, ...], folder: Path | None, where: tuple[str, ...], yes: bool, as_json: bool
) -> None:
    """Forget ITEMS (paths, folders or ids) and all that is known about them; files stay untouched.

    \b
    quintet remove holiday/blurred.jpg
    quintet remove --where missing=yes
    """
    if not items and not where:
        raise click.UsageError("name items or give --where; nothing was removed")
    with quintet.open(folder, create=False) as lib:
        ids = lib.find(items, where=where)
        if ids and not yes and not as_json:
            click.confirm(f"forget {len(ids)} item(s)? The files stay.", abort=True)
        lib.remove(ids)
    if as_json:
        output.emit_json({"removed": len(ids)})
    else:
        output.console.print(f"{len(ids)} item(s) forgotten; no file was touched")
