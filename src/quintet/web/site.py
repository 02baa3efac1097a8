"""The pages of the application: templates, static files, languages and the headers of safety."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quintet.web import pages

HERE = Path(__file__).parent

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


def install(app: FastAPI) -> None:
    """Put the pages into the application, and the headers around all of it."""
    for module in sorted(m.name for m in iter_modules(pages.__path__)):
        app.include_router(
            import_module(f"quintet.web.pages.{module}").router, include_in_schema=False
        )
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(SafeHeaders)


class SafeHeaders:
    """Every answer carries the headers that it does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the start of the answer."""

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = {name.lower() for name, _ in message["headers"]}
                more = [(k, v) for k, v in HEADERS.items() if k not in held]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, receive, safe if scope["type"] == "http" else send)
