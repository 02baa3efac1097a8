"""quintet serve: the library for browsers and other programs."""

from __future__ import annotations

from pathlib import Path

import click

from quintet.cli import options


@click.command()
@options.library
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
def command(folder: Path | None, host: str, port: int) -> None:
    """Serve the library to browsers and programs.

    On this machine alone no token is needed. Any other address needs one (quintet token).
    """
    import quintet
    from quintet.serve import serve
    from quintet.service.service import LOOPBACK, Settings
    from quintet.service.tokens import Scope

    with quintet.open(folder, create=False) as lib:
        place = lib.folder
    own = host in LOOPBACK
    hosts = (*Settings.hosts, host)
    settings = Settings(host, port, Scope.ADMIN if own else None, hosts)
    click.echo(f"http://{host}:{port}", err=True)
    serve(place, settings)
