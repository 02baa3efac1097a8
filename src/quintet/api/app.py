"""The application: routes, problems, headers, and the service behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from quintet.api import openapi, problems, routes
from quintet.api.edge import Edge
from quintet.api.metrics import Metrics, Watch
from quintet.api.wire import Told
from quintet.service.service import Service


def create_app(service: Service) -> FastAPI:
    """The REST interface over one service; it ends the service when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(
        title="Quintet",
        version=version("quintet"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        default_response_class=Told,
    )
    app.state.service = service
    app.state.metrics = Metrics(service)
    openapi.install(app)
    problems.install(app)
    for router in routes.routers():
        app.include_router(router, prefix=routes.V1)
    app.add_middleware(Watch, metrics=app.state.metrics)
    app.add_middleware(Edge, service=service)
    return app
