"""What is asked for: the parts of a query and the conditions, as requests carry them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from quintet.flows.query import Term
from quintet.service.service import Service
from quintet.types import Modality

MOST = 200
"""Rows of one page."""

PARTS = 20
"""Of one query: each is looked up by itself."""

DEEPEST = 10_000
"""Hits that can be paged through."""

Where = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=50)]
Confidence = Annotated[float, Field(ge=0, le=1)]


class Asked(BaseModel):
    """A request's body; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @field_validator("*")
    @classmethod
    def text_can_be_written(cls, value: Any) -> Any:
        """No half characters: JSON has them, files and databases have not."""
        _check_text(value)
        return value


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, dict):
        _check_text([*value.keys(), *value.values()])
    elif isinstance(value, list):
        for part in value:
            _check_text(part)


class Part(Asked):
    """One part of a query: exactly one of text, upload and item; a segment needs its item."""

    text: Annotated[str, Field(max_length=10_000)] = ""
    """Words, looked up in texts, names, tags and metadata, and in a trained library's space."""

    upload: Annotated[str, Field(max_length=64)] = ""
    """Id of an uploaded file of any medium, as an example."""

    item: Annotated[str, Field(max_length=4096)] = ""
    """Id (or its first digits) or path of an item of the library, as an example."""

    segment: Annotated[str, Field(max_length=40)] = ""
    """Only this segment of the item, as hits show it: `shot3`, `sentence12`."""

    weight: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)] = 1.0
    """How much it counts; below 0 for what hits shall not be like."""

    def term(self, here: Service) -> Term:
        """The part as the engine knows it."""
        file = here.uploads.path(self.upload) if self.upload else None
        return Term(self.text, file, self.item, self.segment, self.weight)


class Question(Asked):
    """Which items are asked for."""

    parts: Annotated[list[Part], Field(min_length=1, max_length=PARTS)]
    """What is wanted and what is not; at least one part is wanted."""

    modalities: Annotated[list[Modality], Field(max_length=5)] = []
    """Only these media; all when empty."""

    where: Where = []
    """Conditions that every hit meets: `folder=holiday`, `date>2019`."""

    min_confidence: Confidence = 0.0
    """Leave out what is less probable; needs a trained library."""

    def arguments(self, here: Service) -> dict[str, Any]:
        """As arguments of ``Library.search``, ``facets`` and ``why``."""
        terms = [part.term(here) for part in self.parts]
        return {"plus": terms, "modalities": self.modalities, "where": self.where}


class Query(Question):
    """What is searched for, and how the hits are shown."""

    facets: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)] = []
    """Keys by which the whole result is divided: `label`, `year`, any metadata key."""

    group_by: Literal["item", "segment", "near"] = "item"
    """One hit an item, a matching moment, or all items with nearly the same content."""

    sort: Literal["confidence", "name", "date", "size", "duration", "added"] = "confidence"
    """How the most relevant hits are ordered."""

    reverse: bool = False
    """The other way round."""

    among: Annotated[int, Field(ge=1, le=DEEPEST)] = MOST
    """Of another order than by confidence: so many most relevant hits are put into it."""

    per_medium: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """At most so many hits of each medium."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 20
    """Hits of a page."""

    cursor: Annotated[str, Field(max_length=400)] = ""
    """`next_cursor` of the page before."""

    explain: bool = False
    """Tell of every hit of the page why it is where it is; hits times parts are at most 50 then."""

    @property
    def ranked(self) -> bool:
        """Whether hits come as they are found, so that further ones come behind them."""
        return self.sort == "confidence" and not self.reverse
