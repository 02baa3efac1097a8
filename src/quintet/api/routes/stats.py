"""Counts of what is in the library, and whether it is in order."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from quintet.api.security import ADMIN, READ, Here
from quintet.flows.doctor import Check
from quintet.flows.status import Status

router = APIRouter(tags=["service"])


class Checks(BaseModel):
    """Findings: ``ok`` true, false, or null for what is worth knowing."""

    checks: list[Check]


@router.get("/stats", dependencies=READ)
def stats(here: Here) -> Status:
    """Counts of what is in the library, its model, its indexes, its latest long work."""
    with here.pool.library() as lib:
        return lib.status()


@router.get("/checks", dependencies=ADMIN)
def checks(here: Here) -> Checks:
    """Disk, checksums, model and errors of the library; reads all of it."""
    with here.pool.library() as lib:
        return Checks(checks=lib.check())
