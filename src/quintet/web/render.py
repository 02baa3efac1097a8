"""A page from a template, in the reader's language and theme."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from quintet.api import security

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


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with what every page needs: words, theme, caller, CSRF token."""
    made = _templates.get_template(template).render(
        t=translator(language(request)),
        language=language(request),
        theme=_chosen(request, THEME, THEMES),
        here=request.url.path,
        caller=security.caller(request),
        **values,
    )
    answer = HTMLResponse(made, status)
    security.give_csrf(request, answer)
    return answer


def language(request: Request) -> str:
    """As set by the reader, else as the browser asks."""
    chosen = request.cookies.get(LANGUAGE, "")
    asked = request.headers.get("accept-language", "")
    return chosen if chosen in LANGUAGES else "zh" if asked.lower().startswith("zh") else "en"


def translator(name: str) -> Callable[..., str]:
    """A function from an English text to the same in a language, with ``{name}`` filled in."""
    words = catalogue(name)

    def translate(text: str, **values: object) -> str:
        found = words.get(text, text)
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
