"""quintet search: by words, or by an example of any medium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import quintet
from quintet.cli import options, output


@click.command()
@click.argument("words", nargs=-1)
@options.library
@options.query
@click.option(
    "--facets",
    "keys",
    default="",
    metavar="KEYS",
    help="Also count the whole result by a list of keys, as quintet facets does: label,modality.",
)
@options.as_json
def command(
    words: tuple[str, ...], folder: Path | None, keys: str, as_json: bool, **query: Any
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
    quintet search harbour --group-by segment --facets label,year
    quintet search dog --group-by near --sort date
    """
    asked = " ".join(words) or None
    with quintet.open(folder, create=False) as lib:
        found = lib.search(asked, **query)
        wanted = {key: query[key] for key in _WHAT}
        counts = lib.facets(options.listed(keys), asked, **wanted) if keys else []
    if as_json:
        rows = [output.hit_json(hit) for hit in found]
        output.emit_json({"hits": rows, "facets": counts} if keys else rows)
    else:
        output.hits(found)
        output.facets(counts)


_WHAT = ("like", "plus", "minus", "modalities", "where", "min_confidence")
"""What a search asks for, beside how it is shown."""
