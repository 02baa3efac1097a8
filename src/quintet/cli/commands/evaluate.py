"""quintet evaluate: how good the active model is, or how methods compare, on the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet.cli import options, output
from quintet.cli.commands.train import show_quality
from quintet.cli.main import EXIT_WITH_ERRORS
from quintet.cli.progress import progress, spoken_aside

if TYPE_CHECKING:
    from quintet.flows.compare import Compared
    from quintet.library import Library
    from quintet.types import Modality


@click.command()
@options.library
@click.option(
    "--under",
    type=click.Path(path_type=Path),
    help="Judge the active model on the items below this folder, e.g. a test set.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="Fit this method (see: quintet methods) on four fifths of the labelled items and judge "
    "it on the rest; nothing is stored. Repeatable.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    help="With --method: so many fits, each with another fifth held out.  [default: 1]",
)
@click.option("--labels", default="auto", show_default=True, help="As for quintet train.")
@click.option("--level", type=int, help="As for quintet train.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="With --method: fits at a time, in processes of their own.  [default: 1]",
)
@options.ray
@options.as_json
def command(
    folder: Path | None,
    under: Path | None,
    methods: tuple[str, ...],
    seeds: int | None,
    labels: str,
    level: int | None,
    workers: int | None,
    ray: str | None,
    as_json: bool,
) -> None:
    """Mean average precision over all results, each medium against all and against each other.

    Without an option: the figures of the items that were held out when the active model was
    trained, by the fit that had not seen them. With --under: the active model on a test folder
    that was added after training. With --method: methods beside each other on held-out items.

    \b
    quintet evaluate
    quintet add photos/test && quintet evaluate --under photos/test
    quintet evaluate --method dfcl --method cca --seeds 3
    """
    if under and methods:
        raise click.UsageError("--under judges the active model, --method fits others; give one")
    if seeds and not methods:
        raise click.UsageError("--seeds goes with --method")
    if (ray or workers) and not methods:
        raise click.UsageError("--ray and --workers go with --method")
    with quintet.open(folder, create=False) as lib:
        if methods:
            with progress(quiet=as_json) as tick, spoken_aside():
                found = lib.compare(
                    methods,
                    seeds=seeds or 1,
                    labels=labels,
                    level=level,
                    workers=workers or 1,
                    ray=ray,
                    on_progress=tick,
                )
            raise SystemExit(_show_compared(found, as_json=as_json))
        quality = lib.evaluate(under=under, labels=labels, level=level)
        if as_json:
            output.emit_json(quality)
            return
        if under is None:
            _say_what_is_judged(lib)
        show_quality(quality, f"items below {under}" if under else "held-out items")


def _say_what_is_judged(lib: Library) -> None:
    model = next(row for row in lib.models() if row.active)
    output.console.print(
        f"model {model.id}: {model.held_out} items held out when it was trained, judged by the "
        "fit that had not seen them. For a test set of your own: --under FOLDER\n"
    )


def _show_compared(rows: list[Compared], *, as_json: bool) -> int:
    """A line a method; the exit code."""
    if as_json:
        output.emit_json(rows)
    else:
        media = list(dict.fromkeys(m for row in rows for m in row.to_all))
        several = rows[0].seeds > 1
        chance = next((row.random for row in rows if row.random is not None), float("nan"))
        output.console.print(
            f"held-out items, fitted on the rest, {_count(rows[0].seeds, 'split')}: MAP over all "
            f"results of each medium among all{', ± standard deviation over the splits' * several}"
            f"; a random order has a mean of {chance:.3f}. s: seconds a fit, size: learnt numbers. "
            "Nothing is stored.\n"
        )
        columns = ["method", *media, "mean", *(["±"] if several else []), "s", "size"]
        output.table(columns, [_cells(row, media, several=several) for row in rows])
    failed = [row for row in rows if row.problem]
    for row in failed:
        output.warn(f"{row.method} cannot learn from these items: {row.problem}")
    return EXIT_WITH_ERRORS if failed else 0


def _cells(row: Compared, media: list[Modality], *, several: bool) -> list[object]:
    each = [row.to_all.get(m) for m in media]
    seconds = None if row.seconds is None else f"{row.seconds:.1f}"
    size = None if row.parameters is None else output.short(row.parameters)
    return [row.method, *each, row.mean, *([row.spread] if several else []), seconds, size]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
