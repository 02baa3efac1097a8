"""Subtitles: .srt and .vtt files of any encoding, and embedded tracks, as text with cues."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import charset_normalizer

from quintet.types import Modality, Segment, SegmentKind, TextMedia

ENDINGS = (".srt", ".vtt")
"""Side-car files with these endings are read."""

MAX_CUES = 100_000

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAGS = re.compile(r"<[^<>\n]{0,200}>|\{[^{}\n]{0,200}\}")


@dataclass(frozen=True)
class Cue:
    """Words that are shown from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    text: str


def parse(data: bytes) -> list[Cue]:
    """The cues of an .srt or .vtt file in order of time; damaged ones are left out.

    >>> parse(b"1\\n00:00:01,000 --> 00:00:02,500\\n<i>Good</i>\\nmorning\\n")
    [Cue(start_s=1.0, end_s=2.5, text='Good morning')]
    """
    cues: list[Cue] = []
    for block in re.split(r"\n[ \t]*\n", _decoded(data)):
        cue = _cue(block.split("\n"))
        if cue is not None:
            cues.append(cue)
        if len(cues) >= MAX_CUES:
            break
    return sorted(cues, key=lambda c: (c.start_s, c.end_s))


def _cue(lines: Sequence[str]) -> Cue | None:
    for at, line in enumerate(lines):
        timing = _TIMING.match(line)
        if timing:
            start, end = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:])
            text = plain(" ".join(lines[at + 1 :]))
            return Cue(start, end, text) if text and end >= start else None
    return None


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + float(f"0.{fraction}")


def _decoded(data: bytes) -> str:
    """UTF-8 (with or without mark) or UTF-16 where the bytes are that, else the likeliest."""
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return _lines(data.decode(encoding))
        except UnicodeDecodeError:
            break
    best = charset_normalizer.from_bytes(data).best()
    return _lines(str(best) if best else data.decode("latin-1"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def plain(text: str) -> str:
    """A cue's words alone: tags, braces and entities resolved, one line, NFC."""
    bare = html.unescape(_TAGS.sub("", text)).replace("\\N", " ").replace("\\n", " ")
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in bare)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def as_media(cues: Iterable[Cue], format: str) -> TextMedia | None:
    """Cues as one text, a line each, with CUE segments that point into it; None without cues."""
    segments: list[Segment] = []
    at = 0
    for no, cue in enumerate(cues):
        segments.append(
            Segment(
                SegmentKind.CUE,
                no,
                start_s=cue.start_s,
                end_s=cue.end_s,
                start_char=at,
                end_char=at + len(cue.text),
                text=cue.text,
            )
        )
        at += len(cue.text) + 1
    if not segments:
        return None
    return TextMedia(
        modality=Modality.TEXT,
        format=format,
        segments=tuple(segments),
        text="\n".join(s.text for s in segments),
    )
