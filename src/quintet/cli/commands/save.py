"""quintet save: keep a search under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import quintet
from quintet.cli import options, output


@click.command()
@click.argument("name")
@click.argument("words", nargs=-1)
@options.library
@options.query
def command(name: str, words: tuple[str, ...], folder: Path | None, **query: Any) -> None:
    """Keep a search under NAME, with the options of quintet search. Its hits of today are not new.

    \b
    quintet save dogs dog --in image,video --min-confidence 0.6
    quintet save 港口 港口 --where 'date>2019'
    quintet saved dogs
    """
    with quintet.open(folder, create=False) as lib:
        lib.save_search(name, " ".join(words) or None, **query)
    output.console.print(f"saved; ask it again with: quintet saved {name}", markup=False)
