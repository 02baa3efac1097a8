"""A page from a template, in the reader's language and theme."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from quintet.api import security
from quintet.service.tokens import Scope
from quintet.types import Modality
from quintet.web import wording

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")
THEMES = ("auto", "light", "dark")
LANGUAGE, THEME = "quintet_language", "quintet_theme"

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(
    MEDIA=list(Modality),
    wording=wording,
    size=wording.size,
)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with what every page needs: words, theme, caller, CSRF token.

    Names of files may hold bytes that are no text; such a byte is shown as a question mark.
    """
    who = security.caller(request)
    csrf = security.csrf(request)
    made = _templates.get_template(template).render(
        t=translator(language(request)),
        language=language(request),
        theme=_chosen(request, THEME, THEMES),
        here=request.url.path,
        address=_address(request),
        caller=who,
        may_write=who is not None and who.scope >= Scope.WRITE,
        may_admin=who is not None and who.scope >= Scope.ADMIN,
        csrf=csrf,
        **values,
    )
    answer = HTMLResponse(
        made.encode("utf-8", "replace"), status, headers={"cache-control": "no-store"}
    )
    security.give_csrf(request, answer, csrf)
    return answer


def _address(request: Request) -> str:
    """Where a form that changes the page's looks leads back to: an address that can be got."""
    got = request.method in security.SAFE
    parts = urlsplit(str(request.url) if got else request.headers.get("referer", ""))
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def language(request: Request) -> str:
    """As set by the reader, else as the browser asks."""
    chosen = request.cookies.get(LANGUAGE, "")
    asked = request.headers.get("accept-language", "")
    return chosen if chosen in LANGUAGES else "zh" if asked.lower().startswith("zh") else "en"


def words(request: Request) -> wording.Translate:
    """The translator of a request."""
    return translator(language(request))


def translator(name: str) -> Callable[..., str]:
    """A function from an English text to the same in a language, with ``{name}`` filled in."""
    known = catalogue(name)

    def translate(text: str, **values: object) -> str:
        found = known.get(text, text)
        return found.format(**values) if values else found

    return translate


@cache
def catalogue(name: str) -> Mapping[str, str]:
    """English text to the same in a language; empty for English."""
    path = HERE / "languages" / f"{name}.json"
    found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def _chosen(request: Request, cookie: str, known: tuple[str, ...]) -> str:
    value = request.cookies.get(cookie, "")
    return value if value in known else known[0]
