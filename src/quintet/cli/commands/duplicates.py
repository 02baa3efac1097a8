"""quintet duplicates: items with nearly the same content."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.cli.progress import progress
from quintet.types import Modality


@click.command()
@options.library
@options.media
@options.where
@options.as_json
def command(
    folder: Path | None, modalities: tuple[Modality, ...], where: tuple[str, ...], as_json: bool
) -> None:
    """List groups of items with nearly the same content: encoded again, resized, wrapped, turned.

    The largest file of a group comes first. Nothing is deleted. Files with the very same bytes are
    one item anyway; they are counted here too.

    \b
    quintet duplicates
    quintet duplicates --in image --where folder=holiday --json
    """
    with quintet.open(folder, create=False) as lib, progress(quiet=as_json) as tick:
        found = lib.duplicates(modalities=modalities, where=where, on_progress=tick)
    if as_json:
        output.emit_json(found)
    else:
        output.duplicates(found)
