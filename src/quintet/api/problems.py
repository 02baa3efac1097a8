"""Errors as problem details (RFC 9457): one table from the exception tree to HTTP status."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from quintet import errors
from quintet.api.wire import Told

TYPE = "application/problem+json"

STATUS: Mapping[type[errors.QuintetError], int] = {
    errors.UnknownName: 404,
    errors.Conflict: 409,
    errors.UsageError: 400,
    errors.SourceError: 400,
    errors.NotFittedError: 409,
    errors.TrainingError: 409,
    errors.FileProblem: 422,
    errors.OriginalGone: 410,
    errors.OriginalChanged: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.TooLarge: 413,
    errors.ServiceBusy: 503,
    errors.LibraryBusy: 503,
    errors.NoSpace: 507,
    errors.MissingExtra: 501,
    errors.QuintetError: 500,
}
"""The nearest class above an error decides."""

PLACE = "/problems/"
"""Before the class of an error in a problem's ``type``."""

HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "5"},
}


class Problem(BaseModel):
    """What went wrong: ``type`` is the error's class, ``detail`` the way out.

    ``code`` says why a file cannot be read, ``errors`` what is wrong with a request and where.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    errors: list[dict[str, str]] | None = None


def status_of(error: errors.QuintetError) -> int:
    """The HTTP status of an error.

    >>> status_of(errors.FilterError("x")), status_of(errors.LibraryBusy("x"))
    (400, 503)
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as a response."""
    content = problem.model_dump(exclude_none=True)
    return Told(content, problem.status, headers=dict(headers or {}), media_type=TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(errors.QuintetError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    ours = error if isinstance(error, errors.QuintetError) else errors.QuintetError(str(error))
    status, kind = status_of(ours), type(ours).__name__
    code = str(ours.code) if isinstance(ours, errors.FileProblem) else None
    problem = Problem(
        type=PLACE + kind, title=kind, status=status, detail=told(ours, request), code=code
    )
    return answer(problem, HEADERS.get(status))


def told(error: errors.QuintetError, request: Request) -> str:
    """Its words without the places of our own files; names may hold bytes that are no text."""
    here = request.app.state.service
    text = str(error).replace(f"{here.uploads.folder}{os.sep}", "upload ")
    return (
        text.replace(str(here.folder), "the library").encode("utf-8", "backslashreplace").decode()
    )


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    told = [{"at": "/".join(str(part) for part in e["loc"]), "what": str(e["msg"])} for e in found]
    detail = "; ".join(f"{e['at']}: {e['what']}" for e in told)
    return answer(
        Problem(type=f"{PLACE}Invalid", title="Invalid", status=422, detail=detail, errors=told)
    )


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    title = str(error.detail)
    return answer(
        Problem(type="about:blank", title=title, status=error.status_code, detail=title),
        error.headers,
    )


async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    """Told without its words, which may hold anything; the server's log has them."""
    detail = "this is a mistake of the program; its log says more"
    return answer(Problem(type=f"{PLACE}Unforeseen", title="Unforeseen", status=500, detail=detail))
