"""Requests that are refused before they are used: addressed wrongly, too large, too many."""

from __future__ import annotations

import ipaddress
import math

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quintet.api.problems import Problem, answer
from quintet.api.security import FAILED
from quintet.api.tries import Tries
from quintet.service.service import LOOPBACK, Service

HEADERS = 100
"""Lines in the head of a request; its bytes are bounded where it is parsed."""

BODY_BYTES = 1 << 20
"""Of every request but an upload."""

UPLOADS = "/v1/uploads"
SESSION = "/v1/session"
LOGIN = "/login"
HEALTH = "/v1/health"
FORM_BYTES = 64 << 10
"""What a form may add to the file in it."""

REQUESTS = 256
"""At work at a time, open event streams too."""

RETRY_S = 2
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Edge:
    """Stands before the application.

    Args:
        requests: at work at a time.
        tries: who has failed how often to show a valid token.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        requests: int = REQUESTS,
        tries: Tries | None = None,
    ) -> None:
        self._app = app
        self._service = service
        self._requests = requests
        self._tries = tries or Tries(service.settings.most_failed)
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on within limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if refused is not None:
            await refused(scope, receive, send)
            return
        self._active += 1
        try:
            await self._app(scope, self._bounded(scope, receive), self._heard(scope, headers, send))
        finally:
            self._active -= 1

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        settings = self._service.settings
        if not self._addressed(headers.get("host", "")):
            text = "this service has another name; add it with: quintet serve --name NAME"
            return _problem(400, "Unknown host", text)
        if settings.anonymous is not None and any(name in headers for name in FORWARDED):
            text = "who is behind a proxy needs a token; start with: quintet serve --name NAME"
            return _problem(403, "Forwarded", text)
        if len(headers.raw) > HEADERS:
            return _problem(431, "Too many headers", f"at most {HEADERS}")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most(scope):
            return _problem(413, "Too large", f"at most {self._most(scope):,} bytes")
        if self._active >= self._requests and scope["path"] != HEALTH:
            return _problem(503, "Busy", f"{self._requests} requests are at work", RETRY_S)
        if _is_embedded(headers):
            return _problem(403, "Embedded", "other sites may link here, but take nothing")
        shows = _shows_token(scope, headers) and scope["path"] != HEALTH
        shown = headers.get("authorization", "")
        wait_s = self._tries.wait_s(_address(scope), shown) if shows else 0
        if wait_s > 0:
            text = "too many tries with a wrong token from this address"
            return _problem(429, "Too many tries", text, math.ceil(wait_s))
        return None

    def _addressed(self, host: str) -> bool:
        """Whether a request means us: another site's name may lead here too (DNS rebinding)."""
        settings = self._service.settings
        name = _without_port(host).lower()
        if name in settings.hosts:
            return True
        return settings.host not in LOOPBACK and _is_address(name)

    def _most(self, scope: Scope) -> int:
        if scope["path"].rstrip("/") == UPLOADS:
            return self._service.settings.most_upload_bytes + FORM_BYTES
        return BODY_BYTES

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """A body without a declared length is cut where it becomes too long."""
        room = self._most(scope)

        async def bounded() -> Message:
            nonlocal room
            message = await receive()
            room -= len(message.get("body", b""))
            if room < 0:
                raise HTTPException(413, f"at most {self._most(scope):,} bytes")
            return message

        return bounded

    def _heard(self, scope: Scope, headers: Headers, send: Send) -> Send:
        """Learn from the answer whether a shown token was good."""
        if not _shows_token(scope, headers):
            return send

        shown = headers.get("authorization", "")

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                login = scope["path"] == SESSION and message["status"] == 403
                if login or message["status"] == 401 or scope.get(FAILED):
                    self._tries.failed(_address(scope), shown)
                elif scope.get(FAILED) is False:
                    self._tries.good(shown)
            await send(message)

        return heard


def _shows_token(scope: Scope, headers: Headers) -> bool:
    login = scope["path"] in (SESSION, LOGIN) and scope["method"] == "POST"
    return login or "authorization" in headers


def _is_embedded(headers: Headers) -> bool:
    """Whether a page of another origin, as a browser tells, has this fetched rather than opened."""
    site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
    return site in ("cross-site", "same-site") and mode != "navigate"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _without_port(host: str) -> str:
    """The name in a Host header; an IPv6 address keeps its brackets.

    >>> _without_port("localhost:8765"), _without_port("[::1]:80"), _without_port("a.b")
    ('localhost', '[::1]', 'a.b')
    """
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _problem(status: int, title: str, detail: str, retry_s: int | None = None) -> Response:
    headers = {"Connection": "close"} if retry_s is None else {"Retry-After": str(retry_s)}
    problem = Problem(type="about:blank", title=title, status=status, detail=detail)
    return answer(problem, headers)
