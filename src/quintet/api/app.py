"""The application: routes, problems, headers, and the service behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules

from fastapi import FastAPI

from quintet import __version__
from quintet.api import problems, routes
from quintet.api.edge import Edge
from quintet.service.service import Service

V1 = "/v1"


def create_app(service: Service) -> FastAPI:
    """The REST interface over one service; it ends the service when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(
        title="Quintet",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": problems.Problem, "description": "a problem (RFC 9457)"}},
    )
    app.state.service = service
    problems.install(app)
    for module in sorted(m.name for m in iter_modules(routes.__path__)):
        app.include_router(import_module(f"quintet.api.routes.{module}").router, prefix=V1)
    app.add_middleware(Edge, service=service)
    return app
