"""quintet init: make a library."""

from __future__ import annotations

from pathlib import Path

import click

import quintet
from quintet.cli import output


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--encoder",
    "encoders",
    multiple=True,
    metavar="MEDIUM=ENCODER",
    help="Use another encoder for a medium: a built-in one (quintet models --encoders) or "
    "pretrained:ID_OR_FOLDER, a Hugging Face or sentence-transformers model. Repeatable.",
)
@click.option(
    "--index",
    default="auto",
    show_default=True,
    metavar="INDEX",
    help="Where vectors are searched: auto, here; or qdrant:http://HOST:6333, on a Qdrant server "
    "(docs/outgrowing.md).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(folder: Path, encoders: tuple[str, ...], index: str, as_json: bool) -> None:
    """Make a library in FOLDER (default: here), in the hidden folder .quintet.

    Nothing else in FOLDER is touched, now or later. Fill it with: quintet add FOLDER

    \b
    quintet init ~/Media
    quintet init ~/Media --encoder image=pretrained:./clip --encoder text=pretrained:./clip
    """
    with quintet.create(folder, encoders=_pairs(encoders), index=index) as lib:
        if as_json:
            output.emit_json({"library": lib.folder})
        else:
            output.console.print(f"made {lib.folder}")
            output.console.print(f"next: quintet add {folder}")


def _pairs(options: tuple[str, ...]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise click.BadParameter(f"{option!r} is not MEDIUM=ENCODER", param_hint="--encoder")
    return dict(option.split("=", 1) for option in options)
