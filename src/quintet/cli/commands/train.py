"""quintet train: learn one space for all media."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet.cli import options, output
from quintet.cli.progress import progress, spoken_aside

if TYPE_CHECKING:
    from quintet.evaluate.retrieval import Table
    from quintet.flows.learning import LabelCounts


@click.command()
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@options.library
@click.option(
    "--method", default="accord", show_default=True, help="How to learn; see: quintet methods"
)
@click.option(
    "--labels",
    default="auto",
    show_default=True,
    help="folder, tag, label, or a CSV/TSV file of path,label; auto chooses and says which.",
)
@click.option("--level", type=int, help="Which folder name below the added folder, from 1.")
@click.option(
    "--dry-run", is_flag=True, help="Check the arguments, show the labels, train nothing."
)
@click.option(
    "--refit/--no-refit",
    default=True,
    show_default=True,
    help="After judging on held-out items, train again on all of them.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="Chooses the held-out items and what the method draws.  [default: 0]",
)
@options.ray
@options.as_json
def command(
    params: tuple[str, ...],
    folder: Path | None,
    method: str,
    labels: str,
    level: int | None,
    dry_run: bool,
    refit: bool,
    seed: int | None,
    ray: str | None,
    as_json: bool,
) -> None:
    """Learn one space in which any of the five media finds any other.

    Supervised by labels: by default the folder names that say what things are. A fifth of each
    label is held out; on it the model is judged beside random and its scores are calibrated to
    probabilities. Hyper-parameters of the method are given as KEY=VALUE; quintet methods NAME
    lists them. Killed or interrupted, it goes on from the last finished epoch when the same
    command is given again. Meanwhile the library can be searched, labelled and added to.

    \b
    quintet train --dry-run
    quintet train
    quintet train --method dfcl lr=0.0005 epochs=40
    quintet train --labels labels.csv
    """
    from quintet.flows import configure

    given = options.pairs(params)
    configure.asked(method, given, seed)
    with quintet.open(folder, create=False) as lib:
        chosen = lib.labels(by=labels, level=level)
        if not as_json:
            _show_labels(chosen)
        if dry_run:
            if as_json:
                output.emit_json(chosen)
            return
        with progress(quiet=as_json) as tick, spoken_aside():
            report = lib.train(
                method,
                labels=labels,
                level=level,
                params=given,
                refit=refit,
                seed=seed,
                ray=ray,
                on_progress=tick,
                on_note=output.warn,
            )
    if as_json:
        output.emit_json(report)
        return
    output.console.print(
        f"\nmodel {report.model_id} is active: {report.trained_on} labelled items, "
        f"{report.held_out} held out to judge it, {report.seconds:.0f} s"
    )
    show_quality(report.quality, "held-out items")


def _show_labels(chosen: LabelCounts) -> None:
    output.console.print(f"labels from {chosen.source}: {len(chosen.table)} labels")
    media = sorted({m for counts in chosen.table.values() for m in counts})
    rows = [[label, *(n.get(m, 0) for m in media)] for label, n in chosen.table.items()]
    output.table(["label", *media], rows)


def show_quality(quality: Table, items: str) -> None:
    """X→All and X→Y tables: mean average precision over all results, beside random.

    Args:
        items: on which items, for the heading.
    """
    rows = [[f"{x} → all", value, quality.random[x]] for x, value in quality.to_all.items()]
    rows.append(["mean", quality.mean, quality.random_mean])
    output.table([items, "MAP", "random"], rows)
    media = list(quality.to_all)
    cells = [[x, *(quality.to_each.get((x, y)) for y in media)] for x in media]
    output.table(["MAP, row → column", *media], cells)
