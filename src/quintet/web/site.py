"""The pages of the application: templates, static files, languages and the headers of safety."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from quintet.errors import QuintetError, Unauthenticated
from quintet.web import pages, render

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

TITLES: Mapping[int, str] = {
    400: "That was not understood",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "This address takes no such request",
    422: "That was not understood",
    503: "Too much at once",
    0: "Something went wrong",
}
"""What a person reads above a problem; 0 for any other."""

HINTS: Mapping[int, str] = {
    404: "The page may have been moved, or the address has a mistake.",
    405: "It is where a form is sent to. Open the page with the form instead.",
    422: "A part of the address, or of the form, is not what is expected there.",
    500: "This is a mistake of the program; its log says more.",
}
"""What a person reads where the program has no words of its own."""


def install(app: FastAPI) -> None:
    """Put the pages into the application, and the headers around all of it."""
    for module in sorted(m.name for m in iter_modules(pages.__path__)):
        app.include_router(
            import_module(f"quintet.web.pages.{module}").router, include_in_schema=False
        )
    app.add_api_route("/words/{name}.json", _words, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for kind in (QuintetError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))
    app.add_middleware(SafeHeaders)


def _words(name: str) -> JSONResponse:
    """The texts of a language, for the modules."""
    known = render.catalogue(name) if name in render.LANGUAGES else {}
    return JSONResponse(dict(known), headers={"cache-control": "no-cache"})


def _for_people(handler: ExceptionHandler) -> ExceptionHandler:
    """The same problem as a page where a browser asks for one; the REST interface is untouched."""

    async def answer(request: Request, error: Exception) -> Response:
        made: Response = await handler(request, error)  # type: ignore[misc, arg-type]
        page = "text/html" in request.headers.get("accept", "")
        if page and not request.url.path.startswith(("/v1", "/static")):
            made = _page_of(request, error, made)
        for name, value in HEADERS.items():  # unforeseen errors are answered outside SafeHeaders
            made.headers.setdefault(name.decode(), value.decode())
        return made

    return answer


def _page_of(request: Request, error: Exception, made: Response) -> Response:
    """A problem as a person reads it."""
    if isinstance(error, Unauthenticated):
        address = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/login?next={quote(address)}", 303)
    status = made.status_code
    ours = isinstance(error, QuintetError)
    return render.page(
        request,
        "problem.html",
        status,
        title=TITLES.get(status, TITLES[0]),
        hint="" if ours else HINTS.get(status, ""),
        status_code=status,
        detail=json.loads(bytes(made.body)).get("detail", "") if ours or status == 422 else "",
    )


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
