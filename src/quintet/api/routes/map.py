"""The common space in two dimensions."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from quintet.api.security import READ, Here
from quintet.flows.layout import MOST, Point

router = APIRouter(tags=["models"])

_one_at_a_time = threading.Lock()
"""Whoever comes while the map is drawn finds it drawn, and takes no library meanwhile."""


class Map(BaseModel):
    """Points between -1 and 1; what lies close is alike."""

    points: list[Point]


@router.get("/map", dependencies=READ)
def drawn(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items, all media equally.")] = 1000,
) -> Map:
    """Where items lie beside each other in the active model's space; drawn once a model."""
    with _one_at_a_time, here.pool.library() as lib:
        return Map(points=lib.map(limit))
