"""What is in the library: counts, the details of one item, and the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quintet.flows import alike
from quintet.flows.shelves import IndexSummary, summaries
from quintet.store.records import JobRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Segment


@dataclass(frozen=True)
class Status:
    """Counts of what is in the library, its model, its indexes, and its latest jobs."""

    items: Mapping[str, int]
    files: int
    missing: int
    errors: int
    skipped: int
    segments: int
    vectors: int
    labelled: int
    database_bytes: int
    model: str | None
    indexes: Sequence[IndexSummary]
    jobs: Sequence[JobRow]


@dataclass(frozen=True)
class Details:
    """One item and all its segments."""

    item: Item
    segments: Mapping[Channel, Sequence[Segment]]


def status(store: Store) -> Status:
    """What is in the library, in numbers."""
    active = store.active_id()
    return Status(
        **vars(store.stats()),
        model=active,
        indexes=summaries(store, [alike.MODEL, *([active] if active else [])]),
        jobs=store.jobs(5),
    )


def details(store: Store, name: str) -> Details:
    """Everything known about the item of that path or id prefix.

    Raises:
        UnknownName: no such item.
    """
    item = store.resolve(name)
    return Details(item, store.segments(item.id))


def export(store: Store, where: Sequence[str], *, segments: bool) -> Iterator[Item | Details]:
    """The items that meet the conditions, one by one, with ``segments`` these too."""
    for item_id in store.find(where):
        for item in store.get_many([item_id]):
            yield Details(item, store.segments(item.id)) if segments else item
