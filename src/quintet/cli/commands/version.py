"""quintet version."""

from __future__ import annotations

import click

from quintet.cli import options, output


@click.command()
@options.as_json
def command(as_json: bool) -> None:
    """Print the version of Quintet and of the libraries that decode, store and learn."""
    from quintet.flows.doctor import versions

    if as_json:
        output.emit_json(versions())
    else:
        output.table(["", ""], list(versions().items()))
