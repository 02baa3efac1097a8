"""The OpenAPI document: what FastAPI makes of the routes, and what is common to all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from quintet.api import routes, security
from quintet.api.problems import TYPE, Problem
from quintet.api.routes import V1

PROBLEM = {TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

ABOUT = """Search over image, video, text, audio and 3D models, each by any of the five.

Every error is a problem (RFC 9457). Lists come in pages: send `next_cursor` back as `cursor` until
it is empty. POSTs that make something, but for tokens, take an `Idempotency-Key`: sent again with
the same key and content, they give the first answer."""

TAGS = {
    "search": "Find, divide and explain.",
    "items": "What is in the library, its segments, labels and tags.",
    "uploads": "Files sent over the network, to ask with or to keep.",
    "jobs": "Long work: its queue and its progress.",
    "models": "Training, its labels, and the models it made.",
    "saved": "Searches kept under a name.",
    "service": "How the service is.",
    "tokens": "Who else may call, and what.",
    "session": "Logging a browser in.",
}


def install(app: FastAPI) -> None:
    """Serve the document; to write it out again for each caller would hold up all others."""

    @cache
    def text() -> bytes:
        return json.dumps(document(app), ensure_ascii=False).encode()

    async def described() -> Response:
        if not text.cache_info().currsize:
            await run_in_threadpool(text)
        return Response(text(), media_type="application/json")

    app.add_api_route("/openapi.json", described, include_in_schema=False)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=ABOUT,
            routes=app.routes,
            tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        )
        _complete(made)
        app.openapi_schema = made
    return app.openapi_schema


def operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def scope_of(operation: dict[str, Any]) -> str:
    """What an operation needs: ``read``, ``write``, ``admin``, or ``public`` for nothing."""
    return str(operation.get("x-scope", "public"))


def _complete(made: dict[str, Any]) -> None:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "made by `quintet token`"}
    }
    needed = _scopes()
    for method, path, operation in operations(made):
        operation["x-scope"] = needed.get((method, path), "public")
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = {
            "description": "A problem: what went wrong, and the way out.",
            "content": PROBLEM,
        }
        if scope_of(operation) != "public":
            operation["security"] = [{"token": []}, {}]


def _scopes() -> Mapping[tuple[str, str], str]:
    """Method and path of the routes that let only some callers pass, and the scope they need."""
    found = {}
    for router in routes.routers():
        for route in router.routes:
            if isinstance(route, APIRoute):
                for given in (*router.dependencies, *route.dependencies):
                    name = getattr(given.dependency, "__name__", "")
                    if name.startswith(security.NEEDS):
                        path, scope = V1 + route.path_format, name.removeprefix(security.NEEDS)
                        found.update({(method, path): scope for method in route.methods or ()})
    return found
