"""quintet mcp: the library as tools for language models."""

from __future__ import annotations

from pathlib import Path

import click

from quintet.cli import options


@click.command()
@options.library
@click.option("--url", help="Of a running service (quintet serve), instead of a library.")
@click.option("--token", envvar="QUINTET_TOKEN", help="For the service; or QUINTET_TOKEN.")
@click.option("--write", is_flag=True, help="Also offer tools that label and tag items.")
def command(folder: Path | None, url: str | None, token: str | None, write: bool) -> None:
    """Serve the library to a language model over the Model Context Protocol (stdio).

    Tools: search, similar, show, facets, why, status; they change nothing. Needs the extra:
    pip install 'quintet[mcp]'.

    \b
    quintet mcp -L ~/Media
    quintet mcp --url http://127.0.0.1:8765 --write
    """
    import quintet
    from quintet.mcp import server

    lib = quintet.connect(url, token) if url else quintet.open(folder, create=False)
    with lib:
        server(lib, write=write).run("stdio")
