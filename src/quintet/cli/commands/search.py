"""quintet search: by words, or by an example of any medium."""

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
    "--like",
    type=click.Path(path_type=Path),
    help="A picture, clip, text, sound or shape to search by; it is not added to the library.",
)
@options.media
@options.where
@options.count
@click.option(
    "--min-confidence",
    default=0.0,
    type=click.FloatRange(0.0, 1.0),
    help="Cut hits that are less probable than this (needs a trained library).",
)
@click.option(
    "--per-medium", type=click.IntRange(1), metavar="N", help="At most N hits of each medium."
)
@options.as_json
def command(
    words: tuple[str, ...],
    folder: Path | None,
    like: Path | None,
    modalities: tuple[Modality, ...],
    where: tuple[str, ...],
    k: int,
    min_confidence: float,
    per_medium: int | None,
    as_json: bool,
) -> None:
    """Find items by WORDS, or by an example file with --like.

    Words are looked up in names, folders, text, subtitles, tags and metadata. In a trained library
    they, and examples of any medium, also find what has no words at all; each hit then carries a
    calibrated probability. Each hit says why it was found, and where in the item.

    \b
    quintet search dog
    quintet search 狗 --in video
    quintet search --like bark.wav --in image,mesh -k 5
    quintet search --like bark.wav --per-medium 1
    quintet search harbour --where 'date>2019' --where folder~holiday --json
    """
    with quintet.open(folder, create=False) as lib:
        found = lib.search(
            " ".join(words) or None,
            like=like,
            modalities=modalities,
            where=where,
            k=k,
            min_confidence=min_confidence,
            per_medium=per_medium,
        )
    if as_json:
        output.emit_json([output.hit_json(hit) for hit in found])
    else:
        output.hits(found)
