"""quintet saved: the saved searches, and what is new among their hits."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import options, output


@click.command()
@click.argument("name", required=False)
@options.library
@click.option("--seen", is_flag=True, help="From now on these hits are not new any more.")
@click.option("--new", "only_new", is_flag=True, help="Only the hits that are new.")
@click.option("--forget", is_flag=True, help="Delete the search NAME.")
@options.as_json
def command(
    name: str | None,
    folder: Path | None,
    seen: bool,
    only_new: bool,
    forget: bool,
    as_json: bool,
) -> None:
    """List the saved searches, or ask the one called NAME again; hits not seen before are new.

    \b
    quintet saved
    quintet saved dogs
    quintet saved dogs --new --seen
    """
    if name is None and (seen or only_new or forget):
        raise click.UsageError("--seen, --new and --forget need the NAME of a saved search")
    with quintet.open(folder, create=False) as lib:
        if name is None:
            output.searches(lib.saved_searches(), as_json=as_json)
        elif forget:
            lib.forget_search(name)
        else:
            found = [h for h in lib.run_saved(name, seen=seen) if h.new or not only_new]
            if as_json:
                output.emit_json([{"new": h.new, **output.hit_json(h.hit)} for h in found])
            else:
                new = frozenset(h.hit.item.id for h in found if h.new)
                output.hits([h.hit for h in found], new=new)
