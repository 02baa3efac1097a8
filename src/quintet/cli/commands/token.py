"""quintet token: who else may call the service, and what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet.cli import options, output

if TYPE_CHECKING:
    from quintet.service.tokens import Tokens


@click.group()
def command() -> None:
    """Make, list and revoke the tokens of callers of the service (quintet serve).

    \b
    quintet token create laptop --scope read --days 90
    quintet token list
    quintet token revoke laptop
    """


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    default="read",
    show_default=True,
    type=click.Choice(["read", "write", "admin"]),
    help="read: search and look; write: also add, label and forget; admin: also train, models.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="Valid so long; without, for good.")
@options.library
def create(name: str, scope: str, days: int | None, folder: Path | None) -> None:
    """Make a token and print it, this once: only its hash is kept.

    NAME has 1 to 60 letters, digits, spaces, dots, - and _.
    """
    from quintet.service.tokens import Scope

    with _tokens(folder) as tokens:
        secret = tokens.create(name, Scope.named(scope), days)
    click.echo(secret)
    output.warn("Keep it now; it cannot be shown again. Send it as: Authorization: Bearer TOKEN")


@command.command("list")
@options.library
@options.as_json
def show(folder: Path | None, as_json: bool) -> None:
    """List the tokens: names, scopes and times, never the secrets."""
    with _tokens(folder) as tokens:
        rows = tokens.all()
    if as_json:
        output.emit_json(rows)
    elif rows:
        told = [[r.name, r.scope, r.created_at[:16], (r.expires_at or "never")[:16]] for r in rows]
        output.table(["name", "scope", "made (UTC)", "valid until"], told)
    else:
        output.console.print("no tokens; make one with: quintet token create NAME")


@command.command()
@click.argument("name")
@options.library
def revoke(name: str, folder: Path | None) -> None:
    """End a token and the sessions that were begun with it, at once."""
    with _tokens(folder) as tokens:
        tokens.revoke(name)
    output.warn(f"revoked {name}")


@contextmanager
def _tokens(folder: Path | None) -> Iterator[Tokens]:
    """The tokens of the library's service, whether it runs or not."""
    from quintet.service.state import State
    from quintet.service.tokens import Tokens

    with quintet.open(folder, create=False) as lib:
        place = lib.folder
    state = State(place)
    try:
        yield Tokens(state)
    finally:
        state.close()
