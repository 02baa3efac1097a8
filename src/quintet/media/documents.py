"""What a document format hands over, and its assembly into a text with sentences."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quintet.errors import Code, FileProblem
from quintet.media import languages, sentences
from quintet.media.limits import Limits
from quintet.media.metadata import flat
from quintet.types import Modality, Segment, TextMedia

BETWEEN_PARTS = "\n\n"
"""Stands between two parts in the whole text."""


@dataclass(frozen=True)
class Part:
    """A stretch of clean text and its page or chapter, from 1; None where there are no pages."""

    text: str
    page: int | None = None


@dataclass(frozen=True)
class Document:
    """Parts in reading order and what the file says about itself (title, author, date …)."""

    parts: tuple[Part, ...]
    metadata: Mapping[str, object] = field(default_factory=dict)


def assembled(document: Document, format: str, limits: Limits) -> TextMedia:
    """A document as one text whose sentences know their offsets and pages.

    Raises:
        FileProblem: TOO_LARGE for more than ``limits.text_chars`` characters or
            ``limits.segments`` sentences, NO_CONTENT for no words.
    """
    parts = [p for p in document.parts if p.text.strip()]
    chars = sum(len(p.text) + len(BETWEEN_PARTS) for p in parts)
    if chars > limits.text_chars:
        raise too_long(limits)
    found = tuple(itertools.islice(_sentences(parts), limits.segments + 1))
    if len(found) > limits.segments:
        raise FileProblem(Code.TOO_LARGE, f"more than {limits.segments} sentences")
    if not found:
        raise FileProblem(Code.NO_CONTENT, "no words")
    text = BETWEEN_PARTS.join(p.text for p in parts)
    metadata = flat(document.metadata.items())
    return TextMedia(
        modality=Modality.TEXT,
        format=format,
        segments=found,
        metadata=metadata,
        text=text,
        language=languages.of(text, metadata.get("language")),
    )


def too_long(limits: Limits) -> FileProblem:
    """The refusal of a text that is too long."""
    return FileProblem(Code.TOO_LARGE, f"more than {limits.text_chars} characters of text")


def _sentences(parts: Iterable[Part]) -> Iterable[Segment]:
    start = no = 0
    for part in parts:
        for segment in sentences.segments(part.text, start=start, first_no=no, page=part.page):
            no += 1
            yield segment
        start += len(part.text) + len(BETWEEN_PARTS)
