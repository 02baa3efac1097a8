"""The library as tools for language models, over the Model Context Protocol."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Protocol, get_type_hints

from pydantic import Field

from quintet.errors import MissingExtra, QuintetError
from quintet.plain import plain
from quintet.types import Modality

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

ABOUT = (
    "Search a collection of images, videos, texts, sounds and 3D models by words or by items; each "
    "medium finds any other. Hits have a confidence (probability of being relevant) and evidence: "
    "the shot, sentence, region, window or view that matched. Items are named by their id."
)
LONGEST_TEXT = 2000
"""Characters of a text in an answer; a model's context is not for whole books."""

SEGMENTS = 100
"""Segments of a channel that are told of an item."""

Words = Annotated[str, Field(description="What is looked for, in words.", max_length=10_000)]
ItemName = Annotated[str, Field(description="Id of an item, at least its first 4 digits.")]
Media = Annotated[list[Modality], Field(description="Only these media; all when empty.")]
Where = Annotated[
    list[str], Field(description="Conditions such as folder=holiday, label=dog or date>2019.")
]
Count = Annotated[int, Field(ge=1, le=100, description="How many at most.")]


class Collection(Protocol):
    """What the tools need of ``quintet.Library`` or ``quintet.Client``."""

    def search(self, words: str | None = None, **asked: Any) -> list[Any]:
        """Hits."""
        ...

    def similar(self, item: str, **asked: Any) -> list[Any]:
        """Hits."""
        ...

    def facets(self, keys: Any, words: str | None = None, **asked: Any) -> list[Any]:
        """Facets."""
        ...

    def why(self, item: str, words: str | None = None) -> Any:
        """What speaks for an item."""
        ...

    def show(self, item: str) -> Any:
        """Everything about an item."""
        ...

    def status(self) -> Any:
        """Counts."""
        ...

    def label(self, ids: list[str], label: str | None) -> None:
        """Name items."""
        ...

    def tag(self, ids: list[str], add: list[str], *, remove: list[str]) -> None:
        """Tag items."""
        ...


def server(lib: Any, *, write: bool = False) -> MCPServer:
    """Tools over a library or a client of one.

    Args:
        write: also label and tag items; without it nothing can be changed.

    Raises:
        MissingExtra: the ``mcp`` package is absent.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError as e:
        raise MissingExtra("mcp", "mcp") from e
    made = MCPServer("quintet", instructions=ABOUT)
    for tool in _reading(lib):
        made.tool(annotations=ToolAnnotations(read_only_hint=True))(_told(tool))
    for tool in _writing(lib) if write else ():
        made.tool(annotations=ToolAnnotations(read_only_hint=False))(_told(tool))
    return made


def _reading(lib: Collection) -> list[Callable[..., Any]]:
    def search(words: Words, modalities: Media = [], where: Where = [], k: Count = 10) -> Any:  # noqa: B006 - never changed
        """Find items by words, best first, each with its confidence and why it was found."""
        return {"hits": lib.search(words, modalities=modalities, where=where, k=k)}

    def similar(item: ItemName, modalities: Media = [], k: Count = 10) -> Any:  # noqa: B006 - never changed
        """Find items of any medium that are like an item."""
        return {"hits": lib.similar(item, modalities=modalities, k=k)}

    def show(item: ItemName) -> Any:
        """Tell everything that is known about one item: file, metadata, tags, label, segments."""
        details = lib.show(item)
        segments = {c: list(rows[:SEGMENTS]) for c, rows in details.segments.items()}
        return {"item": details.item, "segments": segments}

    def facets(
        keys: Annotated[
            list[str],
            Field(description="modality, label, tag, folder, year, language or a metadata key."),
        ],
        words: Words = "",
        where: Where = [],  # noqa: B006 - never changed
    ) -> Any:
        """Count how the whole result of a search, or the library, divides by keys."""
        return {"facets": lib.facets(keys, words or None, where=where)}

    def why(item: ItemName, words: Words) -> Any:
        """Tell why an item is where it is in the answer to words, and what speaks for it."""
        return lib.why(item, words)

    def status() -> Any:
        """Tell how many items of each medium there are, and which model is active."""
        return lib.status()

    return [search, similar, show, facets, why, status]


def _writing(lib: Collection) -> list[Callable[..., Any]]:
    def label(
        item: ItemName,
        label: Annotated[str, Field(description="What the item is; empty takes it off.")],
    ) -> Any:
        """Say what an item is; training learns from it."""
        lib.label([lib.show(item).item.id], label or None)
        return lib.show(item).item

    def tag(
        item: ItemName,
        add: Annotated[list[str], Field(description="Tags to put on.")] = [],  # noqa: B006 - never changed
        remove: Annotated[list[str], Field(description="Tags to take off.")] = [],  # noqa: B006 - never changed
    ) -> Any:
        """Put tags on an item and take others off."""
        lib.tag([lib.show(item).item.id], add, remove=remove)
        return lib.show(item).item

    return [label, tag]


def _told(tool: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The tool with records as JSON-ready values, and mistakes as what a model can mend."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def told(**asked: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = _short(plain(tool(**asked)))
        except QuintetError as e:
            raise ToolError(f"{type(e).__name__}: {e}") from e
        return answer

    hints = {**get_type_hints(tool, include_extras=True), "return": dict[str, Any]}
    signed = inspect.signature(tool)
    given = [p.replace(annotation=hints[p.name]) for p in signed.parameters.values()]
    told.__annotations__ = hints
    told.__signature__ = signed.replace(  # type: ignore[attr-defined]  # Python has it
        parameters=given, return_annotation=hints["return"]
    )
    return told


def _short(value: Any) -> Any:
    if isinstance(value, str):
        text = value.encode("utf-8", "backslashreplace").decode()
        return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, list) else value
