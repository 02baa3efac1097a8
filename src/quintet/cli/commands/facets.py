"""quintet facets: how a search, or the library, divides."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.types import Modality


@click.command()
@click.argument("words", nargs=-1)
@options.library
@click.option(
    "--by",
    "keys",
    default="modality,label,year,language",
    show_default=True,
    metavar="KEYS",
    help="A list of modality, format, folder, label, tag, year, language and metadata keys.",
)
@options.like
@options.media
@options.where
@options.min_confidence
@click.option(
    "--values", default=10, show_default=True, type=click.IntRange(1), help="Values a key to show."
)
@options.as_json
def command(
    words: tuple[str, ...],
    folder: Path | None,
    keys: str,
    like: tuple[Path, ...],
    modalities: tuple[Modality, ...],
    where: tuple[str, ...],
    min_confidence: float,
    values: int,
    as_json: bool,
) -> None:
    """Count items by label, medium, year and more: all items, or the whole result of a search.

    In a trained library each count of a search stands beside how many of these items are expected
    to be relevant: the sum of their confidences.

    \b
    quintet facets
    quintet facets --where language=zh --by label,folder
    quintet facets harbour --by year,artist --min-confidence 0.5
    """
    with quintet.open(folder, create=False) as lib:
        found = lib.facets(
            options.listed(keys),
            " ".join(words) or None,
            like=like,
            modalities=modalities,
            where=where,
            min_confidence=min_confidence,
            values=values,
        )
    if as_json:
        output.emit_json(found)
    else:
        output.facets(found)
