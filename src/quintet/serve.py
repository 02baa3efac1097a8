"""One process that serves the REST interface and the pages of one library."""

from __future__ import annotations

from pathlib import Path

import uvicorn
from fastapi import FastAPI

from quintet.api.app import create_app
from quintet.service.service import Service, Settings
from quintet.web import site


def application(folder: Path, settings: Settings) -> FastAPI:
    """The whole application over a library folder."""
    app = create_app(Service(folder, settings))
    site.install(app)
    return app


def serve(folder: Path, settings: Settings) -> None:
    """Serve until interrupted."""
    uvicorn.run(
        application(folder, settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
    )
