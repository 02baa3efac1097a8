"""quintet serve: the library for browsers and other programs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from quintet.cli import options


@click.command()
@options.library
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 for any."
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A further name that callers address it by, as behind a proxy; may be repeated. Then "
    "every caller needs a token.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def command(folder: Path | None, host: str, port: int, names: tuple[str, ...], show: bool) -> None:
    """Serve the library to browsers and programs, until Ctrl-C.

    On this machine alone no token is needed. Any other address or name needs one.

    \b
    quintet serve --open
    quintet token create laptop && quintet serve --host 0.0.0.0
    """
    # one thread a request: requests run beside each other, and a job needs the other cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import quintet
    from quintet.flows.floors import behind
    from quintet.serve import serve
    from quintet.service.service import LOOPBACK, Settings
    from quintet.service.tokens import Scope

    for old in behind():
        click.echo(f"warning: {old}; bring it up to date", err=True)

    def ready(url: str) -> None:
        click.echo(f"Quintet answers on {url} (Ctrl-C ends it)", err=True)
        if show:
            click.launch(url)

    with quintet.open(folder, create=False) as lib:
        place = lib.folder
    own = host in LOOPBACK and not names
    hosts = (*Settings.hosts, *(name.lower() for name in (host, *names)))
    serve(place, Settings(host, port, Scope.ADMIN if own else None, hosts), ready)
