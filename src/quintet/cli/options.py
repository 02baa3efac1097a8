"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from quintet.types import Modality

F = TypeVar("F", bound=Callable[..., Any])

library = click.option(
    "--library",
    "-L",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    envvar="QUINTET_LIBRARY",
    help="The library: a folder with a .quintet folder in it, or that folder itself.",
)

ray = click.option(
    "--ray",
    metavar="ADDRESS",
    help="Spread the work over a Ray cluster: HOST:PORT of its head, ray://HOST:10001, or auto on "
    "one of its machines (docs/outgrowing.md).",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

where = click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Keep items with KEY=VALUE, KEY!=VALUE, KEY~PART, KEY<VALUE or KEY>VALUE; may be "
    "repeated. Keys: modality, folder, name, path, label, tag, format, language, date, duration, "
    "size, added, missing, and any metadata key (artist, camera …).",
)

count = click.option(
    "-k", "k", default=10, show_default=True, type=click.IntRange(1, 10_000), help="Hits to show."
)


like = click.option(
    "--like",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A picture, clip, text, sound or shape to search by, not added to the library; may be "
    "repeated.",
)

plus = click.option(
    "--plus",
    multiple=True,
    metavar="PART",
    help="A further part of the query: words, file:PATH, item:ITEM or item:ITEM#shot3; ^2 behind "
    "it counts double.",
)

minus = click.option(
    "--minus", multiple=True, metavar="PART", help="What hits shall not be like, as for --plus."
)


class Media(click.ParamType[tuple[Modality, ...]]):
    """A comma-separated list of media."""

    name = "media"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Modality, ...]:
        """``image,mesh`` to modalities."""
        if isinstance(value, tuple):
            return value
        names = [part.strip().lower() for part in str(value).split(",") if part.strip()]
        unknown = [n for n in names if n not in list(Modality)]
        if unknown:
            self.fail(f"{unknown[0]!r} is not one of {', '.join(Modality)}", param, ctx)
        return tuple(Modality(n) for n in names)


media = click.option(
    "--in",
    "modalities",
    type=Media(),
    default=(),
    metavar="MEDIA",
    help="Only these media: a list like image,mesh of image, video, text, audio, mesh.",
)


min_confidence = click.option(
    "--min-confidence",
    default=0.0,
    type=click.FloatRange(0.0, 1.0),
    help="Cut hits that are less probable than this (needs a trained library).",
)

per_medium = click.option(
    "--per-medium", type=click.IntRange(1), metavar="N", help="At most N hits of each medium."
)

group_by = click.option(
    "--group-by",
    default="item",
    show_default=True,
    type=click.Choice(["item", "segment", "near"]),
    help="One hit an item, one for each matching moment of it, or one for all items with nearly "
    "the same content.",
)

sort = click.option(
    "--sort",
    default="confidence",
    show_default=True,
    type=click.Choice(["confidence", "name", "date", "size", "duration", "added"]),
    help="Show the most relevant hits in this order: names from A, all others from the largest or "
    "latest.",
)

reverse = click.option("--reverse", is_flag=True, help="The other way round.")


def query(command: F) -> F:
    """All options of a search beside its words, under the names of ``Library.search``."""
    asked = (like, plus, minus, media, where, count, min_confidence, per_medium)
    for option in reversed((*asked, group_by, sort, reverse)):
        command = option(command)
    return command


def listed(text: str) -> list[str]:
    """A comma-separated list.

    >>> listed("label, year,")
    ['label', 'year']
    """
    return [part.strip() for part in text.split(",") if part.strip()]


def pairs(params: tuple[str, ...]) -> dict[str, str]:
    """KEY=VALUE arguments as a mapping.

    Raises:
        click.BadParameter: one has no ``=``, or a key has two values.

    >>> pairs(("lr=0.1", "k=8", "k=8"))
    {'lr': '0.1', 'k': '8'}
    """
    found: dict[str, str] = {}
    for param in params:
        key, sign, value = param.partition("=")
        if not sign:
            raise click.BadParameter(f"{param!r} is not KEY=VALUE", param_hint="KEY=VALUE")
        if found.setdefault(key, value) != value:
            told = f"{key}={found[key]} and {param} differ; give one of them"
            raise click.BadParameter(told, param_hint="KEY=VALUE")
    return found
