"""Requests to a service, and its problems as the errors that they were there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from pydantic import TypeAdapter

from quintet import durable, errors

T = TypeVar("T")

TIMEOUT = httpx2.Timeout(30.0, read=300.0)
"""A search of a large library may take a while; so may the next word of a job."""

KEY = "Idempotency-Key"
PIECE = 1 << 20

BEFORE_IT = (502, 503, 504)
"""What a proxy before a service says when it finds none there; no problem of the service."""


class Connection:
    """One service.

    Args:
        http: sends the requests in the place of a client of its own; tests pass one without a net.
    """

    def __init__(self, url: str, token: str | None, http: httpx2.Client | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = http or httpx2.Client(base_url=self.url, timeout=TIMEOUT)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, kind: type[T], method: str, path: str, **request: Any) -> T:
        """The answer to a request as a record.

        Raises:
            QuintetError: what the service says, or that it cannot be reached.
        """
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        return adapter.validate_python(self.told(method, path, **request))

    def told(self, method: str, path: str, **request: Any) -> Any:
        """The answer to a request as JSON values; None for an empty one."""
        answer = self.send(method, path, **request)
        return json.loads(answer.content) if answer.content else None

    def make(self, kind: type[T], path: str, **request: Any) -> T:
        """The answer to a POST that is done once, even if the line breaks and it is sent again."""
        headers = {KEY: secrets.token_urlsafe(16), **request.pop("headers", {})}
        try:
            return self.ask(kind, "POST", path, headers=headers, **request)
        except errors.Unreachable:
            return self.ask(kind, "POST", path, headers=headers, **request)

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """The answer to a request."""
        headers = {**self._headers, **request.pop("headers", {})}
        try:
            answer = self._http.request(method, "/v1" + path, headers=headers, **request)
        except httpx2.TransportError as e:
            raise self._unreachable(e) from e
        if answer.is_error:
            raise error(answer.status_code, answer.content)
        return answer

    def save(self, path: str, to: Path) -> None:
        """Write the answer to a GET into a file, which is there only when all of it came.

        Raises:
            UsageError: the file cannot be written.
        """
        half = to.with_name(f".{to.name}.half")
        try:
            with self._streamed(path) as answer, half.open("wb") as file:
                for piece in answer.iter_bytes(PIECE):
                    file.write(piece)
            durable.replace(half, to)
        except OSError as e:
            raise errors.UsageError(f"{to} cannot be written: {e.strerror}") from e
        finally:
            half.unlink(missing_ok=True)

    def events(self, path: str) -> Iterator[Any]:
        """The data of server-sent events, until the service ends them."""
        with self._streamed(path) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def close(self) -> None:
        """Close the line."""
        self._http.close()

    @contextmanager
    def _streamed(self, path: str) -> Iterator[httpx2.Response]:
        try:
            with self._http.stream("GET", "/v1" + path, headers=self._headers) as answer:
                if answer.is_error:
                    raise error(answer.status_code, answer.read())
                yield answer
        except httpx2.TransportError as e:
            raise self._unreachable(e) from e

    def _unreachable(self, e: Exception) -> errors.Unreachable:
        return errors.Unreachable(f"{self.url} does not answer ({e}); is it served there?")


def error(status: int, body: bytes) -> errors.QuintetError:
    """A problem as the error that it was on the other side."""
    try:
        problem: Mapping[str, Any] = json.loads(body)
        kind, detail = str(problem["type"]).rpartition("/")[2], str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        kind_of = errors.Unreachable if status in BEFORE_IT else errors.ServiceError
        return kind_of(f"HTTP {status}: {body[:200].decode('utf-8', 'replace')}")
    made = raised(kind, detail)
    if isinstance(made, errors.FileProblem):
        made.code = errors.Code(problem.get("code", errors.Code.CORRUPT))
        made.detail = detail.removeprefix(f"{made.code}: ")
    return made


def raised(kind: str, detail: str) -> errors.QuintetError:
    """An error of a class by its name; of ``UsageError`` when a request was not understood.

    >>> raised("UnknownName", "no item named 'x'")
    UnknownName("no item named 'x'")
    """
    found = getattr(errors, "UsageError" if kind == "Invalid" else kind, None)
    if not (isinstance(found, type) and issubclass(found, errors.QuintetError)):
        return errors.ServiceError(detail)
    made = found.__new__(found)
    Exception.__init__(made, detail)
    return made
