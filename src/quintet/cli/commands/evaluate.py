"""quintet evaluate: judge the active model on items of the library."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.cli.commands.train import show_quality


@click.command()
@options.library
@click.option(
    "--under",
    type=click.Path(path_type=Path),
    help="Only items below this folder, e.g. a test set.",
)
@click.option("--labels", default="auto", show_default=True, help="As for quintet train.")
@click.option("--level", type=int, help="As for quintet train.")
@options.as_json
def command(
    folder: Path | None, under: Path | None, labels: str, level: int | None, as_json: bool
) -> None:
    """Mean average precision over all results, each medium against all and against each other.

    To judge on items that the model has not seen, add a test folder after training and name it
    with --under; without it the figures include items that the model was trained on.

    \b
    quintet add photos/train && quintet train
    quintet add photos/test  && quintet evaluate --under photos/test
    """
    with quintet.open(folder, create=False) as lib:
        quality = lib.evaluate(under=under, labels=labels, level=level)
    if as_json:
        output.emit_json(quality)
    else:
        show_quality(quality)
