"""Word and OpenDocument texts: paragraphs of the one XML member, title and author."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from quintet.media import archive, markup
from quintet.media.charset import clean
from quintet.media.documents import Document, Part
from quintet.media.limits import Limits

DOCX_BODY = "word/document.xml"
ODT_BODY = "content.xml"
ODT_TYPE = b"application/vnd.oasis.opendocument.text"

_SKIPPED = frozenset(("deltext", "instrtext", "tracked-changes", "annotation", "fallback"))
"""Deleted words, field codes, notes of reviewers, and second copies of drawings."""
_DOCX = {"t": "", "tab": "\t", "br": "\n", "cr": "\n", "p": "\n", "nobreakhyphen": "-"}
_SAID = {
    "title": "title",
    "creator": "author",
    "initial-creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "keyword": "keywords",
    "created": "date",
    "creation-date": "date",
    "description": "description",
}


def docx(file: BinaryIO, limits: Limits) -> Document:
    """The paragraphs of a Word file, notes included, without headers and footers.

    Raises:
        FileProblem: CORRUPT or TOO_LARGE.
    """
    with archive.opened(file, limits) as members:
        bodies = [DOCX_BODY, "word/footnotes.xml", "word/endnotes.xml"]
        roots = [_tree(members, n, limits) for n in bodies if n in members.namelist()]
        said = _said(members, "docProps/core.xml", limits)
    parts = tuple(Part(clean("".join(_docx_pieces(root)))) for root in roots)
    return Document(parts, said)


def odt(file: BinaryIO, limits: Limits) -> Document:
    """The paragraphs of an OpenDocument text.

    Raises:
        FileProblem: CORRUPT or TOO_LARGE.
    """
    with archive.opened(file, limits) as members:
        root = _tree(members, ODT_BODY, limits)
        said = _said(members, "meta.xml", limits)
    return Document((Part(clean("".join(_odt_pieces(root)))),), said)


def _tree(members: zipfile.ZipFile, name: str, limits: Limits) -> etree._Element:
    return markup.xml(archive.read(members, name, limits))


def _said(members: zipfile.ZipFile, name: str, limits: Limits) -> dict[str, object]:
    if name not in members.namelist():
        return {}
    found: dict[str, object] = {}
    for element in _tree(members, name, limits).iter(etree.Element):
        key = _SAID.get(markup.local(element))
        if key is not None:
            found.setdefault(key, element.text)
    return found


def _docx_pieces(root: etree._Element) -> Iterator[str]:
    """Texts of runs; a line end behind every paragraph."""
    for event, element in _read(root):
        name = markup.local(element)
        if event == "start" and name == "t":
            yield element.text or ""
        elif event == "end" and name != "t":
            yield _DOCX.get(name, "")


def _odt_pieces(root: etree._Element) -> Iterator[str]:
    """Everything in paragraphs and headings; a line end behind each of them."""
    depth = 0
    for event, element in _read(root):
        name = markup.local(element)
        here = name in ("p", "h")
        if event == "start":
            depth += here
            yield {"tab": "\t", "s": " ", "line-break": "\n"}.get(name, "")
            yield (element.text or "") if depth else ""
        else:
            depth -= here
            yield "\n" if here else ""
            yield (element.tail or "") if depth else ""


def _read(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Start and end of every element outside the skipped ones."""
    skip: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if skip is None and event == "start" and markup.local(element) in _SKIPPED:
            skip = element
        if skip is None:
            yield event, element
        elif skip is element and event == "end":
            skip = None
