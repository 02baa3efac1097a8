"""EPUB: the chapters in the order of the book's spine."""

from __future__ import annotations

import posixpath
import urllib.parse
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from quintet.errors import Code, FileProblem
from quintet.media import archive, charset, markup
from quintet.media.documents import Document, Part, too_long
from quintet.media.limits import Limits

CONTAINER = "META-INF/container.xml"
TYPE = b"application/epub+zip"

_PAGES = ("application/xhtml+xml", "text/html", "application/xml", "")
_SAID = {"title": "title", "creator": "author", "date": "date", "subject": "subject"}


def document(file: BinaryIO, limits: Limits) -> Document:
    """The chapters of a book; ``page`` of a part is the chapter's place in the spine, from 1.

    Only members of the archive are read; a chapter that is not there is passed over.

    Raises:
        FileProblem: CORRUPT or TOO_LARGE.
    """
    with archive.opened(file, limits) as members:
        at = _package_name(markup.xml(archive.read(members, CONTAINER, limits)))
        package = markup.xml(archive.read(members, at, limits))
        parts = tuple(_chapters(members, package, posixpath.dirname(at), limits))
    return Document(parts, _said(package))


def _package_name(container: etree._Element) -> str:
    for element in container.iter("{*}rootfile"):
        return element.get("full-path") or ""
    raise FileProblem(Code.CORRUPT, "EPUB without a package")


def _chapters(
    members: zipfile.ZipFile, package: etree._Element, folder: str, limits: Limits
) -> Iterator[Part]:
    there, chars = set(members.namelist()), 0
    for no, href in enumerate(_spine(package), start=1):
        name = posixpath.normpath(posixpath.join(folder, href))
        if name not in there:
            continue
        part = Part(_words(archive.read(members, name, limits)), no)
        chars += len(part.text)
        if chars > limits.text_chars:
            raise too_long(limits)
        yield part


def _spine(package: etree._Element) -> list[str]:
    """Member names of the chapters, relative to the package, each once."""
    manifest = {
        item.get("id"): urllib.parse.unquote((item.get("href") or "").partition("#")[0])
        for item in package.iter("{*}item")
        if (item.get("media-type") or "") in _PAGES
    }
    order = [manifest.get(ref.get("idref"), "") for ref in package.iter("{*}itemref")]
    return list(dict.fromkeys(href for href in order if href))


def _words(data: bytes) -> str:
    encoding = charset.encoding_of(data) or "utf-8"
    text = charset.decoded(data, encoding)
    return markup.lines(markup.html(text)) if text.strip() else ""


def _said(package: etree._Element) -> dict[str, object]:
    found: dict[str, object] = {}
    for element in package.iter("{http://purl.org/dc/elements/1.1/}*"):
        name = _SAID.get(markup.local(element))
        if name is not None:
            found.setdefault(name, "".join(str(t) for t in element.itertext()))
    return found
