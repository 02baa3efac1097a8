"""Formats: which are read, and the switch that has one never looked into again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from quintet.api.questions import Asked
from quintet.api.security import ADMIN, READ, Here
from quintet.flows.switches import Format

router = APIRouter(tags=["service"])

FormatName = Annotated[str, Path(min_length=1, max_length=40, description="Name of a format.")]


class Formats(BaseModel):
    """All formats, by medium."""

    formats: list[Format]


class Switch(Asked):
    """Whether a format is read."""

    on: bool
    """False: no library looks into such files any more."""


@router.get("/formats", dependencies=READ)
def listed(here: Here) -> Formats:
    """The formats that are read, and those that are switched off."""
    with here.lookups.library() as lib:
        return Formats(formats=lib.formats())


@router.put("/formats/{name}", dependencies=ADMIN)
def switch(name: FormatName, asked: Switch, here: Here) -> Formats:
    """Have a format never looked into again, or again; what is indexed stays."""
    with here.pool.library() as lib:
        lib.switch_formats(**{"on" if asked.on else "off": [name]})
        return Formats(formats=lib.formats())
