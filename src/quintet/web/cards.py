"""Hits as the grid shows them: each medium as itself, with the matching part marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from quintet.library import Library
from quintet.types import Channel, Hit, Item, Modality, Segment, SegmentKind
from quintet.web import wording
from quintet.web.asked import SHORT
from quintet.web.wording import Translate

EXCERPT = 260
"""Characters of a text that a card shows, about."""

MOST_TICKS = 200

WIDEST, TALLEST = 2.4, 0.8
"""A picture whose sides are further apart is shown whole; others fill the card."""


@dataclass(frozen=True)
class Card:
    """One hit.

    Attributes:
        part: how it is named as an example of another search, ``item:ID#shot3`` for a moment.
        percent: confidence, None where hits have none.
        marks: matching stretches of a sound or a video, in thousandths of its duration.
        ticks: where the shots of a video begin, in the same.
        box: the matching region of a picture: left, top, width, height in its own pixels.
        text: before, matching, behind.
    """

    item: Item
    name: str
    folder: str
    part: str
    percent: int | None = None
    reasons: tuple[str, ...] = ()
    marks: tuple[tuple[float, float], ...] = ()
    ticks: tuple[float, ...] = ()
    start_s: float | None = None
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    box: tuple[float, float, float, float] | None = None
    text: tuple[str, str, str] = ("", "", "")
    view: int | None = None
    alike: int = 0
    extra: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        """The item's id."""
        return self.item.id

    @property
    def whole(self) -> bool:
        """Whether a picture is shown whole rather than filling its place."""
        if not self.width or not self.height:
            return False
        return not TALLEST <= self.width / self.height <= WIDEST


def cards(lib: Library, hits: Sequence[Hit], t: Translate, *, moments: bool = False) -> list[Card]:
    """All hits; with ``moments`` each stands for its segment."""
    return [card(lib, hit, t, moments=moments) for hit in hits]


def of_item(lib: Library, item: Item, t: Translate) -> Card:
    """An item that nobody searched for."""
    return card(lib, Hit(item, 0, 0.0, None, ()), t)


def card(lib: Library, hit: Hit, t: Translate, *, moments: bool = False) -> Card:
    """One hit."""
    item, path = hit.item, PurePath(hit.item.path)
    found = [e.segment for e in hit.evidence if e.segment is not None]
    timed = [s for s in found if s.start_s is not None and s.end_s is not None]
    duration_s = _number(item.metadata.get("duration_s", ""))
    width, height = (int(_number(item.metadata.get(k, ""))) for k in ("width", "height"))
    moment = f"#{found[0].kind}{found[0].no + 1}" if moments and found else ""
    return Card(
        item=item,
        name=path.name,
        folder=path.parent.name,
        part=f"item:{item.id[:SHORT]}{moment}",
        percent=None if hit.confidence is None else _percent(hit.confidence),
        reasons=tuple(dict.fromkeys(wording.reason(e, t) for e in hit.evidence)),
        marks=tuple(_mark(s, duration_s) for s in timed),
        ticks=_ticks(lib, item, duration_s),
        start_s=timed[0].start_s if timed else None,
        duration_s=duration_s,
        width=width,
        height=height,
        box=_box(found, width, height),
        text=_text(lib, item, found),
        view=next((s.no for s in found if s.kind is SegmentKind.VIEW), None),
        alike=len(hit.alike),
    )


def _percent(confidence: float) -> int:
    """Rounded, but certain only what is: neither 0 nor 100 is ever said."""
    return min(max(round(100 * confidence), 1), 99)


def _mark(segment: Segment, duration_s: float) -> tuple[float, float]:
    start, end = segment.start_s or 0.0, segment.end_s or 0.0
    whole = max(duration_s, end, 0.001)
    left = 1000 * start / whole
    return round(left, 1), round(max(1000 * end / whole - left, 8.0), 1)


def _ticks(lib: Library, item: Item, duration_s: float) -> tuple[float, ...]:
    if item.modality is not Modality.VIDEO or not duration_s:
        return ()
    shots = lib.show(item.id).segments.get(Channel.SEEN, ())
    starts = [s.start_s for s in shots if s.start_s]
    return tuple(round(1000 * s / duration_s, 1) for s in starts[:MOST_TICKS])


def _box(
    found: Sequence[Segment], width: int, height: int
) -> tuple[float, float, float, float] | None:
    boxes = [s.box for s in found if s.box is not None]
    if not boxes or not width or not height:
        return None
    x0, y0, x1, y1 = boxes[0]
    return x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height


def _text(lib: Library, item: Item, found: Sequence[Segment]) -> tuple[str, str, str]:
    """The matching sentence with what stands around it."""
    if item.modality is not Modality.TEXT:
        return "", "", ""
    sentences = lib.show(item.id).segments.get(Channel.WRITTEN, ())
    best = next((s.no for s in found if s.kind is SegmentKind.SENTENCE), None)
    if best is None:
        return _joined(sentences[:8], EXCERPT), "", ""
    before = _joined(sentences[max(0, best - 2) : best], EXCERPT // 3, end=True)
    match = sentences[best].text[:EXCERPT]
    room = max(40, EXCERPT - len(before) - len(match))
    return before, match, _joined(sentences[best + 1 : best + 6], room)


def _joined(sentences: Sequence[Segment], room: int, *, end: bool = False) -> str:
    text = " ".join(s.text for s in sentences)
    if len(text) <= room:
        return text
    return f"…{text[-room:]}" if end else f"{text[:room]}…"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
