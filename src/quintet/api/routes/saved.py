"""Searches kept under a name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from quintet.api.once import Key, done_once
from quintet.api.questions import Asked, Part, Query
from quintet.api.security import READ, WRITE, Asker, Here
from quintet.errors import UsageError
from quintet.flows.query import Term
from quintet.flows.saved import SavedHit, checked
from quintet.store.records import SavedRow

router = APIRouter(tags=["saved"])

Name = Annotated[str, Path(min_length=1, max_length=200, description="The name of a saved search.")]


class Saving(Asked):
    """A search and the name to keep it under."""

    name: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f]*[^\s/][^/\x00-\x1f]*$")
    ]
    """One that is there already is replaced; not `.` or `..`."""

    query: Query
    """Its parts are words, items and segments; uploads are gone too soon."""


class SavedSearches(BaseModel):
    """All saved searches, by name."""

    saved: list[SavedRow]


class SavedHits(BaseModel):
    """The hits of today, each with whether it is new."""

    hits: list[SavedHit]


@router.get("/saved", dependencies=READ)
def listed(here: Here) -> SavedSearches:
    """The saved searches."""
    with here.pool.library() as lib:
        return SavedSearches(saved=lib.saved_searches())


@router.post("/saved", dependencies=WRITE, status_code=201, response_model=SavedRow)
def save(saving: Saving, here: Here, request: Request, asker: Asker, key: Key = "") -> Response:
    """Keep a search; its hits of now are not new later."""
    name = checked(saving.name)

    def made() -> SavedRow:
        with here.pool.library() as lib:
            lib.save_search(name, **_arguments(saving.query, here))
            return next(row for row in lib.saved_searches() if row.name == name)

    return done_once(here, request, asker, key, saving.model_dump_json().encode(), made, 201)


@router.get("/saved/{name}", dependencies=READ)
def run(name: Name, here: Here) -> SavedHits:
    """The hits of a saved search, each with whether it is new."""
    with here.pool.library() as lib:
        return SavedHits(hits=lib.run_saved(name))


@router.post("/saved/{name}/seen", dependencies=WRITE, response_model=SavedHits)
def seen(name: Name, here: Here, request: Request, asker: Asker, key: Key = "") -> Response:
    """The same, and from now on these hits are not new."""

    def made() -> SavedHits:
        with here.pool.library() as lib:
            return SavedHits(hits=lib.run_saved(name, seen=True))

    return done_once(here, request, asker, key, b"", made, 200)


@router.delete("/saved/{name}", dependencies=WRITE, status_code=204)
def forget(name: Name, here: Here) -> None:
    """Delete a saved search."""
    with here.pool.library() as lib:
        lib.forget_search(name)


def _arguments(query: Query, here: Here) -> dict[str, Any]:
    """As arguments of ``Library.save_search``; what is as always is left out."""
    terms = [_lasting(part).term(here) for part in query.parts]
    words = next((term for term in terms if term.words and term.weight == 1), None)
    fields = {"min_confidence", "per_medium", "group_by", "sort", "reverse"}
    return {
        "words": words.words if words else None,
        "plus": tuple(term for term in terms if term.wanted and term is not words),
        "minus": tuple(term for term in terms if not term.wanted),
        "modalities": tuple(query.modalities),
        "where": tuple(query.where),
        "k": query.limit,
        **query.model_dump(include=fields, exclude_defaults=True),
    }


def _lasting(part: Part) -> Part:
    """A part that means the same when it is read again from what is kept.

    Raises:
        UsageError: an upload, or words that would be read as something else, such as a file.
    """
    if part.upload:
        raise UsageError("an upload is deleted after a day; add it and search by the item")
    if part.text and Term.parse(part.text) != Term(words=part.text.strip()):
        raise UsageError(f"{part.text[:40]!r} is read as more than words; save it without that")
    return part
