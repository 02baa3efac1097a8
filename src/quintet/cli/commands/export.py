"""quintet export: the library's knowledge as JSON lines or CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

import quintet
from quintet.cli import options, output
from quintet.flows import spreadsheet
from quintet.plain import plain


@click.command()
@options.library
@options.where
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), help="A file; default: the screen."
)
@click.option("--segments", is_flag=True, help="Also every segment and its text.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; no cell is a formula.")
def command(
    folder: Path | None,
    where: tuple[str, ...],
    target: Path | None,
    segments: bool,
    as_csv: bool,
) -> None:
    """Write one JSON object a line for each item: paths, metadata, tags, labels.

    \b
    quintet export -o library.jsonl
    quintet export --where modality=mesh --segments
    quintet export --csv -o library.csv
    """
    if as_csv and segments:
        raise click.UsageError("--csv has one line for each item; take --segments without --csv")
    with quintet.open(folder, create=False) as lib:
        rows = lib.export(where, segments=segments)
        lines = spreadsheet.lines(rows) if as_csv else map(_json, rows)
        if target is None:
            for line in lines:
                click.echo(line.encode("utf-8", "replace").decode("utf-8"))
            return
        try:
            with target.open("w", encoding="utf-8", errors="replace") as file:
                count = sum(1 for line in lines if file.write(line + "\n")) - as_csv
        except OSError as e:
            raise click.FileError(str(target), e.strerror or str(e)) from e
    output.console.print(f"{count} item(s) written to {target}")


def _json(row: Any) -> str:
    return json.dumps(plain(row), ensure_ascii=False)
