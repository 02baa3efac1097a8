"""quintet methods: the methods that train can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from quintet.cli import options, output
from quintet.plain import plain

if TYPE_CHECKING:
    from quintet.flows.methods import Description, Method


@click.command()
@click.argument("name", required=False)
@options.as_json
def command(name: str | None, as_json: bool) -> None:
    """List the methods that learn a common space; with NAME, one of them in full.

    A method learns from labels, from pairs (items that show one object), or from either. NAME
    shows what it computes, where it is from, what differs from there, and what can be set with
    quintet train --method NAME KEY=VALUE.

    \b
    quintet methods
    quintet methods dfcl
    """
    from quintet.flows.methods import describe, methods

    if name:
        found = describe(name)
        output.emit_json(_json(found)) if as_json else _show(found)
    else:
        listed = methods()
        output.emit_json(listed) if as_json else _show_list(listed)


def _show_list(found: list[Method]) -> None:
    rows = [[m.name, m.learns_from, m.what + _origin(m)] for m in found]
    output.table(["method", "learns from", "what it is"], rows)


def _show(found: Description) -> None:
    method = found.method
    output.console.print(f"{method.name}: learns from {method.learns_from}{_origin(method)}\n")
    click.echo("\n".join(map(output.printable, found.text.splitlines())))
    if found.parameters:
        rows = [
            [p.name, p.type, _text(p.default), ", ".join(map(_text, p.tried)) or None, p.meaning]
            for p in found.parameters
        ]
        output.console.print()
        output.table(["KEY", "type", "default", "benchmarks try", "meaning"], rows)


def _json(found: Description) -> dict[str, Any]:
    """The description; a default of None is kept, it is a value."""
    parameters = [{**plain(p), "default": p.default} for p in found.parameters]
    return {**plain(found.method), "text": found.text, "parameters": parameters}


def _origin(method: Method) -> str:
    return f" (plug-in {method.plugin})" if method.plugin else ""


def _text(value: Any) -> str:
    """A value as it is written after ``KEY=``."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return str(value)
