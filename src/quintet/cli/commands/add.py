"""quintet add: index files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet.cli import options, output
from quintet.cli.main import EXIT_WITH_ERRORS
from quintet.cli.progress import progress, spoken_aside
from quintet.plain import plain

if TYPE_CHECKING:
    from quintet.flows.add import AddReport


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.library
@click.option("--tag", "tags", multiple=True, help="Tag everything added by this run; repeatable.")
@click.option(
    "--accept-missing",
    is_flag=True,
    help="Mark files as missing even if more than a fifth of a folder has vanished.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Files in work at a time.  [default: one more than cores, of the cluster with --ray]",
)
@options.ray
@options.as_json
def command(
    paths: tuple[Path, ...],
    folder: Path | None,
    tags: tuple[str, ...],
    accept_missing: bool,
    workers: int | None,
    ray: str | None,
    as_json: bool,
) -> None:
    """Index files and folders: what each one is, its segments, text and local features.

    Type is decided by content, never by name. Run it again any time: unchanged files are skipped,
    moved and duplicate ones are recognised by content, missing ones are marked. A file that cannot
    be read costs one line in `quintet errors` and the run goes on (exit code 3). Stop it with
    Ctrl-C: what it reported done is kept, and the next run goes on from there.

    \b
    quintet add ~/Media
    quintet add interview.mp4 scan.glb --tag exhibition
    """
    with quintet.open(folder, create=True) as lib, progress(quiet=as_json) as tick, spoken_aside():
        report = lib.add(
            paths,
            tags=tags,
            accept_missing=accept_missing,
            workers=workers,
            ray=ray,
            on_progress=tick,
        )
    if as_json:
        output.emit_json({"library": lib.folder, **plain(report)})
    else:
        output.console.print(f"library {lib.folder}")
        output.console.print(_summary(report))
        for warning in report.warnings:
            output.warn(f"warning: {warning}")
        if report.failed:
            output.warn(f"{report.failed} file(s) could not be indexed; see: quintet errors")
    raise SystemExit(EXIT_WITH_ERRORS if report.failed or report.warnings else 0)


def _summary(report: AddReport) -> str:
    counts = {
        "added": report.added,
        "unchanged": report.unchanged,
        "moved": report.moved,
        "duplicate": report.duplicate,
        "missing": report.missing,
        "skipped": report.skipped,
        "failed": report.failed,
    }
    shown = ", ".join(f"{n} {name}" for name, n in counts.items() if n or name == "added")
    rate = report.added / report.seconds if report.seconds > 0 else 0.0
    return f"{shown}; {report.seconds:.1f} s, {rate:.1f} new items/s"
