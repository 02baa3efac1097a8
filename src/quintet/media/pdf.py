"""PDF: the words of each page, through PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdfium2

from quintet.errors import Code, FileProblem
from quintet.media.charset import clean
from quintet.media.documents import Document, Part, too_long
from quintet.media.limits import Limits

MAX_PAGES = 5_000
"""Pages after these are not read; the metadata's ``pages`` says how many there are."""

_HYPHEN = re.compile(r"(?<=[a-z])(?:-|\u00ad|\ufffe|\u0002)\r?\n(?=[a-z])")
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")


def document(file: BinaryIO, limits: Limits) -> Document:
    """The pages of a PDF.

    Raises:
        FileProblem: CORRUPT for what PDFium cannot open (a password among it), TOO_LARGE.
    """
    file.seek(0)
    try:
        opened = pypdfium2.PdfDocument(file.read())
    except pypdfium2.PdfiumError as e:
        raise FileProblem(Code.CORRUPT, f"PDF: {e}") from e
    try:
        count = len(opened)
        return Document(tuple(_pages(opened, count, limits)), _metadata(opened, count))
    finally:
        opened.close()


def _pages(opened: Any, count: int, limits: Limits) -> Iterator[Part]:
    chars = 0
    for no in range(min(count, MAX_PAGES)):
        part = Part(_page_text(opened, no), no + 1)
        chars += len(part.text)
        if chars > limits.text_chars:
            raise too_long(limits)
        yield part


def _page_text(opened: Any, no: int) -> str:
    """The words of one page; a damaged page has none."""
    try:
        page = opened[no]
    except pypdfium2.PdfiumError:
        return ""
    words = page.get_textpage()
    text: str = words.get_text_range()
    words.close()
    page.close()
    return clean(_HYPHEN.sub("", text))


def _metadata(opened: Any, count: int) -> dict[str, object]:
    said = opened.get_metadata_dict(skip_empty=True)
    date = _DATE.match(said.get("CreationDate", ""))
    return {
        "title": said.get("Title"),
        "author": said.get("Author"),
        "subject": said.get("Subject"),
        "keywords": said.get("Keywords"),
        "date": "-".join(g for g in date.groups() if g) if date else None,
        "pages": str(count),
    }
