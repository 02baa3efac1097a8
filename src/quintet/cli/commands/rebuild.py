"""quintet rebuild: make everything derived again from the database."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.cli.progress import progress


@click.command()
@options.library
@click.option(
    "--features",
    is_flag=True,
    help="Also decode and encode items again whose encoder has changed since.",
)
@click.option(
    "--index",
    metavar="INDEX",
    help="Search vectors there from now on: auto, here; or qdrant:http://HOST:6333 "
    "(docs/outgrowing.md).",
)
@options.as_json
def command(folder: Path | None, features: bool, index: str | None, as_json: bool) -> None:
    """Make the full-text and vector indexes again from the database, and check its checksums."""
    with quintet.open(folder, create=False) as lib, progress(quiet=as_json) as tick:
        report = lib.rebuild(features=features, index=index, on_progress=tick)
    output.emit_report(report, as_json=as_json)
