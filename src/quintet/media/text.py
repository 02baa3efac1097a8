"""Texts: plain, Markdown, HTML, XML, subtitles, PDF, Word, OpenDocument, EPUB, RTF.

A text of any encoding becomes clean NFC words and SENTENCE segments that point into them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import BinaryIO

from lxml import etree

from quintet.errors import Code, FileProblem
from quintet.media import (
    archive,
    charset,
    epub,
    markup,
    office,
    pdf,
    plain,
    rtf,
    subtitles,
    webpage,
)
from quintet.media.documents import Document, Part, assembled, too_long
from quintet.media.limits import Limits
from quintet.types import TextMedia

MAX_BYTES_PER_CHAR = 4
"""Of any encoding; a longer plain text is refused before it is read."""

_HTML = re.compile(
    r"\A\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_TAGS = re.compile(r"</(?:p|div|h[1-6]|li|table|a|span)>", re.I)
_SRT = re.compile(r"\A\s*\d+[ \t]*\n[ \t]*\d+:\d+:\d+[,.]\d+[ \t]*-->")


def sniff(file: BinaryIO) -> str | None:
    """The format of a text by its content, None for what does not read as text.

    Raises:
        FileProblem: CORRUPT or TOO_LARGE for an archive that cannot be opened.
    """
    file.seek(0)
    head = file.read(charset.SAMPLE_BYTES)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(archive.MAGIC):
        return _packed(file)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    encoding = charset.encoding_of(head)
    return None if encoding is None else _written(charset.decoded(head, encoding))


def _packed(file: BinaryIO) -> str | None:
    """Which document an archive is, by its members."""
    names = archive.names(file)
    if epub.CONTAINER in names:
        return "epub"
    if office.DOCX_BODY in names:
        return "docx"
    if office.ODT_BODY in names and office.ODT_TYPE in _declared_type(file):
        return "odt"
    return None


def _declared_type(file: BinaryIO) -> bytes:
    """The first bytes, where OpenDocument and EPUB store their media type uncompressed."""
    file.seek(0)
    return file.read(256)


def _written(head: str) -> str:
    if head.startswith("WEBVTT"):
        return "vtt"
    if _SRT.match(head):
        return "srt"
    if _HTML.match(head) or len(_TAGS.findall(head[:8192])) >= 3:
        return "html"
    if head.lstrip().startswith(("<?xml", "<svg")):
        return "xml"
    return "md" if plain.is_markdown(head) else "txt"


def decode(file: BinaryIO, format: str, limits: Limits) -> TextMedia:
    """The words of a file.

    Raises:
        FileProblem: NO_CONTENT for no words, TOO_LARGE for more than ``limits.text_chars``
            characters, CORRUPT for a document that cannot be opened.
    """
    size = file.seek(0, 2)
    if format in _FROM_FILE:
        return assembled(_FROM_FILE[format](file, limits), format, limits)
    check_size(size, format, limits)
    file.seek(0)
    data = file.read()
    encoding = charset.encoding_of(data)
    if encoding is None:
        raise FileProblem(Code.CORRUPT, "no encoding reads these bytes as text")
    return assembled(_FROM_BYTES[format](data, encoding), format, limits)


def check_size(size_bytes: int, format: str, limits: Limits) -> None:
    """Refuse a text by its size; a document that may hold pictures has any.

    Raises:
        FileProblem: TOO_LARGE.
    """
    if format in _FROM_BYTES and size_bytes > MAX_BYTES_PER_CHAR * limits.text_chars:
        raise too_long(limits)


def _plain(data: bytes, encoding: str) -> Document:
    return plain.plain(charset.decoded(data, encoding))


def _markdown(data: bytes, encoding: str) -> Document:
    return plain.markdown(charset.decoded(data, encoding))


def _subtitles(data: bytes, encoding: str) -> Document:
    """The words of the cues, a line each."""
    cues = subtitles.parse(charset.decoded(data, encoding).encode())
    return Document((Part("\n".join(cue.text for cue in cues)),))


def _xml(data: bytes, _: str) -> Document:
    """What stands between the tags of any other XML, a line for each element."""
    words = (" ".join(str(t).split()) for t in markup.xml(data).itertext(etree.Element))
    return Document((Part(charset.clean("\n".join(w for w in words if w))),))


def _rich(data: bytes, encoding: str) -> Document:
    return rtf.document(data, encoding)


_FROM_BYTES: dict[str, Callable[[bytes, str], Document]] = {
    "txt": _plain,
    "md": _markdown,
    "html": webpage.page,
    "xml": _xml,
    "srt": _subtitles,
    "vtt": _subtitles,
    "rtf": _rich,
}
_FROM_FILE: dict[str, Callable[[BinaryIO, Limits], Document]] = {
    "pdf": pdf.document,
    "docx": office.docx,
    "odt": office.odt,
    "epub": epub.document,
}
FORMATS = (*_FROM_BYTES, *_FROM_FILE)
"""Every format that ``sniff`` may name."""

_TINY_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font"
    b"<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
    b"4 0 obj<</Length 29>>stream\nBT/F 9 Tf 9 9 Td(warm)Tj ET  \nendstream endobj\n"
    b"trailer<</Root 1 0 R>>\n"
)


def warm() -> None:
    """Read one tiny text of each kind of parser, so that a child needs no import."""
    for data in (b"Warm.", "暖".encode("gb18030") * 4, b"caf\xe9 cr\xe8me", _TINY_PDF):
        _read(data)
    _read(b"<!doctype html><title>Warm</title><p>Warm.</p>")


def _read(data: bytes) -> None:
    file = io.BytesIO(data)
    decode(file, sniff(file) or "txt", Limits())
