"""What routes about items share: how an item is named in a path, and conditions in a query."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from quintet.types import Modality

ItemId = Annotated[
    str,
    Path(
        min_length=4,
        max_length=64,
        pattern="^[0-9a-f]+$",
        description="Id of an item: SHA-256 of its content, or the first digits of it, four at "
        "least.",
    ),
]

Conditions = Annotated[
    list[Annotated[str, Query(max_length=1000)]],
    Query(
        max_length=50,
        description="A condition that items meet, such as `folder=holiday` or `date>2019`; may be "
        "repeated.",
    ),
]

Media = Annotated[
    list[Modality],
    Query(max_length=5, description="Only this medium; may be repeated; all when left out."),
]

WithSegments = Annotated[
    bool, Query(description="Also every segment and its text, as one item alone is shown.")
]

PageCursor = Annotated[
    str, Query(max_length=400, description="`next_cursor` of the page before; none for the first.")
]
