"""The search page, its results alone, and why one of them was found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from quintet.api.problems import status_of, told
from quintet.api.security import READ, Here
from quintet.errors import QuintetError, UnknownName
from quintet.flows.facets import Facet
from quintet.library import Library
from quintet.service.service import Service
from quintet.types import Hit
from quintet.web.asked import MOST, Asked, search_options
from quintet.web.cards import Card, cards, of_item
from quintet.web.render import page, words
from quintet.web.wording import Translate

router = APIRouter(dependencies=READ)

FACETS = ("modality", "label", "year", "language")
LATEST = 12
LIKELY = 50
"""Per cent; a line is drawn before the first hit that is less probable."""


@dataclass(frozen=True)
class Chip:
    """An example in the box: what it is called and how it is taken away."""

    part: str
    name: str
    wanted: bool
    item: str = ""
    medium: str = ""
    known: bool = True


@dataclass(frozen=True)
class Found:
    """What the page shows below the box.

    Attributes:
        total: items that were found or looked through; ``likely`` of them are relevant.
    """

    cards: Sequence[Card] = ()
    facets: Sequence[Facet] = ()
    more: bool = False
    total: int = 0
    likely: int | None = None
    trained: bool = False
    seconds: float = 0.0
    error: str = ""
    status: int = 200

    @property
    def shelves(self) -> list[tuple[str, list[Card]]]:
        """The cards of each medium, the medium of the best card first."""
        apart: dict[str, list[Card]] = {}
        for card in self.cards:
            apart.setdefault(card.item.modality, []).append(card)
        return list(apart.items())


@router.get("/")
def search(request: Request, here: Here) -> HTMLResponse:
    """One box, and what it found."""
    return _page(request, here, "search.html")


@router.get("/results")
def results(request: Request, here: Here) -> HTMLResponse:
    """What was found alone, for the page that is open already."""
    return _page(request, here, "_results.html")


@router.get("/why/{item_id}")
def why(request: Request, here: Here, item_id: str) -> HTMLResponse:
    """Why an item was found, in full."""
    asked = Asked.of(request)
    with here.pool.library() as lib:
        told = lib.why(item_id, **asked.options(here))
    bare = "bare" in request.query_params
    return page(request, "_why.html" if bare else "why.html", why=told, asked=asked)


def _page(request: Request, here: Service, template: str) -> HTMLResponse:
    asked, t = Asked.of(request), words(request)
    chips, home = _chips(here, asked), _Home()
    try:
        found = _found(here, asked, t)
    except QuintetError as e:
        found = Found(error=_trouble(request, chips, e), status=status_of(e))
    if asked.empty and not found.error:
        home = _home(here, t)
    return page(
        request,
        template,
        found.status,
        asked=asked,
        found=found,
        chips=chips,
        home=home,
        t0=LIKELY,
        MOST=MOST,
    )


def _trouble(request: Request, chips: Sequence[Chip], error: QuintetError) -> str:
    """Why nothing can be searched for; a sent file is told by the name that it came with."""
    if any(c.part.startswith("upload:") and not c.known for c in chips):
        t = words(request)
        return t("A sent file is deleted after a day. Drop it here again.")
    text = told(error, request)
    for chip in chips:
        kind, _, name = chip.part.partition(":")
        if kind == "upload":
            text = text.replace(f"upload {name}", chip.name)
    return text


def _found(here: Service, asked: Asked, t: Translate) -> Found:
    started = time.monotonic()
    options = asked.options(here)
    if asked.empty:
        return Found()
    with here.pool.library() as lib:
        trained = lib.trained
        if not asked.wants:
            return _browsed(lib, asked, t, trained=trained)
        how = search_options(asked, trained=trained)
        hits = lib.search(**options, **how)
        facets = lib.facets(FACETS, **options, min_confidence=how["min_confidence"])
        most = len(hits) if asked.by_medium else asked.show
        shown = cards(lib, _first(hits, most), t, moments=asked.group == "segment")
    first = facets[0]
    sure = [b.expected for b in first.values if b.expected is not None]
    return Found(
        cards=shown,
        facets=_worth_showing(facets, asked),
        more=len(hits) > most,
        total=first.total,
        likely=round(sum(sure)) if sure else None,
        trained=trained,
        seconds=time.monotonic() - started,
    )


def _first(hits: Sequence[Hit], count: int) -> list[Hit]:
    """The most relevant ones, in the order that they are in."""
    kept = {hit.rank for hit in sorted(hits, key=lambda hit: hit.rank)[:count]}
    return [hit for hit in hits if hit.rank in kept]


def _browsed(lib: Library, asked: Asked, t: Translate, *, trained: bool) -> Found:
    """Items that meet the filters, where no words are typed."""
    where, media = asked.typed.where, asked.typed.modalities
    facets = lib.facets(FACETS, modalities=media, where=where)
    items = lib.items(where, modalities=media, k=asked.show + 1)
    shown = [of_item(lib, item, t) for item in items[: asked.show]]
    more = len(items) > asked.show
    kept = _worth_showing(facets, asked)
    return Found(shown, kept, more=more, total=facets[0].total, trained=trained)


def _worth_showing(facets: Sequence[Facet], asked: Asked) -> list[Facet]:
    """Facets that divide the result, or that are on already; values that nothing likely has go."""
    shown = [_likely(facet, asked) for facet in facets]
    return [
        facet
        for facet in shown
        if len(facet.values) + facet.more > 1 or any(asked.has(b.where) for b in facet.values)
    ]


def _likely(facet: Facet, asked: Asked) -> Facet:
    kept = tuple(
        b
        for b in facet.values
        if b.expected is None or round(b.expected) >= 1 or asked.has(b.where)
    )
    return replace(facet, values=kept, more=facet.more + len(facet.values) - len(kept))


@dataclass(frozen=True)
class _Home:
    """What an empty box offers."""

    items: Any = None
    labels: Sequence[str] = ()
    latest: Sequence[Card] = ()
    trained: bool = False
    errors: int = 0


def _home(here: Service, t: Translate) -> _Home:
    with here.pool.library() as lib:
        status = lib.status()
        if not sum(status.items.values()):
            return _Home({}, errors=status.errors)
        (labels,) = lib.facets(("label",), values=8)
        newest = lib.items(k=LATEST)
        shown = [of_item(lib, item, t) for item in newest]
    names = [bucket.value for bucket in labels.values]
    return _Home(status.items, names, shown, status.model is not None, status.errors)


def _chips(here: Service, asked: Asked) -> list[Chip]:
    parts = [*((p, True) for p in asked.plus), *((p, False) for p in asked.minus)]
    if not parts:
        return []
    with here.pool.library() as lib:
        return [_chip(here, lib, part, wanted=wanted) for part, wanted in parts]


def _chip(here: Service, lib: Library, part: str, *, wanted: bool) -> Chip:
    kind, _, name = part.partition(":")
    try:
        if kind == "upload":
            return Chip(part, here.uploads.get(name).name, wanted)
        item_id, _, segment = name.partition("#")
        item = lib.show(item_id).item
    except UnknownName:
        return Chip(part, name[:12], wanted, known=False)
    label = item.path.rsplit("/", 1)[-1] + (f" · {segment}" if segment else "")
    return Chip(part, label, wanted, item.id, item.modality)
