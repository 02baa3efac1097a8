"""The routes of /v1, one file a thing; a file here that has a ``router`` is found by itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

V1 = "/v1"


def routers() -> list[APIRouter]:
    """Every router, in order of its file's name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").router for name in names]
