"""quintet similar: what is like an item of the library."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.types import Modality


@click.command()
@click.argument("item")
@options.library
@options.media
@options.where
@options.count
@options.as_json
def command(
    item: str,
    folder: Path | None,
    modalities: tuple[Modality, ...],
    where: tuple[str, ...],
    k: int,
    as_json: bool,
) -> None:
    """Find what is like ITEM (its path, or the first digits of its id).

    Before training: look-, sound- or shape-alikes of the same medium. In a trained library:
    items of any medium that belong with it; --in keeps some media.
    """
    with quintet.open(folder, create=False) as lib:
        found = lib.similar(item, modalities=modalities, where=where, k=k)
    if as_json:
        output.emit_json([output.hit_json(hit) for hit in found])
    else:
        output.hits(found)
