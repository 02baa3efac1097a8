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
@options.like
@options.plus
@options.minus
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
    like: tuple[Path, ...],
    plus: tuple[str, ...],
    minus: tuple[str, ...],
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
    calibrated probability. Each hit says why it was found, and where in the item. Several parts
    are asked for together, and --minus says what is not wanted.

    \b
    quintet search dog
    quintet search 狗 --in video
    quintet search --like bark.wav --in image,mesh -k 5
    quintet search --like bark.wav --per-medium 1
    quintet search --like street.jpg --minus person --plus snow
    quintet search --plus item:clips/walk.mp4#shot3 --plus dog^2
    quintet search harbour --where 'date>2019' --where folder~holiday --json
    """
    with quintet.open(folder, create=False) as lib:
        found = lib.search(
            " ".join(words) or None,
            like=like,
            plus=plus,
            minus=minus,
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
