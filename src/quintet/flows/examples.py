"""What a part of a query holds: the local features and words of a file, an item or a segment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quintet.errors import FileProblem, UsageError
from quintet.flows.moments import within
from quintet.flows.opening import opened
from quintet.flows.parts import Parts
from quintet.flows.query import Term
from quintet.flows.reading import decode, encode, tracks
from quintet.store.sqlite import Store
from quintet.types import Channel, Local, Modality, Segment, TextMedia


@dataclass(frozen=True)
class Example:
    """Something to search by: its medium, and the local features and words of its channels.

    Attributes:
        segments: of each channel; the steps of ``local`` count into them.
        item_id: of the library's item that it is; empty for a file.
    """

    modality: Modality
    local: Mapping[Channel, Local]
    texts: Mapping[Channel, str]
    segments: Mapping[Channel, Mapping[int, Segment]]
    item_id: str = ""


def example(parts: Parts, term: Term) -> Example | None:
    """What a term shows; None for words.

    Raises:
        FileProblem: the file cannot be opened or read.
        UnknownName: no such item; UsageError: it has no such segment.
    """
    if term.file is not None:
        return _of_file(parts, term.file.expanduser())
    return _of_item(parts.store, term) if term.item else None


def _of_file(parts: Parts, path: Path) -> Example:
    try:
        with opened(os.path.realpath(path)) as file:
            media = decode(parts.box, file, str(path))
        texts = {c: t.text for c, t in tracks(media).items() if isinstance(t, TextMedia)}
        segments = {c: {s.no: s for s in t.segments} for c, t in tracks(media).items()}
        return Example(media.modality, encode(parts.encoders, media), texts, segments)
    except FileProblem as e:
        raise FileProblem(e.code, f"{path}: {e.detail}") from e


def _of_item(store: Store, term: Term) -> Example:
    item = store.resolve(term.item)
    segments = store.segments(item.id)
    if term.segment:
        channel, own = _segment(segments, term)
        segments = {channel: [own]}
    local: dict[Channel, Local] = {}
    for channel, rows in segments.items():
        held = store.local([item.id], channel).get(item.id)
        if held is not None:
            local[channel] = within(held, rows[0].no, rows[-1].no)
    texts = {c: " ".join(s.text for s in own) for c, own in segments.items() if own[0].text}
    numbered = {c: {s.no: s for s in own} for c, own in segments.items()}
    return Example(item.modality, local, texts, numbered, item.id)


def _segment(segments: Mapping[Channel, list[Segment]], term: Term) -> tuple[Channel, Segment]:
    kind, number = term.kind_and_number()
    there = {c: own for c, own in segments.items() if own and own[0].kind is kind}
    for channel, own in there.items():
        if number < len(own):
            return channel, own[number]
    counts = ", ".join(f"{len(own)} {own[0].kind}s" for own in segments.values() if own)
    raise UsageError(f"{term.item} has no {term.segment}; it has {counts or 'no segments'}")
