"""quintet benchmark: methods on the data sets of the field."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quintet.cli import options, output
from quintet.cli.main import EXIT_WITH_ERRORS
from quintet.cli.progress import progress
from quintet.errors import TrainingError
from quintet.plain import plain

if TYPE_CHECKING:
    from quintet.flows.benchmark import Known, Row, Task


class _WithOrigins(click.Command):
    """A command whose help ends in the data sets, their licences, files and addresses."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        _write_origins(formatter)


@click.command(cls=_WithOrigins)
@click.argument("name", required=False)
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="Repeatable; see: quintet methods.  [default: accord]",
)
@click.option(
    "--seeds", default=1, show_default=True, type=click.IntRange(1, 100), help="Fits of a method."
)
@click.option(
    "--trials",
    default=0,
    show_default=True,
    type=click.IntRange(0, 6),
    help="Settings of a method to try on validation data first; 0 takes its defaults.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder that holds the data sets.  [default: QUINTET_DATA]",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder that keeps encoded files.  [default: QUINTET_CACHE or ~/.cache/quintet]",
)
@options.as_json
def command(
    name: str | None,
    params: tuple[str, ...],
    methods: tuple[str, ...],
    seeds: int,
    trials: int,
    data: Path | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Run methods on a data set with its published protocol; without NAME, list the data sets.

    Settings are chosen on validation data, the test split is read once a fit. Every figure stands
    beside that of a random order. The data are not downloaded; below is where they are from, and
    under which folder of --data or QUINTET_DATA they belong.

    \b
    quintet benchmark
    quintet benchmark planted --method dfcl --method accord
    quintet benchmark wikipedia --method jrl --trials 4 --data ~/datasets
    quintet benchmark planted --method dfcl mmd=no --seeds 3
    """
    from quintet.flows import benchmark, configure

    if name is None:
        if as_json:
            output.emit_json([_json(known) for known in benchmark.listed()])
        else:
            lines = click.HelpFormatter(width=min(100, output.console.width))
            _write_origins(lines)
            click.echo(lines.getvalue().strip("\n"))
        return
    pairs = options.pairs(params)
    if "seed" in pairs and seeds > 1:
        raise click.UsageError(
            f"--seeds {seeds} asks for seeds 0 to {seeds - 1}, seed={pairs['seed']} for one; "
            "give one of them"
        )
    chosen = methods or ("accord",)
    for method in chosen:
        configure.correlator(method, pairs)
    named = os.environ.get("QUINTET_DATA")
    where = data or (Path(named) if named else None)
    with progress(quiet=as_json) as tick:
        task = benchmark.load(name, where, cache or benchmark.cache_folder(), tick)
        rows: list[Row] = []
        problems: dict[str, str] = {}
        for method in chosen:
            try:
                rows += benchmark.run(
                    task, method, pairs, range(seeds), trials=trials, on_progress=tick
                )
            except TrainingError as e:
                problems[method] = str(e)
    if as_json:
        output.emit_json(rows)
    else:
        _show(task, rows)
    for method, problem in problems.items():
        output.warn(f"{method} cannot learn from {name}: {problem}")
    raise SystemExit(EXIT_WITH_ERRORS if problems else 0)


def _write_origins(lines: click.HelpFormatter) -> None:
    """Every data set: what it is, source, licence, files and where to get them."""
    from quintet.flows import benchmark

    for known in benchmark.listed():
        origin = known.origin
        files = f"{origin.folder}/: {', '.join(origin.files)}" if origin.files else "none"
        facts = [
            ("source", origin.source),
            ("licence", origin.licence),
            ("files", files),
            ("from", origin.address or "nowhere, it is made when it is asked for"),
        ]
        with lines.section(f"{known.name}, {known.what.rstrip('.')}"):
            lines.write_dl(facts)


def _json(known: Known) -> dict[str, Any]:
    return {"name": known.name, "what": known.what, **plain(known.origin)}


def _show(task: Task, rows: list[Row]) -> None:
    if task.left_out:
        output.warn(f"{task.left_out} file(s) could not be read and are left out")
    output.console.print(f"{task.about.name}: {task.about.about}\n")
    if not rows:
        return
    names = list(rows[0].figures)
    heads = [name.removesuffix("→all") for name in names]
    columns = ["method", "seed", *heads, "seconds", "parameters"]
    cells: list[list[object]] = [
        [
            row.method,
            row.seed,
            *(row.figures[n] for n in names),
            f"{row.seconds:.1f}",
            row.parameters,
        ]
        for row in rows
    ]
    cells.append(["random", None, *(rows[0].random[n] for n in names), None, None])
    for method, told in task.about.published.items():
        cells.append([f"published: {method}", None, *(told.get(n) for n in names), None, None])
    output.table(columns, cells)
    for row in rows:
        if row.trials and row.seed == rows[0].seed:
            setting = " ".join(f"{k}={v}" for k, v in row.params.items())
            output.console.print(
                f"{row.method}: {setting}, the best of {row.trials} on validation data"
            )
