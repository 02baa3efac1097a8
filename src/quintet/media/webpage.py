"""HTML pages: the words without scripts and styles, the title and the author."""

from __future__ import annotations

import re

from lxml import etree

from quintet.media import charset, markup
from quintet.media.documents import Document, Part

_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.I)
_META = {"author": "author", "description": "description", "date": "date", "keywords": "keywords"}


def page(data: bytes, encoding: str) -> Document:
    """The words of a page; its own statement of an encoding wins where the bytes agree.

    Raises:
        FileProblem: NO_CONTENT for a page without an element.
    """
    root = markup.html(charset.decoded(data, _declared(data, encoding)))
    text = charset.clean(markup.lines(root))
    return Document((Part(text),), {"title": title(root), **_metadata(root)})


def title(root: etree._Element) -> str | None:
    """The words of the first ``title`` element."""
    found = next(root.iter("title", "{*}title"), None)
    return None if found is None else " ".join("".join(found.itertext()).split())


def _declared(data: bytes, guessed: str) -> str:
    match = _DECLARED.search(data[:4096])
    if match is None or guessed.startswith("utf"):
        return guessed
    name = match.group(1).decode("ascii")
    try:
        data.decode(name)
    except (LookupError, UnicodeError):
        return guessed
    return name


def _metadata(root: etree._Element) -> dict[str, object]:
    found: dict[str, object] = {}
    for meta in root.iter("meta"):
        name = _META.get((meta.get("name") or "").lower())
        if name is not None:
            found.setdefault(name, meta.get("content"))
    return found
