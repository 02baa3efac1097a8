"""Counts of what is in the library, and whether it is in order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from quintet.api.security import ADMIN, READ, Here
from quintet.flows.doctor import Check, machine, versions
from quintet.flows.status import Status

router = APIRouter(tags=["service"])


class Checks(BaseModel):
    """Findings: ``ok`` true, false, or null for what is worth knowing."""

    checks: list[Check]


class Versions(BaseModel):
    """Name to version; `not installed` where an optional one is absent."""

    versions: dict[str, str]


@router.get("/stats", dependencies=READ)
def stats(here: Here) -> Status:
    """Counts of what is in the library, its model, its indexes, its latest long work."""
    with here.pool.library() as lib:
        return lib.status()


@router.get("/checks", dependencies=ADMIN)
def checks(
    here: Here,
    with_machine: Annotated[
        bool,
        Query(alias="machine", description="Also the machine: decoding box, versions, full text."),
    ] = False,
) -> Checks:
    """Disk, checksums, model and errors of the library; reads all of it."""
    first = machine() if with_machine else []
    with here.pool.library() as lib:
        return Checks(checks=[*first, *lib.check()])


@router.get("/versions", dependencies=ADMIN)
def all_versions() -> Versions:
    """Versions of Quintet, Python, and the libraries that decode, store and learn."""
    return Versions(versions=versions())
