"""quintet why: what makes an item answer a query."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.types import Modality


@click.command()
@click.argument("item")
@click.argument("words", nargs=-1)
@options.library
@options.like
@options.plus
@options.minus
@options.media
@options.where
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the item with what matters in it, as an SVG.",
)
@options.as_json
def command(
    item: str,
    words: tuple[str, ...],
    folder: Path | None,
    like: tuple[Path, ...],
    plus: tuple[str, ...],
    minus: tuple[str, ...],
    modalities: tuple[Modality, ...],
    where: tuple[str, ...],
    picture: Path | None,
    as_json: bool,
) -> None:
    """Say why ITEM (its path, or the first digits of its id) answers a query.

    Each part of the query is a witness: words found in the text, nearness in the common space, or
    the same content. Of each, the parts of the item and of the query are shown that matter most:
    what its confidence loses when they are left out. The last line says where the item would stand
    without the part that matters most.

    \b
    quintet why clips/walk.mp4 dog in the snow
    quintet why clips/walk.mp4 --like bark.wav --picture why.svg
    """
    with quintet.open(folder, create=False) as lib:
        told = lib.why(
            item,
            " ".join(words) or None,
            like=like,
            plus=plus,
            minus=minus,
            modalities=modalities,
            where=where,
            picture=picture,
        )
    if as_json:
        output.emit_json(told)
    else:
        output.why(told)
