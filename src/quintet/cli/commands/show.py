"""quintet show: everything known about one item."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output
from quintet.flows.evidence import place
from quintet.plain import plain


@click.command()
@click.argument("item")
@options.library
@options.as_json
def command(item: str, folder: Path | None, as_json: bool) -> None:
    """Show ITEM (its path, or the first digits of its id): files, metadata, labels, segments."""
    with quintet.open(folder, create=False) as lib:
        details = lib.show(item)
    if as_json:
        output.emit_json(details)
        return
    rows = [[k, v] for k, v in plain(details.item).items() if k != "metadata"]
    output.table(["", ""], [[k, ", ".join(v) if isinstance(v, list) else v] for k, v in rows])
    output.table(["metadata", ""], [[k, v] for k, v in details.item.metadata.items()])
    for channel, segments in details.segments.items():
        output.console.print(f"\n{channel}: {len(segments)} segments")
        for segment in segments[:20]:
            output.console.print(f"  {place(segment)}  {output.printable(segment.text[:80])}")
        if len(segments) > 20:
            output.console.print(f"  … {len(segments) - 20} more (--json shows all)")
